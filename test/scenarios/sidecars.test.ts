import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createKeys } from '../../lib/archive/keys.ts'
import { systemClock } from '../../lib/deadline.ts'
import { ConfigurationError, StoreError } from '../../lib/errors.ts'
import { type S3Faults, type S3Server, startS3Server } from '../../lib/sandbox/s3-server.ts'
import { createSidecars, type Found, type Sidecars } from '../../lib/s3/sidecars.ts'
import { createTexts } from '../../lib/s3/texts.ts'
import { callAt, sidecarOf } from '../helpers/listed-calls.ts'
import { bucket, credentials, region } from '../helpers/s3-sandbox.ts'

const WS = 'ws'
const keys = createKeys('team/')
const never = new AbortController().signal
/** Ids as they lie in an archive: in no order of time. Every second one is archived. */
const IDS = Array.from({ length: 1_020 }, (_, index) => {
  const hex = ((index * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0')
  return `${hex}-0000-4000-8000-${String(index).padStart(12, '0')}`
}).toSorted()
const ARCHIVED = IDS.filter((_, index) => index % 2 === 0)
const MISSING = IDS.filter((_, index) => index % 2 === 1)
const bodyOf = (id: string, workspaceId = WS): string =>
  sidecarOf(callAt('2026-10-01T08:00:00Z', { recordingId: id }), workspaceId)

let directory: string
let server: S3Server
let client: S3Client
let faults: S3Faults
let seen: { lists: number; reads: number }
/** Keys of one page of a list. */
let pageKeys: number

beforeAll(async () => {
  // Thousands of small files: in memory, where there is such a place.
  directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sidecars-'))
  server = await startS3Server({
    directory,
    credentials,
    region,
    faults(request) {
      if (request.operation === 'ListObjectsV2') seen.lists += 1
      else if (request.operation === 'GetObject') seen.reads += 1
      return faults(request)
    },
  })
  await server.createBucket(bucket)
  client = new S3Client({ endpoint: server.url, region, credentials, forcePathStyle: true, maxAttempts: 1 })
  client.middlewareStack.add(
    (next, context) => (args) =>
      context['commandName'] === 'ListObjectsV2Command'
        ? next({ ...args, input: { ...args.input, MaxKeys: pageKeys } })
        : next(args),
    { step: 'initialize' },
  )
  for (const id of ARCHIVED) {
    await server.putFile(bucket, keys.sidecar(WS, id), Buffer.from(bodyOf(id)))
    await server.putFile(bucket, keys.audio(WS, id), Buffer.from('audio'))
  }
  // What a delivery has left that died after the audio, and what others keep next door, is no proof.
  for (const id of MISSING.slice(0, 20)) {
    await server.putFile(bucket, keys.audio(WS, id), Buffer.from('audio'))
    await server.putFile(bucket, keys.sidecar('ws2', id), Buffer.from(bodyOf(id, 'ws2')))
    await server.putFile(bucket, createKeys('').sidecar(WS, id), Buffer.from(bodyOf(id)))
    await server.putFile(bucket, `${keys.sidecar(WS, id)}.bak`, Buffer.from(bodyOf(id)))
  }
})
afterAll(async () => {
  client.destroy()
  await server.close()
  await rm(directory, { recursive: true, force: true })
})
beforeEach(() => {
  faults = () => undefined
  seen = { lists: 0, reads: 0 }
  pageKeys = 1_000
})

function open(): Sidecars {
  const texts = createTexts({ client, direct: { send: async () => undefined }, bucket }, systemClock)
  return createSidecars(client, bucket, texts, keys)
}
const namesOf = (found: Map<string, Found>): string[] => [...found.keys()].toSorted()
const archivedOf = (ids: readonly string[]): string[] => ids.filter((id) => ARCHIVED.includes(id)).toSorted()

describe('which recordings have a sidecar', () => {
  it('is told by a few lists for a window that is all of the archive', async () => {
    const sidecars = open()
    expect(namesOf(await sidecars.find(WS, IDS, never))).toEqual(ARCHIVED)
    expect(seen).toEqual({ lists: 2, reads: 0 })
    expect(sidecars.requests()).toEqual(seen)
  })

  it('is told by one list and then by reading for a window that is a small part of it', async () => {
    const sidecars = open()
    // Two of them within reach of the first page.
    const ids = [...IDS.slice(0, 2), ...IDS.slice(-30)]
    expect(namesOf(await sidecars.find(WS, ids, never))).toEqual(archivedOf(ids))
    expect(seen).toEqual({ lists: 1, reads: 30 })
    expect(sidecars.requests()).toEqual(seen)
  })

  it.each([
    [0, { lists: 0, reads: 0 }],
    [12, { lists: 0, reads: 12 }],
    [13, { lists: 1, reads: 0 }],
  ])('is told for %i of them, whatever they are, by %j', async (count, requests) => {
    const ids = IDS.slice(100, 100 + count).toReversed()
    expect(namesOf(await open().find(WS, ids, never))).toEqual(archivedOf(ids))
    expect(seen).toEqual(requests)
  })

  it(
    'is told the same by listing and by reading, and never for more than reading costs, and one list',
    { timeout: 120_000 },
    async () => {
      const runs = fc.record({
        ids: fc.subarray(IDS, { maxLength: 60 }),
        page: fc.integer({ min: 1, max: 120 }),
      })
      const sidecars = open()
      await fc.assert(
        fc.asyncProperty(runs, async ({ ids, page }) => {
          pageKeys = page
          const before = { ...sidecars.requests() }
          const seenBefore = { ...seen }
          const found = await sidecars.find(WS, ids, never)
          const { lists, reads } = sidecars.requests()
          const made = { lists: lists - before.lists, reads: reads - before.reads }
          expect(namesOf(found)).toEqual(archivedOf(ids))
          expect(made).toEqual({ lists: seen.lists - seenBefore.lists, reads: seen.reads - seenBefore.reads })
          expect(made.lists).toBeLessThanOrEqual(ids.length)
          expect(made.lists * 12.5 + made.reads).toBeLessThanOrEqual(ids.length + 12.5)
          expect(namesOf(await sidecars.read(WS, ids, never))).toEqual(namesOf(found))
        }),
        { numRuns: 12, seed: 20_261_001 },
      )
    },
  )
})

describe('what a sidecar says', () => {
  const [own = '', garbled = '', foreign = '', elsewhere = '', newer = '', gone = ''] = MISSING.slice(100)
  beforeAll(async () => {
    const bodies = {
      [own]: bodyOf(own),
      [garbled]: '{"schema":',
      [foreign]: bodyOf(ARCHIVED[0] ?? ''),
      [elsewhere]: bodyOf(elsewhere, 'ws2'),
      [newer]: bodyOf(newer).replace('sidecar:1', 'sidecar:2'),
    }
    for (const [id, body] of Object.entries(bodies))
      await server.putFile(bucket, keys.sidecar(WS, id), Buffer.from(body))
  })
  const expected = (): [string, Found][] => {
    const { audio, bird } = JSON.parse(bodyOf(own)) as {
      audio: { sha256: string; bytes: number }
      bird: { createdAt: string }
    }
    const createdAt = new Date(bird.createdAt)
    return [
      [own, { kind: 'read', sha256: audio.sha256, bytes: audio.bytes, createdAt }],
      [garbled, { kind: 'unreadable', fault: 'the sidecar is not JSON' }],
      [foreign, { kind: 'unreadable', fault: 'the sidecar is of another recording' }],
      [elsewhere, { kind: 'unreadable', fault: 'the sidecar is of another recording' }],
      [newer, { kind: 'unreadable', fault: 'the sidecar has an unknown form at schema' }],
    ]
  }

  it('is its audio, or why it proves nothing; one that is not there says nothing at all', async () => {
    const sidecars = open()
    const ids = [own, garbled, foreign, elsewhere, newer, gone]
    expect(await sidecars.read(WS, ids, never)).toEqual(new Map(expected()))
    expect(await sidecars.find(WS, ids, never)).toEqual(new Map(expected()))
    expect(sidecars.requests()).toEqual({ lists: 0, reads: 12 })
  })

  it('is not looked at where it was found by listing: it is there', async () => {
    const ids = [own, garbled, foreign, elsewhere, newer, gone, ...IDS.slice(0, 20)]
    const found = await open().find(WS, ids, never)
    for (const [id] of expected()) expect(found.get(id)).toEqual({ kind: 'listed' })
    expect(found.has(gone)).toBe(false)
  })
})

describe('a bucket that fails', () => {
  const fail = (operation: string, status: number, code: string): void => {
    faults = (request) => (request.operation === operation ? { kind: 'error', status, code } : undefined)
  }

  it.each([
    ['ListObjectsV2', IDS, 'list team/recordings/ws/'],
    ['GetObject', IDS.slice(0, 5), 'read team/recordings/ws/'],
  ] as const)('to answer %s is told apart from one that has no sidecar', async (operation, ids, place) => {
    fail(operation, 500, 'InternalError')
    const failed = open().find(WS, ids, never)
    await expect(failed).rejects.toThrow(StoreError)
    await expect(failed).rejects.toThrow(place)
    fail(operation, 403, 'AccessDenied')
    await expect(open().find(WS, ids, never)).rejects.toThrow(ConfigurationError)
  })

  it('to answer one read begins no more of them: what is left would be read for nothing', async () => {
    fail('GetObject', 500, 'InternalError')
    const sidecars = open()
    await expect(sidecars.read(WS, IDS, never)).rejects.toThrow(StoreError)
    faults = () => undefined
    // It goes on with the next window as ever.
    expect(namesOf(await sidecars.read(WS, IDS.slice(0, 40), never))).toEqual(archivedOf(IDS.slice(0, 40)))
    expect(sidecars.requests().reads).toBeLessThan(40 + 2 * 32)
  })

  it('with an empty page and the word that more follow does not keep us listing for ever', async () => {
    const body = '<ListBucketResult><IsTruncated>true</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>'
    faults = ({ operation }) =>
      operation === 'ListObjectsV2' ? { kind: 'respond', status: 200, body } : undefined
    await expect(open().find(WS, IDS, never)).rejects.toThrow('S3 answered an empty page')
    expect(seen.lists).toBe(1)
  })

  it('is left alone once the run is stopped, with the reason for that', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    stop.abort(reason)
    for (const ids of [IDS, IDS.slice(0, 5)])
      await expect(open().find(WS, ids, stop.signal)).rejects.toBe(reason)
    expect(seen).toEqual({ lists: 0, reads: 0 })
  })
})
