import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyLedger, writeLedger } from '../../lib/backfill/ledger.ts'
import { windowNamed } from '../../lib/backfill/window.ts'
import type { BirdCall } from '../../lib/sandbox/bird-recording.ts'
import {
  accountOf,
  attestationsOf,
  countsOf,
  createTestClock,
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
import { callAt } from '../helpers/listed-calls.ts'

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
const attested = async (day = DAY) => (await attestationsOf(world)).get(day) ?? []
/** Calls of the day, archived all of them. */
async function archivedCalls(count: number): Promise<BirdCall[]> {
  const calls = Array.from({ length: count }, (_, at) => callAt(new Date(Date.UTC(2026, 2, 9, 8, at))))
  world.setCalls(calls)
  await world.archiveAll(calls)
  return calls
}
/** How often the list of a day was asked for, by its first pages. */
function listingsOf(day: string): number {
  return world.requests.bird.filter(
    ({ query: { startAt, pageToken } }) =>
      pageToken === undefined && startAt === new Date(Date.parse(day) - HOUR_MS).toISOString(),
  ).length
}
/** What `sort | sha256sum` gives over a line for each sidecar in the bucket. */
async function digestOfSidecars(): Promise<string> {
  const lines: string[] = []
  for (const key of await world.keys('recordings/')) {
    const { recordingId, audio } = await world.json(key)
    lines.push(`${recordingId} ${audio.sha256}\n`)
  }
  return createHash('sha256').update(lines.toSorted().join('')).digest('hex')
}

describe('a day that is over, with all of its recordings archived', () => {
  it('is attested once two listings agree, with a digest that anybody can make from the sidecars', async () => {
    const calls = await archivedCalls(130)
    await sweep()
    const [attestation, ...others] = await attested()
    expect(others).toEqual([])
    const lines = attestation?.['archived'] as string[]
    expect(lines.map((line) => line.slice(0, 36))).toEqual(idsOf(calls))
    expect(attestation).toMatchObject({
      workspaceId: world.workspaceId,
      window: { name: DAY, from: `${DAY}T00:00:00.000Z`, to: '2026-03-10T00:00:00.000Z' },
      counts: { recordings: 130, archived: 130, archivedBytes: 130 * 240_000, nothingToArchive: 0 },
      digest: { algorithm: 'SHA-256', value: await digestOfSidecars() },
      exceptions: [],
      listingsAgreed: 2,
      attestedAt: NOW,
    })
    const { key, digest } = (await ledgerOf(world, DAY))['attestation'] as Record<string, string>
    expect([key, digest]).toEqual([attestation?.['key'], await digestOfSidecars()])
    expect(listingsOf(DAY)).toBe(2)
    expect(await reportOf(world)).toMatchObject({ windows: { swept: 2, attested: 1 } })
  })

  it('is not attested before an hour has passed since its end, and today never is', async () => {
    await archivedCalls(1)
    clock = createTestClock('2026-03-10T00:59:59.999Z')
    world.now = clock.now
    await sweep()
    expect(await attestationsOf(world)).toEqual(new Map())
    clock.advance(1)
    await sweep()
    expect([...(await attestationsOf(world)).keys()]).toEqual([DAY])
    clock.advance(22 * HOUR_MS)
    await sweep()
    expect([...(await attestationsOf(world)).keys()]).toEqual([DAY])
    expect(await pendingOf(world)).toEqual(['2026-03-10'])
  })

  it('is listed until two listings in a row agree, and what comes in between is part of it', async () => {
    const [first, second] = await archivedCalls(2)
    world.setCalls([first!])
    world.birdFaults = () => {
      if (listingsOf(DAY) === 2) world.setCalls([first!, second!])
      return undefined
    }
    await sweep()
    expect(listingsOf(DAY)).toBe(3)
    expect(await attested()).toMatchObject([{ counts: { recordings: 2 }, listingsAgreed: 2 }])
  })

  it('stays unattested while no two listings agree, and says so', async () => {
    const calls = await archivedCalls(20)
    world.birdFaults = ({ operation }) => {
      if (operation === 'listRecordings') world.setCalls(calls.slice(0, 1 + (listingsOf(DAY) % 2)))
      return undefined
    }
    await sweep()
    expect(await attested()).toEqual([])
    expect(await ledgerOf(world, DAY)).toMatchObject({ listed: { agreed: 1 }, attestation: null })
    expect(await reportOf(world)).toMatchObject({ completeness: { sure: false }, attestedDigest: null })
    world.birdFaults = () => undefined
    clock.advance(HOUR_MS)
    await sweep()
    expect(await attested()).toHaveLength(1)
  })
})

describe('the same facts', () => {
  it('are attested once, however often they are swept, and listed once a sweep from then on', async () => {
    await archivedCalls(3)
    await sweep()
    const [attestation] = await attested()
    world.requests.reset()
    clock.advance(HOUR_MS)
    await sweep()
    expect(await attested()).toEqual([attestation])
    expect(listingsOf(DAY)).toBe(1)
    expect(world.requests.s3.filter(({ key }) => key.startsWith('recordings/'))).toEqual([])
  })

  it('are attested once also where the ledger has to be begun anew', async () => {
    await archivedCalls(3)
    await sweep()
    const [attestation] = await attested()
    const blank = writeLedger(emptyLedger(world.workspaceId, windowNamed(DAY)!))
    await world.put(`backfill/windows/${world.workspaceId}/${DAY}.json`, blank)
    clock.advance(HOUR_MS)
    await sweep()
    expect(await attested()).toEqual([attestation])
    expect((await ledgerOf(world, DAY))['attestation']).toMatchObject({ key: attestation?.['key'] })
  })

  it('remain when Bird deletes what is archived', async () => {
    const [kept] = await archivedCalls(3)
    await sweep()
    const [attestation] = await attested()
    world.setCalls([kept!])
    clock.advance(HOUR_MS)
    await sweep()
    expect(await attested()).toEqual([attestation])
    expect((await ledgerOf(world, DAY))['attestation']).toMatchObject({ key: attestation?.['key'] })
    expect(countsOf(await reportOf(world))).toEqual({ archived: 3 })
  })
})

describe('a recording that turns up in a day that was attested', () => {
  it('is sent, and there is a second attestation beside the first when it is archived', async () => {
    const calls = await archivedCalls(2)
    await sweep()
    const [first] = await attested()
    const late = callAt(`${DAY}T23:00:00Z`)
    world.setCalls([...calls, late])
    clock.advance(HOUR_MS)
    await sweep()
    expect(await queuedIds(world)).toEqual([late.recordingId])
    expect(await attested()).toEqual([first])
    expect(await ledgerOf(world, DAY)).toMatchObject({ attestation: null, archived: idsOf(calls) })
    expect(await pendingOf(world)).toContain(DAY)

    await world.archiveQueued()
    clock.advance(HOUR_MS)
    await sweep()
    const both = await attested()
    expect(both).toHaveLength(2)
    expect(both).toContainEqual(first)
    const second = both.find(({ key }) => key !== first?.['key'])
    expect(second).toMatchObject({ counts: { recordings: 3 }, digest: { value: await digestOfSidecars() } })
    expect((await ledgerOf(world, DAY))['attestation']).toMatchObject({ key: second?.['key'] })
    expect((await accountOf(world)).get(late.recordingId)).toMatchObject({ line: 'archived' })
  })
})
