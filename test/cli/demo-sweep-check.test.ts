import { expect, test } from 'vitest'
import { readAttestation, writeAttestation } from '../../lib/backfill/attest.ts'
import { emptyLedger, type Entry, type Ledger } from '../../lib/backfill/ledger.ts'
import { addLedger, startReport } from '../../lib/backfill/report.ts'
import { type Window, windowNamed } from '../../lib/backfill/window.ts'
import { checkSweep, type SweptDays } from '../../lib/cli/demo/sweep-check.ts'
import type { DemoPlan } from '../../lib/cli/demo/plan.ts'
import type { Call, Ending } from '../../lib/sandbox/calls.ts'

const NOW = new Date('2026-03-12T12:00:00Z')
const EMPTY = { digest: '', complete: true, agreed: 2, strays: 0, nameless: 0 }

const callOf = (recordingId: string, createdAt: string, expected: Ending): Call =>
  ({ recordingId, metadata: { createdAt }, expected }) as unknown as Call

/** Two days that are over, the second with a dead letter, and today. */
const plan: DemoPlan = {
  calls: [
    callOf('a', '2026-03-10T08:00:00Z', 'archived'),
    callOf('b', '2026-03-10T09:00:00Z', 'nothing-to-archive'),
    callOf('c', '2026-03-11T08:00:00Z', 'archived'),
    callOf('d', '2026-03-11T09:00:00Z', 'dead-letter'),
    callOf('e', '2026-03-12T08:00:00Z', 'archived'),
  ],
  deliveries: [],
  toArchive: ['a', 'c', 'e'].map((recordingId) => ({
    recordingId,
    bytes: 1,
    sha256: `sha-of-${recordingId}`,
  })),
  toSkip: ['b'],
  // One names a recording that Bird never had, one nothing at all.
  toRefuse: ['d', 'unknown', undefined].map((recordingId) => ({
    body: '',
    form: 'uuid',
    ...(recordingId !== undefined && { recordingId }),
    expected: 'dead-letter',
  })),
  phoneNumbers: [],
}

const entryOf = (recordingId: string, line: Entry['line'], reason: string): Entry => ({
  recordingId,
  line,
  reason,
  firstSeenAt: NOW,
})

function ledgerOf(name: string, archived: readonly string[], open: readonly Entry[]): Ledger {
  const swept = { ...emptyLedger('workspace', windowOf(name)), sweeps: 1, sweptAt: NOW, listed: EMPTY }
  return { ...swept, archived, open }
}

function windowOf(name: string): Window {
  const window = windowNamed(name)
  if (window === undefined) throw new Error(`${name} is no window`)
  return window
}

/** The ledger as attested, and the attestation as it is read again. */
function attest(
  ledger: Ledger,
  sha256Of = (id: string) => `sha-of-${id}`,
): { ledger: Ledger; read: ReturnType<typeof readAttestation> } {
  const { text, digest } = writeAttestation({
    workspaceId: 'workspace',
    window: windowOf(ledger.window),
    evidence: ledger.archived.map((recordingId) => ({
      recordingId,
      sha256: sha256Of(recordingId),
      bytes: 1,
    })),
    exceptions: ledger.open,
    listingsAgreed: 2,
    now: NOW,
    version: '1',
  })
  return {
    ledger: { ...ledger, attestation: { key: 'key', digest, at: NOW } },
    read: readAttestation(text),
  }
}

const FIRST = ledgerOf('2026-03-10', ['a'], [entryOf('b', 'nothing-to-archive', 'absent')])
const SECOND = ledgerOf('2026-03-11', ['c'], [entryOf('d', 'dead-lettered', 'unprocessable')])
const TODAY = ledgerOf('2026-03-12', ['e'], [])

function sweptWith(
  ledgers: readonly Ledger[],
  attested: readonly ReturnType<typeof attest>[],
  more: Partial<SweptDays> = {},
): SweptDays {
  const range = { from: windowOf('2026-03-10').from, to: windowOf('2026-03-12').to }
  const standing = new Map(ledgers.map((ledger) => [ledger.window, ledger]))
  for (const { ledger } of attested) standing.set(ledger.window, ledger)
  const report = startReport('workspace', range)
  for (const ledger of standing.values()) addLedger(report, ledger, NOW)
  return {
    range,
    report,
    ledgers: [...standing.values()],
    attestations: new Map(attested.map(({ ledger, read }) => [ledger.window, read])),
    listed: ['a', 'b', 'c', 'd', 'e'],
    startedAt: NOW,
    finishedAt: NOW,
    why: 'finished',
    failures: [],
    ...more,
  }
}

const RIGHT = [FIRST, SECOND, TODAY]

test('a sweep that has every recording in its line, and attests what is complete, is right', () => {
  expect(checkSweep(sweptWith(RIGHT, [attest(FIRST)]), plan)).toEqual([])
})

test('a day whose dead letter was given up may be attested', () => {
  const givenUp = { ...SECOND, open: [entryOf('d', 'dead-lettered', 'given-up')] }
  expect(checkSweep(sweptWith(RIGHT, [attest(FIRST), attest(givenUp)]), plan)).toEqual([])
})

test('a day that has only just ended need not be attested', () => {
  const earlier = new Date('2026-03-11T00:30:00Z')
  expect(checkSweep(sweptWith(RIGHT, [], { startedAt: earlier, finishedAt: earlier }), plan)).toEqual([])
})

const sent = { ...SECOND, archived: [], open: [...SECOND.open, entryOf('c', 'sent', 'available')] }
const lost = { ...SECOND, archived: [] }
const twice = { ...SECOND, archived: ['c', 'e'] }
const strange = { ...SECOND, open: [...SECOND.open, entryOf('x', 'refused', 'gone')] }

test.each([
  [
    'a recording that is in another line',
    sweptWith([FIRST, sent, TODAY], [attest(FIRST)]),
    ['the sweep found 1 recording sent in place of archived: c'],
  ],
  [
    'a recording that is in no line',
    sweptWith([FIRST, lost, TODAY], [attest(FIRST)]),
    ['the sweep found 1 recording in no line in place of archived: c'],
  ],
  [
    'a recording that is in two',
    sweptWith([FIRST, twice, TODAY], [attest(FIRST)]),
    ['the sweep found 1 recording archived and archived in place of archived: e'],
  ],
  [
    'a recording that nobody knows',
    sweptWith([FIRST, strange, TODAY], [attest(FIRST)]),
    ['the sweep found 1 recording not listed by Bird, refused and not planned: x'],
  ],
  [
    'recordings that Bird lists besides',
    sweptWith(RIGHT, [attest(FIRST)], { listed: 'abcdepqrs'.split('') }),
    ['the sweep found 4 recordings in no line and not planned: p, q, r, …'],
  ],
  [
    'a report that counts something else',
    sweptWith(RIGHT, [attest(FIRST)], { report: sweptWith([FIRST, sent, TODAY], []).report }),
    [
      "the sweep's report counts 2 archived, its ledgers 3",
      "the sweep's report counts 1 sent, its ledgers 0",
    ],
  ],
  [
    'a day that is complete and not attested',
    sweptWith(RIGHT, []),
    ['2026-03-10 is complete and was not attested'],
  ],
  [
    'a day with a dead letter that is attested',
    sweptWith(RIGHT, [attest(FIRST), attest(SECOND)]),
    ['2026-03-11 was attested and is not complete'],
  ],
  [
    'today, if it is attested',
    sweptWith(RIGHT, [attest(FIRST), attest(TODAY)]),
    ['2026-03-12 was attested and is not complete'],
  ],
  [
    'an attestation with other audio than Bird has',
    sweptWith(RIGHT, [attest(FIRST, () => 'another')]),
    ["the attestation of 2026-03-10 says something else than its ledger and Bird's audio"],
  ],
  [
    'an attestation that is not there',
    sweptWith(RIGHT, [{ ...attest(FIRST), read: readAttestation('') }]),
    ['the attestation of 2026-03-10 attests nothing: it is not JSON'],
  ],
  [
    'a sweep that was given up',
    sweptWith(RIGHT, [attest(FIRST)], {
      why: 'failing',
      failures: [{ window: '2026-03-10', reason: 'S3 is down' }],
    }),
    ['the sweep did not come to its end: failing', '2026-03-10 could not be swept: S3 is down'],
  ],
])('%s is told', (_, swept, violations) => {
  expect(checkSweep(swept, plan)).toEqual(violations)
})
