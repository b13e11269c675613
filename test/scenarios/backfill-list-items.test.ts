import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  accountOf,
  attestationsOf,
  callsOn,
  countsOf,
  HOUR_MS,
  idsOf,
  ledgerOf,
  queuedIds,
  reportOf,
  startWorldAt,
  sweepToEnd,
  type SweepRun,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import * as faults from '../helpers/list-faults.ts'
import { callAt } from '../helpers/listed-calls.ts'
import { onList, readPage } from '../helpers/list-pages.ts'

const DAY = '2026-03-09'

let world: BackfillWorld
let clock: TestClock
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt('2026-03-10T12:00:00.000Z'))
})
afterEach(() => world[Symbol.asyncDispose]())

function sweep(days = 2): Promise<SweepRun> {
  clock.advance(HOUR_MS)
  return sweepToEnd(world, { clock, event: { sweep: 'recent', days } })
}
const asked = () =>
  world.requests.bird.flatMap(({ operation, recordingId }) =>
    operation === 'getRecording' ? recordingId : [],
  )

describe('an item of the list that cannot be read', () => {
  it.each(['no-createdAt', 'no-status'] as const)(
    'but has an id (%s) is asked for by that, sent once, and does not keep the day from being attested',
    async (how) => {
      const calls = callsOn(DAY, 3)
      const { recordingId } = calls[1]!
      world.setCalls(calls)
      world.birdFaults = faults.unreadableItem(world, how, [recordingId])
      await sweep()
      expect(asked()).toEqual([recordingId])
      expect(await queuedIds(world)).toEqual(idsOf(calls))
      await world.archiveQueued()
      await sweep()
      expect(countsOf(await reportOf(world))).toEqual({ archived: 3 })
      expect((await attestationsOf(world)).get(DAY)).toMatchObject([{ counts: { archived: 3 } }])
    },
  )

  it.each(['no-id', 'null', 'text'] as const)(
    'and has no id either (%s) is counted, keeps the day from being attested, and is sent once it can be read',
    async (how) => {
      const calls = callsOn(DAY, 3)
      const { recordingId } = calls[1]!
      const others = idsOf(calls.filter((call) => call.recordingId !== recordingId))
      world.setCalls(calls)
      world.birdFaults = faults.unreadableItem(world, how, [recordingId])
      const { metrics } = await sweep()
      expect(metrics).toMatchObject({ Unexplained: 1 })
      expect(await queuedIds(world)).toEqual(others)
      await world.archiveQueued()
      await sweep()
      expect((await attestationsOf(world)).has(DAY)).toBe(false)
      expect(await reportOf(world)).toMatchObject({ completeness: { sure: false }, unexplainedCount: 1 })
      world.birdFaults = () => undefined
      await sweep()
      expect(await queuedIds(world)).toEqual([recordingId])
    },
  )

  it.each(['no-createdAt', 'no-status'] as const)(
    'close to midnight (%s) is of one day only: sent once, counted once',
    async (how) => {
      const calls = ['2026-03-08T23:30:00Z', '2026-03-09T00:30:00Z'].map((at) => callAt(at))
      world.setCalls(calls)
      world.birdFaults = faults.unreadableItem(world, how, idsOf(calls))
      await sweep(3)
      expect(await queuedIds(world)).toEqual(idsOf(calls))
      const account = await accountOf(world)
      for (const { recordingId, metadata } of calls)
        expect(account.get(recordingId)).toMatchObject({ window: metadata.createdAt.slice(0, 10) })
      await world.archiveQueued()
      await sweep(3)
      expect(countsOf(await reportOf(world))).toEqual({ archived: 2 })
      await accountOf(world)
    },
  )
})

describe('a createdAt that is no time of a call', () => {
  const odd = ['+012026-03-09T10:00:00.000Z', '275760-01-01', 'Jan 1 20260', '2026-03-09T10:00:00']
  /** In the list, and where it is asked for by its id too if so wished. */
  function tellOf(recordingId: string, createdAt: string, byIdToo: boolean): void {
    const inList = onList((request) => {
      const page = readPage(world, request)
      const results = page?.results.map((item) => {
        const recording = item as { id: string }
        return recording.id === recordingId ? { ...recording, createdAt } : recording
      })
      return page && results && { ...page, results }
    })
    const body = { id: recordingId, status: 'available', createdAt }
    world.birdFaults = (request) =>
      byIdToo && request.operation === 'getRecording' && request.recordingId === recordingId
        ? { kind: 'respond', status: 200, body }
        : inList(request)
  }
  const windows = async () => await world.keys('backfill/windows/')

  it.each(odd)('has the recording asked for by its id, and does not stop its day: %s', async (createdAt) => {
    const calls = callsOn(DAY, 3)
    world.setCalls(calls)
    tellOf(calls[1]!.recordingId, createdAt, false)
    await sweep()
    expect(asked()).toEqual([calls[1]!.recordingId])
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    await world.archiveQueued()
    await sweep()
    expect((await attestationsOf(world)).get(DAY)).toMatchObject([{ counts: { archived: 3 } }])
    expect(await windows()).toHaveLength(2)
  })

  it.each(odd)('is for a person to look at where Bird says nothing else by id: %s', async (createdAt) => {
    const calls = callsOn(DAY, 3)
    const { recordingId } = calls[1]!
    world.setCalls(calls)
    tellOf(recordingId, createdAt, true)
    for (let runs = 0; runs < 2; runs++) await sweep()
    expect(await queuedIds(world)).toEqual(idsOf(calls.filter((call) => call.recordingId !== recordingId)))
    expect((await accountOf(world)).get(recordingId)).toMatchObject({ line: 'refused', window: DAY })
    expect((await attestationsOf(world)).has(DAY)).toBe(false)
    expect(await windows()).toHaveLength(2)
  })
})

describe('a status that nobody has heard of', () => {
  it('means not yet: it is remembered under its name, and sent when it is available', async () => {
    const calls = callsOn(DAY, 3)
    const { recordingId } = calls[1]!
    world.setCalls(calls)
    world.birdFaults = faults.unknownStatus(world, 'quarantined', [recordingId])
    await sweep()
    expect((await accountOf(world)).get(recordingId)).toMatchObject({
      line: 'not-yet',
      reason: 'quarantined',
    })
    expect(await queuedIds(world)).not.toContain(recordingId)
    await world.archiveQueued()
    await sweep()
    expect((await attestationsOf(world)).has(DAY)).toBe(false)
    world.birdFaults = () => undefined
    await sweep()
    expect(await queuedIds(world)).toEqual([recordingId])
  })
})

describe('filters that Bird passes over', () => {
  const DAYS = ['2026-02-20', '2026-03-08', '2026-03-09', '2026-03-10']

  it('do no harm: each recording is sent once, in its own day, also the one of a day that was not asked for', async () => {
    const calls = DAYS.flatMap((day) => callsOn(day, 3))
    world.setCalls(calls)
    world.birdFaults = faults.ignoringFilters(world)
    await sweep(3)
    expect(await queuedIds(world)).toEqual(idsOf(calls.slice(3)))
    expect(await reportOf(world)).toMatchObject({ recordings: 9, completeness: { sure: false } })
    await sweep(3)
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    const account = await accountOf(world)
    expect([...account.keys()].toSorted()).toEqual(idsOf(calls))
    for (const { recordingId, metadata } of calls)
      expect(account.get(recordingId)?.window).toBe(metadata.createdAt.slice(0, 10))
  })

  it('are noticed where hardly anything lies in the time that was asked for, and healed by the next sweep', async () => {
    const today = callsOn('2026-03-10', 2_200, { status: 'absent' })
    const calls = callsOn(DAY, 3)
    world.setCalls([...today, ...calls])
    world.birdFaults = faults.ignoringFilters(world)
    await sweep()
    const { complete, fault } = (await ledgerOf(world, DAY))['listed'] as Record<string, unknown>
    expect([complete, fault]).toEqual([false, expect.stringContaining('hardly anything')])
    // Another day's list has named them, and so they are looked after all the same.
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    expect(countsOf(await reportOf(world))).toEqual({ sent: 3, 'nothing-to-archive': 2_200 })
    await world.archiveQueued()
    await sweep()
    expect((await attestationsOf(world)).has(DAY)).toBe(false)
    world.birdFaults = () => undefined
    await sweep()
    expect((await attestationsOf(world)).get(DAY)).toMatchObject([{ counts: { archived: 3 } }])
  })
})
