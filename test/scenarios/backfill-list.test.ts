import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BirdFaults } from '../../lib/sandbox/bird-faults.ts'
import type { BirdCall } from '../../lib/sandbox/bird-recording.ts'
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
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import * as faults from '../helpers/list-faults.ts'
import { onList, readPage } from '../helpers/list-pages.ts'

const DAY = '2026-03-09'

let world: BackfillWorld
let clock: TestClock
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt('2026-03-10T12:00:00.000Z'))
})
afterEach(() => world[Symbol.asyncDispose]())

async function sweep(): Promise<void> {
  clock.advance(HOUR_MS)
  await sweepToEnd(world, { clock, event: { sweep: 'recent', days: 2 } })
}
/** The newest, which come on the first pages. */
const newest = (calls: readonly BirdCall[], count: number): BirdCall[] => calls.slice(-count)
/** Strikes from the second page of any listing on. */
const onLaterPages =
  (fault: BirdFaults): BirdFaults =>
  (request) =>
    request.query?.has('pageToken') ? fault(request) : undefined

/** Pages that always bring the same and never end, each with a token that was never seen. */
function endlessPages(): BirdFaults {
  let pages = 0
  return onList((asked) => {
    const page = readPage(world, new URLSearchParams([...asked].filter(([name]) => name !== 'pageToken')))
    const isEmpty = page?.results.length === 0
    return page && (isEmpty ? page : { ...page, nextPageToken: `page-${(pages += 1)}` })
  })
}

const CUTS: [string, listed: number, reason: RegExp, fault: () => BirdFaults][] = [
  ['a token repeats itself', 198, /circle/, () => faults.repeatingToken(world)],
  ['tokens go round in a circle', 297, /circle/, () => faults.circlingTokens(world)],
  ['pages bring nothing new for ever', 99, /without anything new/, endlessPages],
  ['a later page is no JSON', 99, /not JSON/, () => onLaterPages(faults.notJson())],
  [
    'a later page is something else than a list',
    99,
    /unknown form at results/,
    () => onLaterPages(() => ({ kind: 'respond', status: 200, body: { results: 'none' } })),
  ],
  ['a later page fails for good', 99, /503/, () => onLaterPages(faults.serverErrors(Infinity))],
  ['the connection breaks at a later page', 99, /no answer/, () => onLaterPages(() => ({ kind: 'drop' }))],
]

describe('a list that does not come to its end', () => {
  it.for(CUTS)(
    'because %s: what it said is sent, the report says what is wrong, and the next sweep sends the rest',
    async ([, listed, reason, fault]) => {
      const calls = callsOn(DAY, 310)
      world.setCalls(calls)
      world.birdFaults = fault()
      await sweep()
      expect(await queuedIds(world)).toEqual(idsOf(newest(calls, listed)))
      const report = await reportOf(world)
      expect(report).toMatchObject({ recordings: listed, unexplainedCount: 1 })
      expect(report['windows']).toMatchObject({
        cutShort: { [DAY]: expect.stringMatching(reason) as unknown },
      })
      expect(await ledgerOf(world, DAY)).toMatchObject({ listed: { complete: false, agreed: 0 } })

      world.birdFaults = () => undefined
      await sweep()
      expect(await queuedIds(world)).toEqual(idsOf(calls))
      expect([...(await accountOf(world)).keys()].toSorted()).toEqual(idsOf(calls))
      expect(await reportOf(world)).toMatchObject({ recordings: 310, windows: { cutShort: {} } })
    },
  )

  it('is no ground for an attestation, also where all that it named is archived', async () => {
    const calls = callsOn(DAY, 250)
    world.setCalls(calls)
    await world.archiveAll(newest(calls, 198))
    world.birdFaults = faults.repeatingToken(world)
    await sweep()
    await sweep()
    expect(await world.queued()).toEqual([])
    expect((await attestationsOf(world)).has(DAY)).toBe(false)
    world.birdFaults = () => undefined
    await sweep()
    expect(await queuedIds(world)).toEqual(idsOf(calls.slice(0, 52)))
    await world.archiveQueued()
    await sweep()
    expect((await attestationsOf(world)).get(DAY)).toMatchObject([{ counts: { archived: 250 } }])
  })

  it('after it had come to its end once takes nothing back of what was known then', async () => {
    const calls = callsOn(DAY, 250)
    world.setCalls(calls)
    await world.archiveAll(newest(calls, 249))
    await sweep()
    world.birdFaults = faults.repeatingToken(world)
    await sweep()
    expect(await queuedIds(world)).toEqual([calls[0]!.recordingId])
    expect(countsOf(await reportOf(world))).toEqual({ archived: 249, sent: 1 })
  })
})

describe('a list that changes while it is read', () => {
  it('and skips a recording because another is deleted: it is found by the next sweep', async () => {
    const calls = callsOn(DAY, 250)
    world.setCalls(calls)
    const fault = faults.shrinking(world)
    world.birdFaults = fault
    await sweep()
    const skipped = fault.skipped
    expect(await queuedIds(world)).toEqual(idsOf(calls).filter((id) => !skipped.includes(id)))
    await sweep()
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    expect(countsOf(await reportOf(world))).toEqual({ sent: 249, refused: 1 })
    expect((await accountOf(world)).get(fault.deleted[0]!)).toMatchObject({ line: 'refused' })
  })

  it('and skips an archived one is not attested before it has been listed again', async () => {
    const calls = callsOn(DAY, 250)
    world.setCalls(calls)
    await world.archiveAll(calls)
    const fault = faults.shrinking(world)
    world.birdFaults = fault
    await sweep()
    const [attestation, ...others] = (await attestationsOf(world)).get(DAY) ?? []
    expect(others).toEqual([])
    // The deleted one was listed and is archived, so it is part of the day, too.
    expect(attestation).toMatchObject({ counts: { recordings: 250, archived: 250 }, listingsAgreed: 2 })
    expect(fault.skipped).toHaveLength(1)
  })

  it('because more and more come in: each is sent once, and nothing is attested meanwhile', async () => {
    const calls = callsOn(DAY, 110)
    world.setCalls(calls)
    const fault = faults.growing(world, { perPage: 3, createdAt: new Date(`${DAY}T22:00:00Z`) })
    world.birdFaults = fault
    await sweep()
    await world.archiveQueued()
    await sweep()
    await world.archiveQueued()
    expect(fault.created.length).toBeGreaterThan(2)
    expect((await attestationsOf(world)).has(DAY)).toBe(false)
    world.birdFaults = () => undefined
    await sweep()
    const all = [...idsOf(calls), ...fault.created].toSorted()
    expect([...(await accountOf(world)).keys()].toSorted()).toEqual(all)
    await world.archiveQueued()
    await sweep()
    expect((await attestationsOf(world)).get(DAY)).toMatchObject([{ counts: { archived: all.length } }])
  })

  it('and shows recordings twice: each is sent once and counted once', async () => {
    const calls = callsOn(DAY, 110)
    world.setCalls(calls)
    world.birdFaults = faults.duplicating(world, 7)
    await sweep()
    expect(await queuedIds(world)).toEqual(idsOf(calls))
    await world.archiveQueued()
    await sweep()
    expect((await attestationsOf(world)).get(DAY)).toMatchObject([{ counts: { archived: 110 } }])
    expect(countsOf(await reportOf(world))).toEqual({ archived: 110 })
  })
})
