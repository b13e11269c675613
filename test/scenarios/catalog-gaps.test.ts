import { expect, it } from 'vitest'
import { toSegments } from '../../lib/catalog/entry.ts'
import { WORKSPACE } from '../helpers/catalog-rows.ts'
import { startCatalogWorld } from '../helpers/catalog-world.ts'
import { callAt, sidecarOf } from '../helpers/listed-calls.ts'
import { startS3Gate } from '../helpers/s3-gate.ts'

const NEVER = new AbortController().signal
const PROGRESS = `catalog-rebuild/${WORKSPACE}.json`

it('a rebuild that comes to its end during a search does not make of a part the whole', async () => {
  const world = await startCatalogWorld()
  const calls = Array.from({ length: 6 }, (_, hour) => callAt(new Date(Date.UTC(2024, 2, 1 + hour))))
  for (const call of calls)
    await world.putText(`recordings/${WORKSPACE}/${call.recordingId}.json`, sidecarOf(call, WORKSPACE))
  const [first] = toSegments([sidecarOf(calls[0]!, WORKSPACE)])
  await world.putText(`catalog/workspace=${WORKSPACE}/day=2024-03-01/first.ndjson`, first!.ndjson)
  await world.putText(
    PROGRESS,
    JSON.stringify({
      schema: 'urn:bird-recording-archiver:catalog-rebuild:1',
      workspaceId: WORKSPACE,
      startedAt: '2024-04-01T00:00:00.000Z',
      after: '',
      recordings: 0,
      segments: 0,
      unreadable: [],
      unreadableCount: 0,
      finishedAt: null,
    }),
  )
  await using gate = await startS3Gate()
  const rebuild = () => world.local.rebuild(WORKSPACE, { anew: false, onProgress: () => undefined }, NEVER)
  const hasHappened = gate.before(({ method, key }) => method === 'GET' && key === PROGRESS, rebuild)
  const catalog = await world.elsewhere()
  const { rows, complete } = await catalog.search({ workspaceId: WORKSPACE }, { limit: 100 }, NEVER)
  expect(hasHappened()).toBe(true)
  expect([rows.length, complete]).toEqual([6, true])
})
