import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BirdFaults } from '../../lib/sandbox/bird-faults.ts'
import type { BirdCall } from '../../lib/sandbox/bird-recording.ts'
import {
  callsOn,
  countsOf,
  DAY_MS,
  HOUR_MS,
  idsOf,
  markOf,
  pendingOf,
  queuedIds,
  reportOf,
  runSweep,
  startWorldAt,
  sweepToEnd,
  type SweepRun,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import * as faults from '../helpers/list-faults.ts'
import { callAt } from '../helpers/listed-calls.ts'

const DAYS = ['2026-03-05', '2026-03-06', '2026-03-07', '2026-03-08', '2026-03-09', '2026-03-10'] as const
const BROKEN = { kind: 'respond', status: 500, body: {} } as const

let world: BackfillWorld
let clock: TestClock
let calls: BirdCall[]
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt('2026-03-10T12:00:00.000Z'))
  calls = DAYS.flatMap((day) => callsOn(day, 2))
  world.setCalls(calls)
})
afterEach(() => world[Symbol.asyncDispose]())

function sweep(days = 6): Promise<SweepRun> {
  clock.advance(HOUR_MS)
  return runSweep(world, { clock, event: { sweep: 'recent', days } })
}
/** The days whose lists were asked for since the last look, in that order, each request of its own. */
function listedDays(): string[] {
  const days = world.requests.bird.flatMap(({ operation, query: { startAt = '' } }) =>
    operation === 'listRecordings' ? new Date(Date.parse(startAt) + HOUR_MS).toISOString().slice(0, 10) : [],
  )
  world.requests.reset()
  return days
}
/** Bird fails for good where the list of a day is asked for. */
const failingOn =
  (...days: readonly string[]): BirdFaults =>
  ({ query }) => {
    const startMs = Date.parse(query?.get('startAt') ?? '') + HOUR_MS
    return days.some((day) => Date.parse(day) === startMs) ? BROKEN : undefined
  }

describe('errors of Bird', () => {
  it('that pass are waited out', async () => {
    world.birdFaults = faults.serverErrors(3)
    await sweepToEnd(world, { clock, event: { sweep: 'recent', days: 6 } })
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    expect(listedDays().slice(0, 4)).toEqual([DAYS[0], DAYS[0], DAYS[0], DAYS[0]])
  })

  it('that stay end the run after three days, and the next run goes on there and catches up on them', async () => {
    world.birdFaults = faults.serverErrors(Infinity)
    const { answer, metrics, events } = await sweep()
    expect(answer).toEqual({
      finished: false,
      workspaces: [{ workspaceId: world.workspaceId, why: 'failing' }],
    })
    expect(metrics).toMatchObject({ SweepsFinished: 0, WindowsSwept: 0, Unexplained: 3, RequestsToBird: 12 })
    expect(events.filter(({ event }) => event === 'window.failed')).toMatchObject(
      DAYS.slice(0, 3).map((window) => ({ level: 'error', window, reason: expect.stringContaining('503') })),
    )
    expect(await world.queued()).toEqual([])
    expect(await markOf(world)).toMatchObject({ next: `${DAYS[3]}T00:00:00.000Z`, taken: DAYS.slice(0, 3) })
    listedDays()

    world.birdFaults = () => undefined
    expect((await sweep()).answer).toMatchObject({ finished: true })
    expect(listedDays()).toEqual([...DAYS.slice(3), ...DAYS.slice(0, 3)])
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    expect(countsOf(await reportOf(world))).toEqual({ sent: 12 })
    expect(await markOf(world)).toMatchObject({ taken: [], tally: { windows: 6, recordings: 12, sent: 12 } })
  })

  it('with one day alone leave the others swept, and that day to the next run', async () => {
    world.birdFaults = failingOn(DAYS[2])
    const { answer, metrics } = await sweep()
    expect(answer?.workspaces).toMatchObject([{ why: 'failing' }])
    expect(metrics).toMatchObject({ WindowsSwept: 5, Unexplained: 1 })
    expect(await queuedIds(world)).toEqual(idsOf([...calls.slice(0, 4), ...calls.slice(6)]))
    world.birdFaults = () => undefined
    expect((await sweep()).answer).toMatchObject({ finished: true })
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    expect(countsOf(await reportOf(world))).toEqual({ sent: 12 })
  })

  it('with one day for ever keep no run from the days that come after, and that day is not forgotten', async () => {
    world.birdFaults = failingOn(DAYS[2])
    await sweep()
    await world.archiveQueued()
    clock.advance(3 * DAY_MS)
    const later = callsOn('2026-03-13', 2)
    world.setCalls([...calls, ...later])
    expect((await sweep(3)).answer).toMatchObject({ finished: false })
    expect(await queuedIds(world)).toEqual(idsOf(later))
    await world.archiveQueued()
    world.birdFaults = () => undefined
    clock.advance(7 * DAY_MS)
    expect((await sweep(3)).answer).toMatchObject({ finished: true })
    expect(await queuedIds(world)).toEqual(idsOf(calls.slice(4, 6)))
  })

  it('in place of a page, such as one for people, are those of one day as well', async () => {
    world.birdFaults = faults.notJson(1)
    const { answer, events } = await sweep()
    expect(answer?.workspaces).toMatchObject([{ why: 'failing' }])
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'window.failed',
        reason: expect.stringContaining('not JSON') as unknown,
      }),
    )
    expect((await sweep()).answer).toMatchObject({ finished: true })
    expect(await queuedIds(world)).toEqual(idsOf(calls))
  })
})

describe('days that were left open long ago', () => {
  const OLD = ['2026-02-01', '2026-02-02', '2026-02-03', '2026-02-04', '2026-02-05'] as const

  it('have each their turn, also where others of them fail for good, and so have the present ones', async () => {
    const old = OLD.map((day) => callAt(`${day}T10:00:00Z`, { status: 'ongoing' }))
    world.setCalls([...calls, ...old])
    expect((await sweep(40)).answer).toMatchObject({ finished: true })
    await world.archiveQueued()
    for (const { recordingId } of old) world.setStatus(recordingId, 'available')
    const bad = new Set(old.slice(0, 3).map(({ recordingId }) => recordingId))
    world.birdFaults = ({ recordingId = '' }) => (bad.has(recordingId) ? BROKEN : undefined)
    for (let runs = 0; runs < 2; runs++)
      expect((await sweep(3)).answer?.workspaces).toMatchObject([{ why: 'failing' }])
    expect(await queuedIds(world)).toEqual(idsOf(old.slice(3)))

    await world.archiveQueued()
    clock.advance(2 * DAY_MS)
    const present = callAt('2026-03-12T10:00:00Z')
    world.setCalls([...world.calls, present])
    await sweep(3)
    expect(await queuedIds(world)).toEqual([present.recordingId])
    expect((await pendingOf(world)).slice(0, 4)).toEqual([...OLD.slice(0, 3), '2026-03-12'])
  })

  it('are listed once more after their end, also where something of them stays open for ever', async () => {
    const gone = callAt('2026-03-10T10:00:00Z', { status: 'ongoing' })
    world.setCalls([gone])
    await sweep(1)
    const late = callAt('2026-03-10T22:00:00Z')
    world.setCalls([late])
    clock.advance(9 * DAY_MS)
    for (let runs = 0; runs < 2; runs++) {
      expect((await sweep(1)).answer).toMatchObject({ finished: true })
      expect(await queuedIds(world)).toEqual([late.recordingId])
    }
    await sweep(1)
    expect(listedDays().filter((day) => day === '2026-03-10')).toHaveLength(2)
  })
})
