import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  accountOf,
  attestationsOf,
  countsOf,
  DAY_MS,
  giveUp,
  HOUR_MS,
  idsOf,
  markOf,
  pendingOf,
  queuedIds,
  reportOf,
  startWorldAt,
  sweepToEnd,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import { callAt } from '../helpers/listed-calls.ts'
import { onList, readPage } from '../helpers/list-pages.ts'

const NOW = '2026-03-10T12:00:00.000Z'
const MINUTE_MS = 60_000

let world: BackfillWorld
let clock: TestClock
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt(NOW))
})
afterEach(() => world[Symbol.asyncDispose]())

const sweep = () => sweepToEnd(world, { clock })
/** Requests for single recordings since the last look. */
function askedFor(): (string | undefined)[] {
  const asked = world.requests.bird.filter(({ operation }) => operation === 'getRecording')
  world.requests.reset()
  return asked.map(({ recordingId }) => recordingId)
}
/** Takes all messages out of the queue without archiving anything. */
async function loseMessages(recordingId: string): Promise<void> {
  world.setStatus(recordingId, 'absent')
  await world.archiveQueued()
  world.setStatus(recordingId, 'available')
  expect(await world.queued()).toEqual([])
}

describe('a recording that is not yet available', () => {
  it('is remembered, whatever it is called, and sent by the first sweep after it is', async () => {
    const statuses = ['accepted', 'ongoing', 'paused', 'completed', 'transcoding'] as const
    const calls = statuses.map((status) => callAt('2026-03-10T10:00:00Z', { status }))
    world.setCalls(calls)
    expect((await sweep()).metrics).toMatchObject({ NotYet: 5, OldestNotYet: 0, Sent: 0 })
    expect(await world.queued()).toEqual([])
    const { notYet } = await reportOf(world)
    expect(notYet).toHaveLength(5)
    for (const [at, { recordingId }] of calls.entries())
      expect(notYet).toContainEqual({
        recordingId,
        line: 'not-yet',
        reason: statuses[at],
        firstSeenAt: NOW,
        window: '2026-03-10',
      })
    clock.advance(HOUR_MS)
    expect((await sweep()).metrics).toMatchObject({ NotYet: 5, OldestNotYet: HOUR_MS })
    for (const { recordingId } of calls) world.setStatus(recordingId, 'available')
    clock.advance(HOUR_MS)
    expect((await sweep()).metrics).toMatchObject({ NotYet: 0, OldestNotYet: 0, Sent: 5 })
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    for (const { attributes } of await world.queued()) expect(attributes).toEqual({ firstSeenAt: NOW })
  })

  it('is looked at again long after its day has left the range, until it is archived and the day attested', async () => {
    const call = callAt('2026-03-09T10:00:00Z', { status: 'ongoing' })
    world.setCalls([call])
    await sweep()
    expect(await pendingOf(world)).toEqual(['2026-03-09', '2026-03-10'])
    clock.advance(5 * DAY_MS)
    askedFor()
    await sweep()
    expect(askedFor()).toEqual([call.recordingId])
    expect(await world.queued()).toEqual([])
    world.setStatus(call.recordingId, 'available')
    for (let runs = 0; runs < 2; runs++) {
      clock.advance(HOUR_MS)
      await sweep()
      expect(await world.queued()).toMatchObject([{ attributes: { firstSeenAt: NOW } }])
    }
    await world.archiveQueued()
    clock.advance(HOUR_MS)
    await sweep()
    expect(await queuedIds(world)).toEqual([])
    expect((await accountOf(world)).get(call.recordingId)).toMatchObject({ line: 'archived' })
    const [attestation] = (await attestationsOf(world)).get('2026-03-09') ?? []
    expect(attestation).toMatchObject({ counts: { recordings: 1, archived: 1 }, exceptions: [] })
    expect(await pendingOf(world)).toEqual(['2026-03-15'])
  })
})

describe('days that passed while no sweep ran', () => {
  it('are swept by the next one, however many there were', async () => {
    await sweep()
    const days = ['2026-03-10', '2026-03-11', '2026-03-14', '2026-03-18', '2026-03-20']
    const calls = days.map((day) => callAt(`${day}T20:00:00Z`))
    clock.advance(10 * DAY_MS + 10 * HOUR_MS)
    world.setCalls(calls)
    await sweep()
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    expect((await markOf(world))['range']).toMatchObject({ from: '2026-03-18T00:00:00.000Z' })
    expect([...(await attestationsOf(world)).keys()]).toEqual(
      expect.arrayContaining(['2026-03-12', '2026-03-13', '2026-03-15', '2026-03-16', '2026-03-17']),
    )
  })
})

describe('a recording that was sent', () => {
  it('is not sent again while its message may still wait, and is after a day', async () => {
    const call = callAt('2026-03-10T10:00:00Z')
    world.setCalls([call])
    await sweep()
    clock.advance(DAY_MS - 1)
    await sweep()
    expect(await queuedIds(world)).toEqual([call.recordingId])
    clock.advance(1)
    await sweep()
    expect(await queuedIds(world)).toEqual([call.recordingId, call.recordingId])
  })

  it('is sent again, with the first firstSeenAt, when the queue is empty for a quarter of an hour', async () => {
    const call = callAt('2026-03-10T10:00:00Z')
    world.setCalls([call])
    await sweep()
    await loseMessages(call.recordingId)
    clock.advance(15 * MINUTE_MS - 1)
    await sweep()
    expect(await world.queued()).toEqual([])
    clock.advance(1)
    const { metrics } = await sweep()
    expect(metrics).toMatchObject({ Sent: 1 })
    expect(await world.queued()).toMatchObject([{ attributes: { firstSeenAt: NOW } }])
    await world.archiveQueued()
    clock.advance(1)
    await sweep()
    expect(countsOf(await reportOf(world))).toEqual({ archived: 1 })
  })

  it('is for a person to look at when it is still not archived after a day', async () => {
    const call = callAt('2026-03-10T10:00:00Z')
    world.setCalls([call])
    expect((await sweep()).metrics).toMatchObject({ Unexplained: 0 })
    clock.advance(DAY_MS + MINUTE_MS)
    expect((await sweep()).metrics).toMatchObject({ Unexplained: 1 })
    expect(await reportOf(world)).toMatchObject({
      unexplainedCount: 1,
      unexplained: [{ recordingId: call.recordingId, line: 'sent', firstSeenAt: NOW }],
    })
  })
})

describe('a recording that Bird does not list any more', () => {
  it('is asked for by its id, and sent when it is available', async () => {
    const call = callAt('2026-03-09T10:00:00Z', { status: 'ongoing' })
    const other = callAt('2026-03-09T11:00:00Z')
    world.setCalls([call, other])
    await sweep()
    expect(askedFor()).toEqual([])
    world.setStatus(call.recordingId, 'available')
    world.birdFaults = onList((asked) => {
      const page = readPage(world, asked)
      return (
        page && { results: page.results.filter((item) => (item as { id: string }).id !== call.recordingId) }
      )
    })
    clock.advance(HOUR_MS)
    await sweep()
    expect(askedFor()).toEqual([call.recordingId])
    expect(await queuedIds(world)).toEqual([call.recordingId, other.recordingId].toSorted())
  })

  it('nor knows, ends as refused, keeps its day from being attested, and can be given up', async () => {
    const call = callAt('2026-03-09T10:00:00Z', { status: 'ongoing' })
    world.setCalls([call])
    await sweep()
    world.setCalls([])
    for (let runs = 0; runs < 2; runs++) {
      clock.advance(HOUR_MS)
      await sweep()
      expect(await world.queued()).toEqual([])
      expect(await reportOf(world)).toMatchObject({
        lines: { refused: { count: 1, reasons: [{ reason: expect.stringContaining('gone'), since: NOW }] } },
        unexplained: [{ recordingId: call.recordingId, line: 'refused', window: '2026-03-09' }],
      })
      expect((await attestationsOf(world)).has('2026-03-09')).toBe(false)
    }
    await giveUp(world, call.recordingId)
    await sweep()
    const [attestation] = (await attestationsOf(world)).get('2026-03-09') ?? []
    expect(attestation).toMatchObject({ exceptions: [{ recordingId: call.recordingId, reason: 'given-up' }] })
  })
})
