import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyLedger, type Entry, inherit, type Ledger } from '../../lib/backfill/ledger.ts'
import { splitWindow, type Window, windowNamed } from '../../lib/backfill/window.ts'

const DAY = windowNamed('2026-10-01') as Window
const NOW = new Date('2026-10-03T12:00:00.000Z')
const ATTESTED = { key: 'k', digest: 'd', at: NOW }
const LATE = new Date('2026-10-01T23:59:59.999Z')
const NOTHING_KNOWN = new Map<string, Date>()

const entry = (recordingId: string, more: Partial<Entry> = {}): Entry => ({
  recordingId,
  line: 'refused',
  reason: 'gone',
  firstSeenAt: NOW,
  ...more,
})
const ledgerOf = (more: Partial<Ledger>): Ledger => ({ ...emptyLedger('ws', DAY), ...more })

/** Within the day and around it, or not told. */
const moments = fc.option(
  fc.date({
    min: new Date('2026-09-29T00:00:00Z'),
    max: new Date('2026-10-03T00:00:00Z'),
    noInvalidDate: true,
  }),
  { nil: undefined },
)
const recordings = fc.uniqueArray(
  fc.record({ id: fc.uuid(), createdAt: moments, isArchived: fc.boolean(), sentAt: moments }),
  { selector: ({ id }) => id },
)

describe('a window that is split', () => {
  it.each(['2026-10-01', '2026-10-01T05'])('hands each recording of %s to exactly one part', (name) => {
    const whole = windowNamed(name) as Window
    fc.assert(
      fc.property(recordings, (all) => {
        const archived = all.filter(({ isArchived }) => isArchived)
        const createdAt = new Map(archived.flatMap(({ id, createdAt: at }) => (at ? [[id, at]] : [])))
        const open = all.flatMap(({ id, createdAt: at, isArchived, sentAt }) =>
          isArchived ? [] : [entry(id, { ...(at && { createdAt: at }), ...(sentAt && { sentAt }) })],
        )
        const before = { ...emptyLedger('ws', whole), archived: archived.map(({ id }) => id), open }
        const parts = splitWindow(whole).map((part) => {
          const edit = inherit(before, createdAt, part)
          return edit?.(emptyLedger('ws', part)) ?? emptyLedger('ws', part)
        })
        const inherited = parts.flatMap((ledger) => ledger.open)
        expect(inherited).toHaveLength(open.length)
        expect(new Set(inherited)).toEqual(new Set(open))
        expect(parts.flatMap((ledger) => ledger.archived).toSorted()).toEqual(before.archived.toSorted())
      }),
    )
  })

  it('hands it to the part that holds its moment, and to the first what nobody knows the moment of', () => {
    const heirsOf = (whole: Partial<Ledger>, createdAt: ReadonlyMap<string, Date> = NOTHING_KNOWN) =>
      splitWindow(DAY).flatMap((part) => {
        const edit = inherit(ledgerOf(whole), createdAt, part)
        const { archived, open } = edit?.(emptyLedger('ws', part)) ?? { archived: [], open: [] }
        return [...archived, ...open.map(({ recordingId }) => recordingId)].map((id) => [part.name, id])
      })
    expect(heirsOf({ open: [entry('a', { createdAt: LATE }), entry('b')] })).toEqual([
      ['2026-10-01T00', 'b'],
      ['2026-10-01T23', 'a'],
    ])
    const outside = new Date('2026-10-02T00:00:00.000Z')
    const createdAt = new Map([
      ['a', LATE],
      ['c', outside],
    ])
    expect(heirsOf({ archived: ['a', 'b', 'c'] }, createdAt)).toEqual([
      ['2026-10-01T00', 'b'],
      ['2026-10-01T00', 'c'],
      ['2026-10-01T23', 'a'],
    ])
  })

  it('adds to a part only what that does not know, and has the part attested anew', () => {
    const part = windowNamed('2026-10-01T00') as Window
    const whole = ledgerOf({ archived: ['c', 'd'], open: [entry('a')] })
    const edit = inherit(whole, NOTHING_KNOWN, part)
    const attested = { ...emptyLedger('ws', part), attestation: ATTESTED }
    expect(edit?.(attested)).toEqual({
      ...attested,
      archived: ['c', 'd'],
      open: [entry('a')],
      attestation: null,
    })
    expect(edit?.({ ...attested, archived: ['e', 'a'], open: [entry('d', { line: 'sent' })] })).toEqual({
      ...attested,
      archived: ['a', 'c', 'e'],
      open: [entry('d', { line: 'sent' })],
      attestation: null,
    })
    const knowing = { ...attested, archived: ['a', 'd'], open: [entry('c')] }
    expect(edit?.(knowing)).toBe(knowing)
  })
})
