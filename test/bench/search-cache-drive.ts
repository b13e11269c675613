import { readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { S3Client } from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import { createSegmentCache } from '../../lib/s3/segment-cache.ts'
import type { Place } from '../../lib/s3/stored.ts'
import type { CachePlan, CacheResults } from './search-plan.ts'

// This process does what `bird-archive find` does until the catalog's objects are on the machine, again and again.

/** As many as are fetched at once. */
const AT_ONCE = 32

const [, , planFile = ''] = process.argv
const plan = JSON.parse(readFileSync(planFile, 'utf8')) as CachePlan
let fetched = 0
const place: Place = {
  bucket: 'bench',
  client: {} as S3Client,
  direct: {
    send({ key }) {
      fetched += 1
      return Promise.resolve({ status: 200, headers: {}, body: readFileSync(key) })
    },
  },
}
const rounds: CacheResults['rounds'][number][] = []
let cache = openCache()
await bringAll('fetch')
cache = openCache()
await bringAll('read')
await bringAll('look')
writeFileSync(plan.resultFile, JSON.stringify({ rounds } satisfies CacheResults))

function openCache() {
  let names = 0
  return createSegmentCache(place, plan.directory, () => String((names += 1)))
}

async function bringAll(form: CacheResults['rounds'][number]['form']): Promise<void> {
  const limit = pLimit(AT_ONCE)
  const signal = new AbortController().signal
  fetched = 0
  const start = { ms: performance.now(), cpu: process.cpuUsage() }
  await Promise.all(
    plan.files.map(({ key, bytes }) => {
      const day = basename(dirname(key)).replace('day=', '')
      const segment = {
        key,
        day,
        bytes,
        name: basename(key),
        format: 'ndjson',
        etag: '"bench"',
        writtenAt: undefined,
      } as const
      return limit(() => cache.bring(plan.workspaceId, segment, undefined, signal))
    }),
  )
  const { user, system } = process.cpuUsage(start.cpu)
  rounds.push({ form, fetched, ms: performance.now() - start.ms, cpuSeconds: (user + system) / 1e6 })
}
