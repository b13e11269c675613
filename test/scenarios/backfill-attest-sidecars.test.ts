import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyLedger, writeLedger } from '../../lib/backfill/ledger.ts'
import { windowNamed } from '../../lib/backfill/window.ts'
import type { BirdCall } from '../../lib/sandbox/bird-recording.ts'
import {
  accountOf,
  attestationsOf,
  countsOf,
  HOUR_MS,
  idsOf,
  ledgerOf,
  pendingOf,
  queuedIds,
  reportOf,
  startWorldAt,
  sweepToEnd,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import { callAt, sidecarOf } from '../helpers/listed-calls.ts'
import { keysOf } from '../helpers/world.ts'

const NOW = '2026-03-10T12:00:00.000Z'
const DAY = '2026-03-09'
const EVENT = { sweep: 'recent', days: 2 }

let world: BackfillWorld
let clock: TestClock
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt(NOW))
})
afterEach(() => world[Symbol.asyncDispose]())

const sweep = () => sweepToEnd(world, { clock, event: EVENT })
const attested = async () => (await attestationsOf(world)).get(DAY) ?? []
/** Few enough that each sidecar is read at once, or so many that they are listed first. */
async function archivedCalls(count: number): Promise<[BirdCall, ...BirdCall[]]> {
  const calls = Array.from({ length: count }, (_, at) => callAt(new Date(Date.UTC(2026, 2, 9, 8, at))))
  world.setCalls(calls)
  await world.archiveAll(calls)
  return calls as [BirdCall, ...BirdCall[]]
}

describe('sidecars that do not say what they have to', () => {
  it.for([
    ['read one by one', 6],
    ['found by listing', 40],
  ] as const)('are noticed, and keep the day from being attested, where they are %s', async ([, count]) => {
    const calls = await archivedCalls(count)
    const spoilt = calls.slice(0, 4)
    const [notJson, unknown, another, elsewhere] = spoilt.map(
      ({ recordingId }) => keysOf(recordingId).sidecar,
    )
    await world.put(notJson!, '{"schema":')
    await world.put(unknown!, '{"schema":"urn:other"}')
    await world.put(another!, sidecarOf(callAt(`${DAY}T08:00:00Z`), world.workspaceId))
    await world.put(elsewhere!, sidecarOf(spoilt[3]!, 'another-workspace'))
    for (let runs = 0; runs < 2; runs++) {
      await sweep()
      clock.advance(HOUR_MS)
      expect(await attested()).toEqual([])
      expect(await queuedIds(world)).toEqual([])
      const { lines, unexplained } = await reportOf(world)
      expect(lines).toMatchObject({ archived: { count: count - 4 }, refused: { count: 4 } })
      expect(idsOf(unexplained as BirdCall[])).toEqual(idsOf(spoilt))
    }
    await world.archiveAll(spoilt)
    await sweep()
    expect(await attested()).toMatchObject([{ counts: { archived: count }, exceptions: [] }])
  })
})

describe('a sidecar that vanishes', () => {
  it('between the look and the attestation keeps the day from being attested, and the recording is sent', async () => {
    const [lost] = await archivedCalls(40)
    const key = keysOf(lost.recordingId).sidecar
    world.s3Faults = (request) =>
      request.operation === 'GetObject' && request.key === key
        ? { kind: 'error', status: 404, code: 'NoSuchKey' }
        : undefined
    await sweep()
    expect(await attested()).toEqual([])
    expect((await accountOf(world)).get(lost.recordingId)).toMatchObject({
      line: 'refused',
      reason: 'its sidecar is no longer in the bucket',
    })
    expect(await pendingOf(world)).toContain(DAY)
    clock.advance(HOUR_MS)
    await sweep()
    expect(await queuedIds(world)).toEqual([lost.recordingId])
    expect(await attested()).toEqual([])
    world.s3Faults = () => undefined
    clock.advance(HOUR_MS)
    await sweep()
    expect(await attested()).toMatchObject([{ counts: { archived: 40 } }])
  })
})

describe('a sidecar that says another day than the list', () => {
  const sweepThree = () => sweepToEnd(world, { clock, event: { sweep: 'recent', days: 3 } })
  /** Ids that a day's latest attestation names. */
  const attestedOn = async (day: string): Promise<string[]> => {
    const ledger = await ledgerOf(world, day)
    const { archived } = await world.json((ledger['attestation'] as { key: string }).key)
    return (archived as string[]).map((line) => line.slice(0, 36))
  }
  let others: BirdCall[]
  let moved: BirdCall
  beforeEach(async () => {
    others = await archivedCalls(2)
    moved = callAt('2026-03-08T10:00:00Z')
    world.setCalls([...others, moved])
    await world.archived({ ...moved, metadata: { ...moved.metadata, createdAt: `${DAY}T10:00:00Z` } })
  })

  it('has its recording attested, and counted, with the day that it says itself', async () => {
    await sweepThree()
    expect(await attestedOn('2026-03-08')).toEqual([])
    expect(await attestedOn(DAY)).toEqual(idsOf([...others, moved]))
    expect((await accountOf(world)).get(moved.recordingId)).toMatchObject({ line: 'archived', window: DAY })
    expect(countsOf(await reportOf(world))).toEqual({ archived: 3 })
    const documents = (await attestationsOf(world)).size
    for (const late of ['2026-03-08T11:00:00Z', `${DAY}T11:00:00Z`].map((createdAt) => callAt(createdAt))) {
      world.setCalls([...world.calls, late])
      await world.archived(late)
      clock.advance(HOUR_MS)
      await sweepThree()
    }
    expect((await attestationsOf(world)).size).toBe(documents)
    expect(await attestedOn('2026-03-08')).toHaveLength(1)
    expect(await attestedOn(DAY)).toHaveLength(4)
    expect((await accountOf(world)).size).toBe(5)
    expect(await queuedIds(world)).toEqual([])
  })

  it('is remembered for as long as the list names it, should the ledger of its own day be lost', async () => {
    await sweepThree()
    const blank = writeLedger(emptyLedger(world.workspaceId, windowNamed(DAY)!))
    await world.put(`backfill/windows/${world.workspaceId}/${DAY}.json`, blank)
    clock.advance(HOUR_MS)
    await sweepThree()
    expect(await attestedOn(DAY)).toEqual(idsOf([...others, moved]))
  })
})
