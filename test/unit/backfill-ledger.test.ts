import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  emptyLedger,
  type Entry,
  isUnchanged,
  type Ledger,
  noteListing,
  readLedger,
  writeLedger,
} from '../../lib/backfill/ledger.ts'
import { type Window, windowNamed } from '../../lib/backfill/window.ts'

const DAY = windowNamed('2026-10-01') as Window
const NOW = new Date('2026-10-03T12:00:00.000Z')

const entry = (line: Entry['line'], reason: string, more: Partial<Entry> = {}): Entry => ({
  recordingId: 'a',
  line,
  reason,
  firstSeenAt: NOW,
  ...more,
})
const ATTESTED = { key: 'k', digest: 'd', at: NOW }
const COMPLETE = { digest: 'one', complete: true, agreed: 2, strays: 0, nameless: 0 }
const ledgerOf = (more: Partial<Ledger> = {}): Ledger => ({ ...emptyLedger('ws', DAY), ...more })

const LINES = ['sent', 'not-yet', 'nothing-to-archive', 'dead-lettered', 'refused'] as const
const dates = fc.date({
  min: new Date('2026-09-29T00:00:00Z'),
  max: new Date('2026-10-03T00:00:00Z'),
  noInvalidDate: true,
})
const entries: fc.Arbitrary<Entry> = fc.record(
  {
    recordingId: fc.uuid(),
    createdAt: dates,
    line: fc.constantFrom(...LINES),
    reason: fc.string(),
    firstSeenAt: dates,
    sentAt: dates,
  },
  { requiredKeys: ['recordingId', 'line', 'reason', 'firstSeenAt'] },
)
const counts = fc.nat(100_000)
const ledgers: fc.Arbitrary<Ledger> = fc.record({
  schema: fc.constant(emptyLedger('ws', DAY).schema),
  workspaceId: fc.string(),
  window: fc.constantFrom('2026-10-01', '2026-10-01T05', '2026-10-01T0507'),
  split: fc.boolean(),
  sweeps: counts,
  sweptAt: fc.option(dates),
  listed: fc.record(
    {
      digest: fc.string(),
      complete: fc.boolean(),
      fault: fc.string(),
      agreed: counts,
      strays: counts,
      nameless: counts,
    },
    { requiredKeys: ['digest', 'complete', 'agreed', 'strays', 'nameless'] },
  ),
  archived: fc.array(fc.uuid()),
  open: fc.array(entries),
  elsewhere: fc.array(fc.record({ recordingId: fc.uuid(), createdAt: dates })),
  attestation: fc.option(fc.record({ key: fc.string(), digest: fc.string(), at: dates })),
})

describe('a ledger', () => {
  it('is read as it was written, on one line', () => {
    fc.assert(
      fc.property(ledgers, (ledger) => {
        const text = writeLedger(ledger)
        expect(text.indexOf('\n')).toBe(text.length - 1)
        expect(readLedger(text)).toEqual({ ok: true, ledger })
      }),
    )
  })

  it('of a window that nobody has swept says so', () => {
    expect(emptyLedger('ws', DAY)).toEqual({
      schema: 'urn:bird-recording-archiver:backfill-window:1',
      workspaceId: 'ws',
      window: '2026-10-01',
      split: false,
      sweeps: 0,
      sweptAt: null,
      listed: { digest: '', complete: false, agreed: 0, strays: 0, nameless: 0 },
      archived: [],
      open: [],
      elsewhere: [],
      attestation: null,
    })
  })

  it('of a version that did not know of sidecars that are of another window can be read', () => {
    const { elsewhere: _, ...older } = ledgerOf({ archived: ['a'] })
    expect(readLedger(JSON.stringify(older))).toEqual({ ok: true, ledger: ledgerOf({ archived: ['a'] }) })
  })

  it.each([
    ['schema', { schema: 'urn:bird-recording-archiver:backfill-window:2' }],
    ['window', { window: '2026-02-30' }],
    ['window', { window: 'pending-windows' }],
    ['sweptAt', { sweptAt: 'yesterday' }],
    ['listed.agreed', { listed: { ...COMPLETE, agreed: '2' } }],
    ['archived.0', { archived: [7] }],
    ['open.1.line', { open: [entry('sent', ''), { ...entry('sent', ''), line: 'archived' }] }],
    ['elsewhere.0.createdAt', { elsewhere: [{ recordingId: 'a', createdAt: 'then' }] }],
    ['open.0.firstSeenAt', { open: [{ ...entry('sent', ''), firstSeenAt: 'then' }] }],
    ['attestation.at', { attestation: { ...ATTESTED, at: '' } }],
  ])('of another form is refused, and told where it differs: %s', (path, more) => {
    const read = readLedger(JSON.stringify({ ...ledgerOf(), ...more }))
    expect(read).toEqual({ ok: false, reason: `it has an unknown form at ${path}` })
  })

  it('is refused that is something else', () => {
    expect(readLedger('{"schema":')).toEqual({ ok: false, reason: 'it is not JSON' })
    expect(readLedger('[]')).toMatchObject({ ok: false })
    expect(readLedger('null')).toEqual({ ok: false, reason: 'it has an unknown form at its root' })
  })
})

describe('what a survey came to', () => {
  const listing = (digest: string, strays = 0, nameless = 0) => ({
    digest: () => digest,
    strays: new Map(
      Array.from({ length: strays }, (_, index) => {
        const recordingId = String(index)
        const listed = { recordingId, status: 'available', createdAt: NOW, durationSeconds: undefined }
        return [recordingId, listed] as const
      }),
    ),
    nameless,
  })
  const before = (digest: string, agreed: number) => ({ ...COMPLETE, digest, agreed })

  it.each([
    ['the same as before', before('one', 1), undefined, 2],
    ['the same for the fourth time', before('one', 3), undefined, 4],
    ['something else than before', before('other', 5), undefined, 1],
    ['the same as one that broke off', { ...before('one', 0), complete: false, fault: 'x' }, undefined, 1],
    ['something for the first time', emptyLedger('ws', DAY).listed, undefined, 1],
    ['the same as before, but broke off', before('one', 3), 'it broke off', 0],
  ])('%s: %j, %s: %i agree', (_, held, fault, agreed) => {
    expect(noteListing(held, listing('one', 3, 2), fault)).toEqual({
      digest: 'one',
      complete: fault === undefined,
      ...(fault !== undefined && { fault }),
      agreed,
      strays: 3,
      nameless: 2,
    })
  })

  it.each([
    ['says what it said when the window was attested', true, ATTESTED, COMPLETE],
    ['says the same of a window that is not attested', false, null, COMPLETE],
    ['says something else', false, ATTESTED, { ...COMPLETE, digest: 'other' }],
    ['broke off', false, ATTESTED, { ...COMPLETE, complete: false }],
    ['names something that has no id', false, ATTESTED, { ...COMPLETE, nameless: 1 }],
  ])('%s, so nothing is to be done: %s', (_, expected, attestation, listed) => {
    const ledger = ledgerOf({ attestation, listed: COMPLETE })
    expect(isUnchanged(ledger, listed, { unreadable: new Map() })).toBe(expected)
  })

  it('names an item that cannot be read, which is looked at unless it is archived', () => {
    const ledger = ledgerOf({ attestation: ATTESTED, listed: COMPLETE, archived: ['a', 'b'] })
    const unreadable = (...ids: string[]) => ({ unreadable: new Map(ids.map((id) => [id, 'status'])) })
    expect(isUnchanged(ledger, COMPLETE, unreadable('b', 'a'))).toBe(true)
    expect(isUnchanged(ledger, COMPLETE, unreadable('a', 'c'))).toBe(false)
    const elsewhere = [{ recordingId: 'c', createdAt: NOW }]
    expect(isUnchanged({ ...ledger, elsewhere }, COMPLETE, unreadable('a', 'c'))).toBe(true)
  })
})
