import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BirdFaults } from '../../lib/sandbox/bird-faults.ts'
import {
  callsOn,
  countsOf,
  HOUR_MS,
  idsOf,
  queuedIds,
  reportOf,
  runSweep,
  startWorldAt,
  sweepToEnd,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import { throttledFor } from '../helpers/list-faults.ts'

const NOW = '2026-03-10T12:00:00.000Z'
const DAYS = ['2026-03-07', '2026-03-08', '2026-03-09', '2026-03-10'] as const
const EVENT = { sweep: 'recent', days: 4 }
const MINUTE_MS = 60_000

let world: BackfillWorld
let clock: TestClock
/** When Bird was asked, in milliseconds from the beginning. */
let asked: number[]
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt(NOW))
  world.setCalls(DAYS.flatMap((day) => callsOn(day, 3)))
  asked = []
})
afterEach(() => world[Symbol.asyncDispose]())

/** Notes when Bird is asked, and lets it answer with a fault. */
function watch(fault: BirdFaults): void {
  world.birdFaults = (request) => {
    asked.push(clock.now().getTime() - Date.parse(NOW))
    return fault(request)
  }
}
const gaps = (times: readonly number[]): number[] =>
  times.slice(1).map((time, index) => time - (times[index] ?? 0))
const inMinutes = (minutes: number): Date => new Date(Date.parse(NOW) + minutes * MINUTE_MS)
const listedDays = (): string[] =>
  world.requests.bird.flatMap(({ operation, query: { startAt = '' } }) =>
    operation === 'listRecordings' ? new Date(Date.parse(startAt) + HOUR_MS).toISOString().slice(0, 10) : [],
  )

describe('429 for minutes', () => {
  it.each([
    ['seconds', '60'],
    ['a date', inMinutes(2).toUTCString()],
  ])(
    'with Retry-After in %s is waited out in silence, and the sweep comes to its end',
    async (_, retryAfter) => {
      watch(throttledFor({ world, until: inMinutes(2) }, retryAfter))
      await sweepToEnd(world, { clock, event: EVENT })
      const refused = asked.filter((time) => time < 2 * MINUTE_MS)
      expect(refused).toEqual(retryAfter === '60' ? [0, MINUTE_MS] : [0])
      expect(asked[refused.length]).toBe(2 * MINUTE_MS)
      expect(await queuedIds(world)).toEqual(idsOf(world.calls))
      expect(countsOf(await reportOf(world))).toEqual({ sent: 12 })
    },
  )

  it('without Retry-After is waited out with ever longer pauses', async () => {
    watch(throttledFor({ world, until: inMinutes(5) }))
    await sweepToEnd(world, { clock, event: EVENT })
    const waited = gaps(asked.filter((time) => time < 5 * MINUTE_MS))
    expect(waited.slice(0, 5)).toEqual(waited.slice(0, 5).toSorted((one, other) => one - other))
    expect(Math.max(...waited)).toBeLessThanOrEqual(20_000)
    expect(waited.length).toBeLessThan(40)
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
    expect(countsOf(await reportOf(world))).toEqual({ sent: 12 })
  })

  it('costs no page that was read before it: the list goes on where it was, at half the pace', async () => {
    world.setCalls(callsOn('2026-03-10', 1_400, { status: 'absent' }))
    const fault = throttledFor(1, '30')
    watch((request) => (asked.length === 10 ? fault(request) : undefined))
    const event = { sweep: 'recent', days: 1 }
    await sweepToEnd(world, { clock, event, env: { BIRD_REQUESTS_PER_SECOND: '10' } })
    expect(world.requests.bird.filter(({ operation }) => operation === 'listRecordings')).toHaveLength(16)
    const [before, after] = [gaps(asked.slice(4, 10)), gaps(asked.slice(12))]
    expect(before).toEqual(before.map(() => 100))
    expect(gaps(asked)[9]).toBe(30_000)
    expect(after.every((gap) => gap >= 200)).toBe(true)
    expect(countsOf(await reportOf(world))).toEqual({ 'nothing-to-archive': 1_400 })
  })
})

describe('429 for longer than an invocation has time', () => {
  it('ends it as throttled, and the next one goes on there', async () => {
    watch(() => (clock.now() < inMinutes(60) && listedDays().length > 2 ? TOO_MANY : undefined))
    const run = await runSweep(world, { clock, event: EVENT })
    expect(run).toMatchObject({
      error: undefined,
      answer: { finished: false, workspaces: [{ why: 'throttled' }] },
    })
    expect(run.metrics).toMatchObject({ SweepsFinished: 0, WindowsSwept: 2, Unexplained: 0 })
    expect(listedDays()).toEqual(DAYS.slice(0, 3))
    expect(await queuedIds(world)).toEqual(idsOf(world.calls.slice(0, 6)))
    clock.advance(HOUR_MS)
    await sweepToEnd(world, { clock, event: EVENT })
    expect(listedDays()).toEqual([...DAYS.slice(0, 3), DAYS[3], DAYS[2]])
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
    expect(countsOf(await reportOf(world))).toEqual({ sent: 12 })
  })

  it('on a later page sends nothing on half a list, and the next one lists the day from its beginning', async () => {
    world.setCalls(callsOn('2026-03-09', 150))
    watch(({ query }) => (query?.has('pageToken') ? TOO_MANY : undefined))
    const run = await runSweep(world, { clock, event: EVENT })
    expect(run.answer?.workspaces).toMatchObject([{ why: 'throttled' }])
    expect(await world.queued()).toEqual([])
    world.birdFaults = () => undefined
    await sweepToEnd(world, { clock, event: EVENT })
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
  })
})

const TOO_MANY = { kind: 'respond', status: 429, headers: { 'retry-after': '3600' }, body: {} } as const
