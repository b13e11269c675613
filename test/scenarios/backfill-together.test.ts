import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeBackfiller } from '../../lib/compose-backfill.ts'
import { readConfig } from '../../lib/config.ts'
import {
  accountOf,
  attestationsOf,
  callsOn,
  countsOf,
  HOUR_MS,
  idsOf,
  markOf,
  pendingOf,
  queuedIds,
  reportOf,
  runSweep,
  startWorldAt,
  sweepToEnd,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'

const NOW = '2026-03-10T12:00:00.000Z'
const DAYS = ['2026-03-05', '2026-03-06', '2026-03-07', '2026-03-08', '2026-03-09', '2026-03-10'] as const
const RECENT = { sweep: 'recent', days: 6 }

let world: BackfillWorld
let clock: TestClock
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt(NOW))
  world.setCalls(DAYS.flatMap((day) => callsOn(day, 5)))
})
afterEach(() => world[Symbol.asyncDispose]())

/** Each at least once, and never more than so often. */
async function expectSentUpTo(times: number): Promise<void> {
  const sent = await queuedIds(world)
  expect([...new Set(sent)]).toEqual(idsOf(world.calls))
  const counts = new Map<string, number>()
  for (const id of sent) counts.set(id, (counts.get(id) ?? 0) + 1)
  expect(Math.max(...counts.values())).toBeLessThanOrEqual(times)
}
async function expectAllSentInLedgers(): Promise<void> {
  const account = await accountOf(world)
  expect([...account.keys()].toSorted()).toEqual(idsOf(world.calls))
  expect(new Set([...account.values()].map(({ line }) => line))).toEqual(new Set(['sent']))
}

describe('sweeps at the same time', () => {
  it('of the same name share the days out: all are swept, nothing is lost, each day is counted once', async () => {
    const runs = await Promise.all([1, 2].map(() => runSweep(world, { clock, event: RECENT })))
    expect(runs.map(({ error, answer }) => [error, answer?.finished])).toEqual([
      [undefined, true],
      [undefined, true],
    ])
    await expectSentUpTo(2)
    await expectAllSentInLedgers()
    expect(await markOf(world)).toMatchObject({ taken: [], finishedAt: expect.any(String) as unknown })
    expect(countsOf(await reportOf(world))).toEqual({ sent: 30 })
    expect(await pendingOf(world)).toEqual(DAYS)

    await world.archiveQueued()
    clock.advance(HOUR_MS)
    await sweepToEnd(world, { clock, event: RECENT })
    expect(await world.queued()).toEqual([])
    expect(countsOf(await reportOf(world))).toEqual({ archived: 30 })
  })

  it('of two names over overlapping days agree on what they write', async () => {
    const history = { sweep: 'history', days: 4 }
    await Promise.all([RECENT, history].map((event) => sweepToEnd(world, { clock, event })))
    await expectSentUpTo(2)
    await expectAllSentInLedgers()
    for (const [name, windows] of [
      ['recent', 6],
      ['history', 4],
    ] as const) {
      const { taken, finishedAt, tally } = await markOf(world, name)
      expect([taken, finishedAt, tally.windows]).toEqual([[], expect.any(String), windows])
      expect(countsOf(await reportOf(world, name))).toEqual({ sent: windows * 5 })
    }
  })

  it('attest each day once between them', async () => {
    await world.archiveAll(world.calls)
    await Promise.all(
      ['one', 'two', 'three'].map((sweep) => sweepToEnd(world, { clock, event: { sweep, days: 6 } })),
    )
    const attestations = await attestationsOf(world)
    expect([...attestations.keys()]).toEqual(DAYS.slice(0, 5))
    for (const ofDay of attestations.values()) expect(ofDay).toMatchObject([{ counts: { archived: 5 } }])
    expect(await pendingOf(world)).toEqual([DAYS[5]])
    expect(await world.queued()).toEqual([])
  })
})

describe('a sweep that is slow to end', () => {
  it('does not call a pass finished that others have begun meanwhile', async () => {
    const backfiller = composeBackfiller(readConfig(world.env, { queues: true }), { clock })
    const { signal } = new AbortController()
    const range = { from: new Date('2026-03-08'), to: new Date('2026-03-11') }
    const { workspaceId } = world
    const order = {
      workspaceId,
      name: 'recent',
      range,
      looksOnly: false,
      isScheduled: true,
      windowLimit: 100,
    }
    const slow = await backfiller.systems.openPass(order, clock.now(), signal)
    for (let window = await slow.take(); window !== undefined; window = await slow.take())
      await slow.tickOff(window, { recordings: 0, archived: 0, sent: 0 })
    const next = await backfiller.systems.openPass(order, clock.now(), signal)
    expect(next.mark.pass).toBe(2)
    await next.take()
    await slow.finish(clock.now())
    expect(await markOf(world)).toMatchObject({ pass: 2, finishedAt: null, taken: ['2026-03-08'] })
    await backfiller.close()
  })
})

describe('a sweep that follows one that was killed', () => {
  it.each([
    ['marks/', 1],
    ['marks/', 4],
    ['windows/', 2],
    ['attestations/', 1],
    ['reports/', 1],
  ] as const)(
    'when it wrote %s, for the %i. time, goes on: nothing is lost, and all adds up',
    async (kind, count) => {
      await world.archiveAll(world.calls.slice(0, 12))
      let writes = 0
      let isDead = false
      world.s3Faults = ({ operation, key }) => {
        if (operation === 'PutObject' && key.startsWith(`backfill/${kind}`)) writes += 1
        isDead ||= writes >= count
        return isDead ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined
      }
      expect((await runSweep(world, { clock, event: RECENT })).answer).toBeUndefined()
      world.s3Faults = () => undefined
      clock.advance(HOUR_MS)
      await sweepToEnd(world, { clock, event: RECENT })
      clock.advance(HOUR_MS)
      await sweepToEnd(world, { clock, event: RECENT })
      const sent = await queuedIds(world)
      expect([...new Set(sent)]).toEqual(idsOf(world.calls.slice(12)))
      expect(sent.length).toBeLessThanOrEqual(18 + 5)
      expect(countsOf(await reportOf(world))).toEqual({ archived: 12, sent: 18 })
      expect((await accountOf(world)).size).toBe(30)
      expect([...(await attestationsOf(world)).keys()]).toEqual(DAYS.slice(0, 2))
    },
  )
})
