import { describe, expect, it } from 'vitest'
import { remember } from '../../lib/backfill/account.ts'
import { emptyLedger, type Entry, type Ledger } from '../../lib/backfill/ledger.ts'
import { type Window, windowNamed } from '../../lib/backfill/window.ts'

const DAY = windowNamed('2026-10-01') as Window
const NOW = new Date('2026-10-03T12:00:00.000Z')
const EARLIER = new Date('2026-10-02T12:00:00.000Z')
const CREATED = new Date('2026-10-01T08:00:00.000Z')
const [A, B, C] = ['a', 'b', 'c'] as const

const entry = (recordingId: string, more: Partial<Entry> = {}): Entry => ({
  recordingId,
  createdAt: CREATED,
  line: 'not-yet',
  reason: 'ongoing',
  firstSeenAt: EARLIER,
  ...more,
})
const ledgerOf = (archived: readonly string[], open: readonly Entry[]): Ledger => ({
  ...emptyLedger('ws', DAY),
  archived,
  open,
})

describe('recordings that were listed elsewhere', () => {
  const listed = { recordingId: C, status: 'available', createdAt: CREATED, durationSeconds: 1 }
  const attestation = { key: 'k', digest: 'd', at: EARLIER }

  it('are remembered where they belong, and the window is to be attested anew', () => {
    const before = { ...ledgerOf([A], [entry(B)]), attestation }
    expect(remember(before, [listed], NOW)).toEqual({
      ...before,
      open: [entry(B), entry(C, { reason: 'available', firstSeenAt: NOW })],
      attestation: null,
    })
  })

  it('change nothing where they are known', () => {
    const before = { ...ledgerOf([A, C], [entry(B)]), attestation }
    expect(remember(before, [listed, { ...listed, recordingId: B }], NOW)).toBe(before)
    const moved = { ...before, archived: [A], elsewhere: [{ recordingId: C, createdAt: NOW }] }
    expect(remember(moved, [listed], NOW)).toBe(moved)
  })

  it.each(['available', 'ongoing', 'unheard of'])(
    'are looked at again where they had no audio, and are now %s',
    (status) => {
      const nothing = entry(C, { line: 'nothing-to-archive', reason: 'failed' })
      const before = { ...ledgerOf([A], [nothing, entry(B)]), attestation }
      expect(remember(before, [{ ...listed, status: 'absent' }], NOW)).toBe(before)
      expect(remember(before, [{ ...listed, status }], NOW)).toEqual({
        ...before,
        open: [entry(C, { line: 'not-yet', reason: status }), entry(B)],
        attestation: null,
      })
    },
  )
})
