import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createBackfillKeys } from '../../lib/backfill/keys.ts'
import { emptyLedger, type Entry, type Ledger, writeLedger } from '../../lib/backfill/ledger.ts'
import { windowNamed } from '../../lib/backfill/window.ts'
import type { Scope } from '../../lib/verify/order.ts'
import { runScope } from '../helpers/verify-run.ts'
import { type Kept, startVerifyWorld, VERIFY_WORKSPACE, type VerifyWorld } from '../helpers/verify-world.ts'

let world: VerifyWorld
beforeEach(async () => {
  world = await startVerifyWorld()
})
afterEach(() => world[Symbol.asyncDispose]())

const DAYS: Scope = { kind: 'days', from: new Date('2026-03-02'), to: new Date('2026-03-04') }

async function keepOn(...moments: string[]): Promise<Kept[]> {
  const kept: Kept[] = []
  for (const createdAt of moments) kept.push(await world.keep({ createdAt }))
  return kept
}

/** Writes the ledger that a sweep has left of a day. */
async function sweep(day: string, archived: readonly Kept[], more: Partial<Ledger> = {}): Promise<void> {
  const window = windowNamed(day)
  if (window === undefined) throw new Error(day)
  const ledger: Ledger = {
    ...emptyLedger(VERIFY_WORKSPACE, window),
    sweptAt: new Date('2026-03-10'),
    listed: { digest: 'x', complete: true, agreed: 2, strays: 0, nameless: 0 },
    archived: archived.map(({ id }) => id),
    ...more,
  }
  await world.put(createBackfillKeys('').ledger(VERIFY_WORKSPACE, day), writeLedger(ledger))
}

function gotAudio(): string[] {
  return world.requests.flatMap((request) => /^GetObject .*\/(.+)\.mp3$/.exec(request)?.[1] ?? []).toSorted()
}

const idsOf = (kept: readonly Kept[]): string[] => kept.map(({ id }) => id).toSorted()

describe('the recordings of some days', () => {
  it('are found in the ledgers where they cover them, and no other sidecar is read', async () => {
    const inside = await keepOn('2026-03-02T00:00:00Z', '2026-03-02T11:00:00Z', '2026-03-03T23:59:59.999Z')
    await keepOn('2026-03-01T23:59:59.999Z', '2026-03-04T00:00:00Z')
    await sweep('2026-03-02', inside.slice(0, 2))
    await sweep('2026-03-03', inside.slice(2))
    const { end, events } = await runScope(world, DAYS)
    expect(end.account.tally).toMatchObject({ recordings: 3, read: 3, mismatches: 0 })
    expect(events[0]).toEqual({ kind: 'began', total: 3 })
    expect(gotAudio()).toEqual(idsOf(inside))
    expect(world.requests.filter((request) => /^GetObject recordings.*json$/.test(request))).toHaveLength(3)
  })

  it('are missed where the ledger has them as archived and nothing is there', async () => {
    const [there, gone] = await keepOn('2026-03-02T01:00:00Z', '2026-03-02T02:00:00Z')
    if (there === undefined || gone === undefined) throw new Error('not kept')
    const never: Entry = {
      recordingId: '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd',
      line: 'nothing-to-archive',
      reason: 'absent',
      firstSeenAt: new Date('2026-03-03'),
    }
    const arrived = { ...never, recordingId: there.id, line: 'sent', reason: 'sent' } as const
    const id = 'f3c6b9a1-7d05-4d2e-9a3b-0c1d2e3f4a5b'
    await sweep('2026-03-02', [{ ...gone, id }], { open: [never, arrived] })
    await sweep('2026-03-03', [])
    const { end } = await runScope(world, DAYS)
    expect(end.account.tally).toMatchObject({ recordings: 2, read: 1, mismatches: 1, unread: 0 })
    expect(end.account.mismatches).toMatchObject([
      { recordingId: id, findings: [{ kind: 'missing-sidecar' }, { kind: 'missing-audio' }] },
    ])
  })

  it.each<[string, Partial<Ledger> | undefined]>([
    ['were never swept', undefined],
    [
      'were not listed to the end',
      { listed: { digest: '', complete: false, agreed: 0, strays: 0, nameless: 0 } },
    ],
  ])('are found by every sidecar where they %s, and that is said', async (_, ledger) => {
    const inside = await keepOn('2026-03-02T00:00:00Z', '2026-03-03T23:59:59.999Z')
    await keepOn('2026-03-01T23:59:59.999Z', '2026-03-04T00:00:00Z')
    await sweep('2026-03-02', [])
    if (ledger !== undefined) await sweep('2026-03-03', [], ledger)
    const { end, events } = await runScope(world, DAYS)
    expect(events.slice(0, 2)).toEqual([
      { kind: 'uncovered', window: '2026-03-03' },
      { kind: 'began', total: undefined },
    ])
    expect(end.account.tally).toMatchObject({ recordings: 2, read: 2, mismatches: 0 })
    expect(gotAudio()).toEqual(idsOf(inside))
  })
})
