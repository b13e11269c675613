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
  pendingOf,
  queuedIds,
  reportOf,
  startWorldAt,
  sweepToEnd,
  type SweepRun,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import { callAt } from '../helpers/listed-calls.ts'
import { onList, readPage } from '../helpers/list-pages.ts'

let world: BackfillWorld
let clock: TestClock
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt('2026-03-10T12:00:00.000Z'))
})
afterEach(() => world[Symbol.asyncDispose]())

function sweep(options: { windowLimit?: number } = {}): Promise<SweepRun> {
  clock.advance(HOUR_MS)
  return sweepToEnd(world, { clock, ...options })
}
/** A call that began, in Bird's words, at another time than its recording was created. */
const startedLater = (createdAt: string, startedAt: string): BirdCall =>
  callAt(createdAt, { metadata: { startedAt } })
const windowsOf = async (calls: readonly BirdCall[]): Promise<(string | undefined)[]> => {
  const account = await accountOf(world)
  return calls.map(({ recordingId }) => account.get(recordingId)?.window)
}

/** `startAt` and `endAt` are held against when a call began, as Bird's documentation leaves open. */
function filteringByStart(): BirdFaults {
  return onList((asked) => {
    const createdAt = new Map(world.calls.map((call) => [call.recordingId, call.metadata.createdAt]))
    const calls = world.calls.map((call) => {
      const { startedAt = call.metadata.createdAt } = call.metadata
      return { ...call, metadata: { ...call.metadata, createdAt: startedAt } }
    })
    const { startedAt, now, link } = world
    const page = readPage({ calls, setCalls: () => {}, startedAt, now, link }, asked)
    return (
      page && {
        ...page,
        results: page.results.map((item) => {
          const recording = item as { id: string }
          return { ...recording, createdAt: createdAt.get(recording.id) }
        }),
      }
    )
  })
}

describe('where Bird filters by when a call began, not by when its recording was created', () => {
  beforeEach(() => {
    world.birdFaults = filteringByStart()
  })

  it('a recording that began on another day is remembered on its own, and dealt with in the same run', async () => {
    const [later, earlier] = [
      startedLater('2026-03-08T10:00:00Z', '2026-03-09T10:00:00Z'),
      startedLater('2026-03-10T10:00:00Z', '2026-03-09T11:00:00Z'),
    ]
    const ordinary = callsOn('2026-03-09', 3)
    world.setCalls([later, earlier, ...ordinary])
    const { metrics } = await sweep()
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
    expect(await windowsOf([later, earlier])).toEqual(['2026-03-08', '2026-03-10'])
    expect(metrics).toMatchObject({ Sent: 5 })
    const report = await reportOf(world)
    expect(countsOf(report)).toEqual({ sent: 5 })
    expect(report).toMatchObject({ completeness: { sure: false } })

    await world.archiveQueued()
    await sweep()
    expect(await world.queued()).toEqual([])
    expect(countsOf(await reportOf(world))).toEqual({ archived: 5 })
  })

  it('a recording of a day that was not asked for is remembered there, and sent by the next run', async () => {
    const call = startedLater('2026-02-20T10:00:00Z', '2026-03-09T10:00:00Z')
    world.setCalls([call])
    await sweep()
    expect(await pendingOf(world)).toContain('2026-02-20')
    await sweep()
    expect(await queuedIds(world)).toEqual(idsOf([call]))
    expect(await windowsOf([call])).toEqual(['2026-02-20'])
  })

  it('a recording without audio, of a day that is attested, is sent when there is some after all', async () => {
    const call = startedLater('2026-03-08T10:00:00Z', '2026-03-09T10:00:00Z')
    world.setCalls([call])
    world.setStatus(call.recordingId, 'failed')
    await sweep()
    const attested = async () => (await attestationsOf(world)).get('2026-03-08')
    const withException = { exceptions: [expect.objectContaining({ reason: 'failed' })] }
    expect(await attested()).toContainEqual(expect.objectContaining(withException))
    world.setStatus(call.recordingId, 'available')
    await sweep()
    expect(await queuedIds(world)).toEqual(idsOf([call]))
    await world.archiveQueued()
    await sweep()
    expect(await attested()).toContainEqual(
      expect.objectContaining({ counts: expect.objectContaining({ archived: 1 }), exceptions: [] }),
    )
  })

  it.each([
    ['hours after midnight', '2026-03-08T23:30:00Z', '2026-03-09T03:00:00Z'],
    ['just beyond what the lists of both days share', '2026-03-08T23:59:59Z', '2026-03-09T01:00:00Z'],
    ['hours before midnight', '2026-03-09T00:30:00Z', '2026-03-08T20:00:00Z'],
  ])('a recording from about midnight that began %s is not overlooked', async (_, createdAt, startedAt) => {
    const call = startedLater(createdAt, startedAt)
    world.setCalls([call, ...callsOn('2026-03-09', 2)])
    await sweep()
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
    expect(await windowsOf([call])).toEqual([createdAt.slice(0, 10)])
    expect(countsOf(await reportOf(world))).toEqual({ sent: 3 })
  })

  it('a recording of a day that was split is remembered in the hour or the minute that it belongs to', async () => {
    const minute = Array.from({ length: 20 }, (_, second) =>
      callAt(new Date(Date.UTC(2026, 2, 8, 5, 7, second))),
    )
    const strays = ['2026-03-08T05:30:10Z', '2026-03-08T09:00:00Z'].map((createdAt) =>
      startedLater(createdAt, '2026-03-09T10:00:00Z'),
    )
    world.setCalls([...minute, ...strays])
    await sweep({ windowLimit: 10 })
    expect(await windowsOf(strays)).toEqual(['2026-03-08T0530', '2026-03-08T09'])
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
    expect(countsOf(await reportOf(world))).toEqual({ sent: 22 })
  })
})
