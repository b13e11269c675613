import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  accountOf,
  callsOn,
  countsOf,
  idsOf,
  queuedIds,
  reportOf,
  runSweep,
  startWorldAt,
  sweepToEnd,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import { callAt } from '../helpers/listed-calls.ts'

const NOW = '2026-03-10T12:00:00.000Z'
const EVENT = { sweep: 'recent', days: 2 }
/** A queue with so many messages is full. */
const env = { BACKFILL_MAX_QUEUED: '10' }
const POLL_MS = 5_000

let world: BackfillWorld
let clock: TestClock
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt(NOW))
})
afterEach(() => world[Symbol.asyncDispose]())

/** Messages that wait already, for recordings that Bird lists nowhere. */
async function fillQueue(): Promise<string[]> {
  const ids = idsOf(Array.from({ length: 10 }, () => callAt(NOW)))
  for (const recordingId of ids) await world.enqueue(JSON.stringify({ recordingId }))
  return ids
}
/** A clock whose time others use: `meanwhile` happens at each look at a full queue. */
function withMeanwhile(meanwhile: (looks: number) => Promise<void>): TestClock {
  let looks = 0
  return {
    ...clock,
    async pause(ms, signal) {
      await clock.pause(ms, signal)
      if (ms === POLL_MS) await meanwhile((looks += 1))
    },
  }
}

describe('a queue in which many messages wait', () => {
  it('is waited for, and sent to as soon as there is room', async () => {
    const calls = callsOn('2026-03-09', 30)
    world.setCalls(calls)
    const waiting = await fillQueue()
    const seen: string[][] = []
    const patient = withMeanwhile(async (looks) => {
      seen.push(await queuedIds(world))
      if (looks === 3) await world.archiveQueued()
    })
    await sweepToEnd(world, { clock: patient, event: EVENT, env })
    expect(seen).toEqual([waiting, waiting, waiting])
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    expect(countsOf(await reportOf(world))).toEqual({ sent: 30 })
  })

  it('is fed in pieces: five hundred at once, and more when those are worked on', async () => {
    const calls = callsOn('2026-03-09', 620)
    world.setCalls(calls)
    const done: string[] = []
    const patient = withMeanwhile(async () => {
      expect(await world.queued()).toHaveLength(500)
      done.push(...(await world.archiveQueued()))
    })
    await sweepToEnd(world, { clock: patient, event: EVENT, env })
    expect([...done, ...(await queuedIds(world))].toSorted()).toEqual(idsOf(calls))
    clock.advance(1)
    await sweepToEnd(world, { clock, event: EVENT, env: { BACKFILL_MAX_QUEUED: '1000' } })
    expect(countsOf(await reportOf(world))).toEqual({ archived: 500, sent: 120 })
  })

  it('until time is up leaves the rest to the next run, with the moment at which it was first seen', async () => {
    const calls = ['2026-03-07', '2026-03-08', '2026-03-09', '2026-03-10'].flatMap((day) => callsOn(day, 3))
    world.setCalls(calls)
    await fillQueue()
    const event = { sweep: 'recent', days: 4 }
    const first = await runSweep(world, { clock, event, env })
    expect(first).toMatchObject({ error: undefined, answer: { workspaces: [{ why: 'out-of-time' }] } })
    expect(first.metrics).toMatchObject({ Sent: 0, SweepsFinished: 0, Unexplained: 0 })
    expect(clock.pauses.filter((ms) => ms === POLL_MS).length).toBeGreaterThan(100)
    for (const { line, reason } of (await accountOf(world)).values())
      expect([line, reason]).toEqual(['not-yet', 'waits-for-room-in-the-queue'])
    await world.archiveQueued()
    await sweepToEnd(world, { clock, event, env: { BACKFILL_MAX_QUEUED: '100' } })
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    const seen = new Map(
      (await world.queued()).map(({ body, attributes }) => [body, attributes['firstSeenAt']]),
    )
    const bodies = idsOf(calls.slice(0, 3)).map((recordingId) =>
      JSON.stringify({ recordingId, workspaceId: world.workspaceId }),
    )
    expect(bodies.map((body) => seen.get(body))).toEqual([NOW, NOW, NOW])
  })
})
