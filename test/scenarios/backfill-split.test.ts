import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { windowNamed } from '../../lib/backfill/window.ts'
import { composeBackfiller } from '../../lib/compose-backfill.ts'
import { readConfig } from '../../lib/config.ts'
import type { BirdCall } from '../../lib/sandbox/bird-recording.ts'
import {
  accountOf,
  attestationsOf,
  callsOn,
  countsOf,
  DAY_MS,
  HOUR_MS,
  idsOf,
  ledgerOf,
  pendingOf,
  queuedIds,
  reportOf,
  startWorldAt,
  sweepToEnd,
  type SweepRun,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import { repeatingToken } from '../helpers/list-faults.ts'
import { callAt } from '../helpers/listed-calls.ts'

const NOW = '2026-03-10T12:00:00.000Z'
const DAY = '2026-03-09'

let world: BackfillWorld
let clock: TestClock
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt(NOW))
})
afterEach(() => world[Symbol.asyncDispose]())

function sweep(windowLimit: number, days = 2): Promise<SweepRun> {
  clock.advance(HOUR_MS)
  return sweepToEnd(world, { clock, event: { sweep: 'recent', days }, windowLimit })
}
/** Calls at moments of the day such as `05:07:30`. */
const at = (...times: readonly string[]): BirdCall[] => times.map((time) => callAt(`${DAY}T${time}Z`))
const busyMinute = (): BirdCall[] =>
  Array.from({ length: 25 }, (_, second) => callAt(new Date(Date.UTC(2026, 2, 9, 5, 7, second))))

describe('a day that holds more recordings than are held at once', () => {
  it('is swept by its hours, and a full hour by its minutes: nothing is lost, and the report adds up', async () => {
    const minute = busyMinute()
    const others = at('05:06:59.999', '05:08:00', '05:59:59.999', '06:00:00', '00:00:00', '23:59:59.999')
    const calls = [...minute, ...others]
    world.setCalls(calls)
    await world.archiveAll(calls.slice(0, 3))
    await sweep(10)
    expect(await queuedIds(world)).toEqual(idsOf(calls.slice(3)))
    const account = await accountOf(world)
    expect([...account.keys()].toSorted()).toEqual(idsOf(calls))
    expect(new Set(minute.map(({ recordingId }) => account.get(recordingId)?.window))).toEqual(
      new Set([`${DAY}T0507`]),
    )
    expect(others.map(({ recordingId }) => account.get(recordingId)?.window?.slice(10))).toEqual([
      'T0506',
      'T0508',
      'T0559',
      'T06',
      'T00',
      'T23',
    ])
    for (const whole of [DAY, `${DAY}T05`])
      expect(await ledgerOf(world, whole)).toMatchObject({
        split: true,
        archived: [],
        open: [],
        attestation: null,
      })
    const report = await reportOf(world)
    expect(countsOf(report)).toEqual({ archived: 3, sent: 28 })
    expect(report['windows']).toMatchObject({ swept: 23 + 60 + 1, unswept: [], cutShort: {} })

    await world.archiveQueued()
    await sweep(10)
    const attestations = [...(await attestationsOf(world)).values()].flat()
    expect(attestations).toHaveLength(23 + 60)
    expect(attestations.reduce((sum, { counts }) => sum + Number(counts.archived), 0)).toBe(calls.length)
    expect(await pendingOf(world)).toEqual(['2026-03-10'])
  })

  it('keeps what was open before it was split: the moment it was seen first, and that it was sent', async () => {
    const [sent, ongoing, forgotten] = at('05:00:00', '06:00:00', '07:00:00') as [
      BirdCall,
      BirdCall,
      BirdCall,
    ]
    world.setCalls([sent, ongoing, forgotten])
    for (const { recordingId } of [ongoing, forgotten]) world.setStatus(recordingId, 'ongoing')
    await sweep(10)
    const before = await accountOf(world)
    const more = callsOn(DAY, 30)
    world.setCalls([sent, ...world.calls.filter((call) => call.recordingId === ongoing.recordingId), ...more])
    await sweep(10)
    const after = await accountOf(world)
    for (const { recordingId } of [sent, ongoing, forgotten])
      expect(after.get(recordingId)?.firstSeenAt).toBe(before.get(recordingId)?.firstSeenAt)
    expect(after.get(sent.recordingId)).toMatchObject({ line: 'sent', window: `${DAY}T05` })
    expect(after.get(ongoing.recordingId)).toMatchObject({ line: 'not-yet', window: `${DAY}T06` })
    expect(after.get(forgotten.recordingId)).toMatchObject({ line: 'refused', window: `${DAY}T07` })
    expect(await queuedIds(world)).toEqual(idsOf([sent, ...more]))
  })

  it('keeps what is archived and Bird has deleted meanwhile, in the part that its sidecar names', async () => {
    const deleted = at('05:00:00', '05:59:59.999', '06:00:00', '00:00:00', '23:59:59.999')
    world.setCalls(deleted)
    await world.archiveAll(deleted)
    await sweep(10)
    expect((await attestationsOf(world)).get(DAY)).toMatchObject([{ counts: { archived: 5 } }])
    const more = callsOn(DAY, 25)
    world.setCalls(more)
    await sweep(10)
    await world.archiveQueued()
    await sweep(10)
    const account = await accountOf(world)
    expect([...account.keys()].toSorted()).toEqual(idsOf([...deleted, ...more]))
    expect(deleted.map(({ recordingId }) => account.get(recordingId)?.window?.slice(10))).toEqual([
      'T05',
      'T05',
      'T06',
      'T00',
      'T23',
    ])
    expect(countsOf(await reportOf(world))).toEqual({ archived: 30 })
    const parts = [...(await attestationsOf(world))].filter(([name]) => name.startsWith(`${DAY}T`))
    const attested = parts.flatMap(([, attestations]) => attestations.at(-1)?.['archived'] as string[])
    expect(attested.map((line) => line.slice(0, 36)).toSorted()).toEqual(idsOf([...deleted, ...more]))
  })

  it.each([
    ['is gone', undefined, 'gone: Bird knows it no more'],
    ['cannot be read', '{"schema":', 'the sidecar is not JSON'],
  ])('does not take for archived what has a sidecar that %s', async (_, body, reason) => {
    const [kept, spoilt] = at('05:00:00', '06:00:00') as [BirdCall, BirdCall]
    world.setCalls([kept, spoilt])
    await world.archiveAll([kept, spoilt])
    await sweep(10)
    world.setCalls(callsOn(DAY, 25))
    const key = `recordings/${world.workspaceId}/${spoilt.recordingId}.json`
    if (body !== undefined) await world.put(key, body)
    else
      world.s3Faults = (request) =>
        request.key === key ? { kind: 'error', status: 404, code: 'NoSuchKey' } : undefined
    await sweep(10)
    const account = await accountOf(world)
    expect(account.get(kept.recordingId)).toMatchObject({ line: 'archived', window: `${DAY}T05` })
    expect(account.get(spoilt.recordingId)).toMatchObject({ line: 'refused', window: `${DAY}T00`, reason })
  })

  it('has its hours looked at also where it is found to be too large only when its days are over', async () => {
    const calls = callsOn(DAY, 150)
    world.birdFaults = repeatingToken(world)
    world.setCalls(calls.slice(-101))
    await sweep(140)
    await world.archiveQueued()
    world.setCalls(calls)
    world.birdFaults = () => undefined
    clock.advance(5 * DAY_MS)
    for (let runs = 0; runs < 2; runs++) await sweep(140)
    expect(await ledgerOf(world, DAY)).toMatchObject({ split: true })
    expect(await queuedIds(world)).toEqual(idsOf(calls.slice(0, 49)))
    await world.archiveQueued()
    await sweep(140)
    expect([...(await accountOf(world)).values()].map(({ line }) => line)).toEqual(
      calls.map(() => 'archived'),
    )
    expect((await pendingOf(world)).filter((name) => name.startsWith(DAY))).toEqual([])
  })
})

describe('what is held at once', () => {
  it.each([
    ['a day', DAY, 2, 198],
    ['an hour', `${DAY}T05`, 2, 198],
    ['a minute, which cannot be split', `${DAY}T0507`, 6, 500],
  ])('is no more than the limit and one page: %s', async (_, name, pages, held) => {
    world.setCalls(
      Array.from({ length: 500 }, (_call, index) => callAt(new Date(Date.UTC(2026, 2, 9, 5, 7, 0, index)))),
    )
    const backfiller = composeBackfiller(readConfig(world.env, { queues: true }), { clock })
    const time = { signal: new AbortController().signal, patienceMs: () => HOUR_MS, mayStart: () => true }
    const { bird } = backfiller.systems
    const { listing } = await bird.survey(world.workspaceId, windowNamed(name)!, 150, time)
    expect([listing.pages, listing.own.size]).toEqual([pages, held])
    expect(world.requests.bird).toHaveLength(pages)
    await backfiller.close()
  })
})
