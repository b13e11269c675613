import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { emptyLedger, type Entry, type Ledger } from '../../lib/backfill/ledger.ts'
import {
  addLedger,
  type BirdCount,
  judgeCompleteness,
  type Report,
  startReport,
  writeReport,
} from '../../lib/backfill/report.ts'
import { splitWindow, type Window, windowNamed } from '../../lib/backfill/window.ts'

const NOW = new Date('2026-10-05T12:00:00.000Z')
const EARLIER = new Date('2026-10-04T08:00:00.000Z')
const RANGE = { from: new Date('2026-10-01'), to: new Date('2026-10-03') }
const windowOf = (name: string): Window => windowNamed(name) as Window

const ledgerOf = (name: string, more: Partial<Ledger> = {}): Ledger => ({
  ...emptyLedger('ws', windowOf(name)),
  sweeps: 1,
  sweptAt: NOW,
  listed: { digest: 'one', complete: true, agreed: 2, strays: 0, nameless: 0 },
  attestation: { key: 'k', digest: `digest of ${name}`, at: NOW },
  ...more,
})
const listed = (more: Partial<Ledger['listed']>) => ({
  listed: { digest: 'one', complete: true, agreed: 2, strays: 0, nameless: 0, ...more },
})
function reportOf(...ledgers: Ledger[]): Report {
  const report = startReport('ws', RANGE)
  for (const ledger of ledgers) addLedger(report, ledger, NOW)
  return report
}
const ONE = ledgerOf('2026-10-01')
const TWO = ledgerOf('2026-10-02')
const COUNTED: BirdCount = { counter: 12_345, known: 12_345, updatedAt: '2026-10-05' }

const GOOD = [
  'every day was swept (2)',
  'every list was read to its end',
  'two listings in a row named the same recordings in every window',
  "Bird's filter goes by createdAt, as the windows do",
  'every item of the list could be read',
  'Bird counts 12,345 recordings in all, 12,345 are known here',
]

describe('completeness', () => {
  it('is sure on every ground', () => {
    expect(judgeCompleteness(reportOf(ONE, TWO), COUNTED)).toEqual({
      sure: true,
      grounds: GOOD.map((text) => ({ holds: 'yes', text })),
    })
  })

  it.each([
    [0, '1 of 2 days were never swept, or not in full', [ONE, emptyLedger('ws', windowOf('2026-10-02'))]],
    [
      0,
      '2 of 2 days were never swept, or not in full',
      ['2026-10-01', '2026-10-02'].map((name) => emptyLedger('ws', windowOf(name))),
    ],
    [
      0,
      '1 of 2 days were never swept, or not in full',
      [ONE, ...splitWindow(windowOf('2026-10-02')).map((part) => emptyLedger('ws', part))],
    ],
    [1, 'the list of 1 windows broke off', [ONE, ledgerOf('2026-10-02', listed({ complete: false }))]],
    [
      2,
      'in 1 of 2 windows two listings are yet to agree',
      [ONE, ledgerOf('2026-10-02', listed({ agreed: 1 }))],
    ],
    [
      3,
      "3 recordings were listed far from the time that was asked for: they were looked after, but Bird's filter does not go by createdAt",
      [ledgerOf('2026-10-01', listed({ strays: 3 })), TWO],
    ],
    [4, '2 items of the list have no readable id', [ledgerOf('2026-10-01', listed({ nameless: 2 })), TWO]],
  ])('is not sure where ground %i is: %s', (index, text, ledgers) => {
    expect(judgeCompleteness(reportOf(...ledgers), COUNTED)).toEqual({
      sure: false,
      grounds: GOOD.map((good) => ({ holds: 'yes', text: good })).with(index, { holds: 'no', text }),
    })
  })

  const birds: [BirdCount, 'yes' | 'unknown', string][] = [
    [
      { counter: 9, known: 1_000, updatedAt: undefined },
      'yes',
      'Bird counts 9 recordings in all, 1,000 are known here',
    ],
    [
      { counter: 1_001, known: 1_000, updatedAt: undefined },
      'unknown',
      'Bird counts 1,001 recordings in all, 1,000 are known here: it may count deleted ones, or days before the first that was swept',
    ],
    [{ fault: 'get metrics: 500' }, 'unknown', "Bird's own count could not be had: get metrics: 500"],
    [undefined, 'unknown', "Bird's own count covers all time, and was not compared with this range"],
  ]
  it.each(birds)('stays sure beside what Bird counts, which proves nothing: %j', (bird, holds, text) => {
    const { sure, grounds } = judgeCompleteness(reportOf(ONE, TWO), bird)
    expect(sure).toBe(true)
    expect(grounds.at(-1)).toEqual({ holds, text })
  })
})

describe('the report as it is kept', () => {
  const entry = (recordingId: string, line: Entry['line'], reason: string): Entry => ({
    recordingId,
    line,
    reason,
    firstSeenAt: EARLIER,
  })

  it('says all of it in JSON, each line with its reasons, lines without any recording too', () => {
    const report = reportOf(
      ledgerOf('2026-10-01', {
        archived: ['a', 'b'],
        open: [entry('c', 'not-yet', 'ongoing'), entry('d', 'refused', 'unprocessable')],
        ...listed({ complete: false, fault: 'it broke off', agreed: 0 }),
        attestation: null,
      }),
      emptyLedger('ws', windowOf('2026-10-02')),
    )
    const text = writeReport(report, COUNTED, NOW, '1.2.3')
    const since = EARLIER.toISOString()
    const window = '2026-10-01'
    const none = { count: 0, reasons: [] }
    expect(text.endsWith('}\n')).toBe(true)
    expect(JSON.parse(text)).toEqual({
      schema: 'urn:bird-recording-archiver:backfill-report:1',
      workspaceId: 'ws',
      range: { from: '2026-10-01T00:00:00.000Z', to: '2026-10-03T00:00:00.000Z' },
      reportedAt: NOW.toISOString(),
      archiver: { name: 'bird-recording-archiver', version: '1.2.3' },
      recordings: 4,
      lines: {
        archived: { count: 2, reasons: [{ reason: 'archived', count: 2, since: null }] },
        sent: none,
        'not-yet': { count: 1, reasons: [{ reason: 'ongoing', count: 1, since }] },
        'nothing-to-archive': none,
        'dead-lettered': none,
        refused: { count: 1, reasons: [{ reason: 'unprocessable', count: 1, since }] },
      },
      windows: { swept: 1, attested: 0, unswept: ['2026-10-02'], cutShort: { '2026-10-01': 'it broke off' } },
      attestedDigest: null,
      completeness: judgeCompleteness(report, COUNTED),
      bird: COUNTED,
      notYet: [{ recordingId: 'c', line: 'not-yet', reason: 'ongoing', firstSeenAt: since, window }],
      unexplained: [
        { recordingId: 'd', line: 'refused', reason: 'unprocessable', firstSeenAt: since, window },
      ],
      unexplainedCount: 2,
    })
  })

  it('has one digest over all windows once each is attested, whatever order they came in', () => {
    const lines = '2026-10-01 digest of 2026-10-01\n2026-10-02 digest of 2026-10-02\n'
    const attestedDigest = createHash('sha256').update(lines).digest('hex')
    for (const report of [reportOf(ONE, TWO), reportOf(TWO, ONE)]) {
      const written = JSON.parse(writeReport(report, undefined, NOW, '1')) as object
      expect(written).toMatchObject({ attestedDigest, bird: null, windows: { swept: 2, attested: 2 } })
    }
  })
})
