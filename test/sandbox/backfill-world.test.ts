import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSidecar } from '../../lib/archive/sidecar.ts'
import { readConfig } from '../../lib/config.ts'
import { type BackfillWorld, startBackfillWorld } from '../helpers/backfill-world.ts'
import { callAt } from '../helpers/listed-calls.ts'
import { keysOf } from '../helpers/world.ts'

const MARCH = '2026-03-02T10:00:00.000Z'

let world: BackfillWorld
beforeAll(async () => {
  world = await startBackfillWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

async function ask(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const { BIRD_API_URL = '', BIRD_ACCESS_KEY = '' } = world.env
  const response = await fetch(`${BIRD_API_URL}/workspaces/${world.workspaceId}/${path}`, {
    headers: { authorization: `AccessKey ${BIRD_ACCESS_KEY}` },
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function listedIds(): Promise<unknown[]> {
  const { body } = await ask('recordings?limit=99')
  return (body['results'] as { id: string }[]).map(({ id }) => id)
}

describe("a backfill's world", () => {
  it('has an environment that the archiver can read', () => {
    expect(readConfig(world.env, { queues: true })).toMatchObject({ bucket: 'archive' })
  })

  it('lets the calls and a status change while Bird runs', async () => {
    const [first, second] = [callAt(MARCH), callAt(MARCH)]
    world.setCalls([first])
    expect(await listedIds()).toEqual([first.recordingId])
    world.setCalls([second])
    expect(await listedIds()).toEqual([second.recordingId])
    expect((await ask('recording-metrics')).body).toMatchObject({ counter: 1, duration: 60 })
    world.setStatus(second.recordingId, 'ongoing')
    expect((await ask(`recordings/${second.recordingId}`)).body).toMatchObject({ status: 'ongoing' })
    expect(() => world.setStatus(first.recordingId, 'failed')).toThrow(first.recordingId)
  })

  it('follows its clock in statuses', async () => {
    const at = (seconds: number) => () => new Date(world.startedAt.getTime() + seconds * 1000)
    world.setCalls([
      callAt(MARCH, {
        statuses: [
          { status: 'ongoing', fromSeconds: 0 },
          { status: 'available', fromSeconds: 3600 },
        ],
      }),
    ])
    const id = world.calls[0]!.recordingId
    world.now = at(3599)
    expect((await ask(`recordings/${id}`)).body).toMatchObject({ status: 'ongoing' })
    world.now = at(3600)
    expect((await ask(`recordings/${id}`)).body).toMatchObject({ status: 'available' })
  })

  it('answers with faults and at a rate, and notes what was asked', async () => {
    world.requests.reset()
    world.birdFaults = ({ query }) =>
      query?.has('pageToken') ? { kind: 'respond', status: 503, body: {} } : undefined
    expect((await ask('recordings?pageToken=x')).status).toBe(503)
    world.birdFaults = () => undefined
    world.rateLimit = { requestsPerSecond: 0.001, burst: 1 }
    expect((await ask('recordings?limit=1')).status).toBe(200)
    expect((await ask('recording-metrics')).status).toBe(429)
    world.rateLimit = undefined
    expect(world.requests.bird).toEqual([
      { operation: 'listRecordings', query: { pageToken: 'x' }, throttled: false },
      { operation: 'listRecordings', query: { limit: '1' }, throttled: false },
      { operation: 'getRecordingMetrics', query: {}, throttled: true },
    ])
  })

  it('holds sidecars that the archiver can read, and looks at the bucket unseen', async () => {
    const calls = [callAt(MARCH), callAt(MARCH, { status: 'absent' })]
    world.requests.reset()
    world.s3Faults = () => ({ kind: 'error', status: 503, code: 'SlowDown' })
    await world.archiveAll(calls)
    const keys = calls.map(({ recordingId }) => keysOf(recordingId).sidecar).toSorted()
    expect(await world.keys('recordings/')).toEqual(keys)
    const { ok } = readSidecar(JSON.stringify(await world.json(keys[0]!)))
    expect(ok).toBe(true)
    expect(world.requests.s3).toEqual([])
    world.s3Faults = () => undefined
  })

  it('shows what lies in the queues, and archives what is available of it', async () => {
    const [available, absent, ongoing] = [
      callAt(MARCH),
      callAt(MARCH, { status: 'absent' }),
      callAt(MARCH, { status: 'ongoing' }),
    ]
    world.setCalls([available, absent, ongoing])
    for (const { recordingId } of world.calls)
      await world.enqueue(JSON.stringify({ recordingId }), { origin: 'x' })
    await world.deadLetter(available.recordingId, { reason: 'not-audio' })
    expect(await world.queued()).toHaveLength(3)
    expect(await world.queued()).toHaveLength(3)
    expect(await world.archiveQueued()).toEqual([available.recordingId])
    expect(await world.keys(keysOf(available.recordingId).sidecar)).toHaveLength(1)
    expect(await world.queued()).toMatchObject([
      { body: JSON.stringify({ recordingId: ongoing.recordingId }), attributes: { origin: 'x' } },
    ])
    expect(await world.deadLetters()).toMatchObject([
      { body: available.recordingId, attributes: { reason: 'not-audio' } },
    ])
  })
})
