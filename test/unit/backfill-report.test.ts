import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyLedger, type Entry, type Ledger } from '../../lib/backfill/ledger.ts'
import {
  addLedger,
  countAll,
  countLine,
  countUnexplained,
  isAttested,
  LINES,
  MOST_NAMED,
  oldestNotYet,
  type Report,
  startReport,
} from '../../lib/backfill/report.ts'
import { type Window, windowNamed } from '../../lib/backfill/window.ts'

const NOW = new Date('2026-10-05T12:00:00.000Z')
const RANGE = { from: new Date('2026-10-01'), to: new Date('2026-10-04') }
const DAY_MS = 86_400_000
const ago = (ms: number): Date => new Date(NOW.getTime() - ms)

const entry = (line: Entry['line'], reason: string, firstSeenAt = NOW, recordingId = 'a'): Entry => ({
  recordingId,
  line,
  reason,
  firstSeenAt,
})
const ledgerOf = (name: string, more: Partial<Ledger> = {}): Ledger => ({
  ...emptyLedger('ws', windowNamed(name) as Window),
  sweeps: 1,
  sweptAt: NOW,
  listed: { digest: 'one', complete: true, agreed: 2, strays: 0, nameless: 0 },
  ...more,
})
const attestedAs = (digest: string) => ({ key: 'k', digest, at: NOW })
function reportOf(...ledgers: Ledger[]): Report {
  const report = startReport('ws', RANGE)
  for (const ledger of ledgers) addLedger(report, ledger, NOW)
  return report
}
const groupsOf = (report: Report) =>
  Object.fromEntries([...report.lines].map(([line, groups]) => [line, Object.fromEntries(groups)]))

describe('a report', () => {
  it('begins with nothing', () => {
    const report = reportOf()
    expect(report).toMatchObject({ workspaceId: 'ws', range: RANGE, windows: 0, agreed: 0 })
    expect(LINES.map((line) => countLine(report, line))).toEqual([0, 0, 0, 0, 0, 0])
    expect([countAll(report), countUnexplained(report), isAttested(report)]).toEqual([0, 0, false])
    expect(oldestNotYet(report)).toBeUndefined()
  })

  it('counts by line and reason, over all windows, and since when', () => {
    const report = reportOf(
      ledgerOf('2026-10-01', {
        archived: ['b', 'c'],
        open: [
          entry('not-yet', 'ongoing', ago(2_000)),
          entry('not-yet', 'ongoing', ago(3_000)),
          entry('not-yet', 'paused', ago(1_000)),
        ],
      }),
      ledgerOf('2026-10-02', {
        archived: ['d'],
        open: [entry('not-yet', 'ongoing', ago(2_500)), entry('nothing-to-archive', 'absent')],
      }),
    )
    expect(groupsOf(report)).toEqual({
      archived: { archived: { count: 3, oldest: undefined } },
      'not-yet': { ongoing: { count: 3, oldest: ago(3_000) }, paused: { count: 1, oldest: ago(1_000) } },
      'nothing-to-archive': { absent: { count: 1, oldest: NOW } },
    })
    expect(LINES.map((line) => countLine(report, line))).toEqual([3, 0, 4, 1, 0, 0])
    expect(countAll(report)).toBe(8)
    expect(oldestNotYet(report)).toEqual(ago(3_000))
  })

  it('finds what Bird has not been done with for longest under whatever reason it stands', () => {
    const open = [
      entry('not-yet', 'paused', ago(1)),
      entry('not-yet', 'new', ago(3)),
      entry('not-yet', 'x', ago(2)),
    ]
    expect(oldestNotYet(reportOf(ledgerOf('2026-10-01', { open })))).toEqual(ago(3))
  })

  it('says nothing of a window that was split, for its parts do', () => {
    const split = ledgerOf('2026-10-01', { split: true, archived: ['a'], attestation: attestedAs('x') })
    expect(reportOf(split)).toEqual(startReport('ws', RANGE))
  })

  it('names windows that nobody has swept, and counts what is remembered there all the same', () => {
    const never = emptyLedger('ws', windowNamed('2026-10-02') as Window)
    const report = reportOf(never, {
      ...emptyLedger('ws', windowNamed('2026-10-03') as Window),
      open: [entry('not-yet', 'available')],
    })
    expect(report).toMatchObject({ unswept: ['2026-10-02', '2026-10-03'], windows: 0, agreed: 0 })
    expect(report.cutShort.size).toBe(0)
    expect(countAll(report)).toBe(1)
  })

  it('adds up what the lists have shown', () => {
    const listed = { digest: '', complete: false, fault: 'it broke', agreed: 0, strays: 2, nameless: 1 }
    const { fault: _, ...silent } = listed
    const report = reportOf(
      ledgerOf('2026-10-01', { listed }),
      ledgerOf('2026-10-02', { listed: { ...silent, agreed: 1, strays: 3, nameless: 4 } }),
      ledgerOf('2026-10-03', { listed: { ...silent, complete: true, agreed: 3 } }),
    )
    expect(report).toMatchObject({ windows: 3, strays: 7, nameless: 6, agreed: 1 })
    expect([...report.cutShort]).toEqual([
      ['2026-10-01', 'it broke'],
      ['2026-10-02', 'the list was not read to its end'],
    ])
    expect(countUnexplained(report)).toBe(0 + 6 + 2)
  })
})

describe('whether a range is attested', () => {
  const done = (name: string): Ledger => ledgerOf(name, { attestation: attestedAs(name) })
  it.each([
    ['every window is', [done('2026-10-01'), done('2026-10-02T00')], true],
    ['the only window is', [done('2026-10-01')], true],
    ['one is not', [done('2026-10-01'), ledgerOf('2026-10-02')], false],
    [
      'one was never swept',
      [done('2026-10-01'), emptyLedger('ws', windowNamed('2026-10-02') as Window)],
      false,
    ],
    ['there is none', [], false],
  ])('%s: %#', (_, ledgers, expected) => {
    expect(isAttested(reportOf(...ledgers))).toBe(expected)
  })

  it('is told with the digest of each window', () => {
    expect([...reportOf(done('2026-10-01'), ledgerOf('2026-10-02')).attested]).toEqual([
      ['2026-10-01', '2026-10-01'],
    ])
  })
})

describe('what a person has to look at', () => {
  it('is named with its window; what Bird is not done with is named apart', () => {
    const since = ago(DAY_MS + 1)
    const open = [
      entry('sent', 'available', since, 'a'),
      entry('sent', 'available', NOW, 'b'),
      entry('not-yet', 'ongoing', since, 'c'),
      entry('nothing-to-archive', 'absent', since, 'd'),
      entry('dead-lettered', 'given-up', since, 'e'),
      entry('dead-lettered', 'conflict', since, 'f'),
      entry('refused', 'unprocessable', since, 'g'),
    ]
    const report = reportOf(ledgerOf('2026-10-01', { open }))
    const window = '2026-10-01'
    const [overdue, , waiting, , , letter, refused] = open.map((one) => ({ ...one, window }))
    expect(report.unexplained).toEqual([overdue, letter, refused])
    expect(report.notYet).toEqual([waiting])
    expect(countUnexplained(report)).toBe(3)
  })

  it('is named up to a thousand times and counted further, so that a report stays small', () => {
    const many = (line: Entry['line']): Entry[] =>
      Array.from({ length: 700 }, (_, index) => entry(line, 'x', NOW, `${line}-${index}`))
    const ledgers = ['2026-10-01', '2026-10-02'].map((name) =>
      ledgerOf(name, { open: [...many('refused'), ...many('not-yet')] }),
    )
    const report = reportOf(...ledgers)
    expect(MOST_NAMED).toBe(1_000)
    expect([report.unexplained.length, report.notYet.length]).toEqual([MOST_NAMED, MOST_NAMED])
    expect(report.unexplained.at(-1)).toMatchObject({ recordingId: 'refused-299', window: '2026-10-02' })
    expect([report.unexplainedCount, countLine(report, 'not-yet')]).toEqual([1_400, 1_400])
  })
})

describe('the lines of a report, whatever ledgers go in,', () => {
  const lines = ['sent', 'not-yet', 'nothing-to-archive', 'dead-lettered', 'refused'] as const
  const entries: fc.Arbitrary<Entry> = fc.record({
    recordingId: fc.uuid(),
    line: fc.constantFrom(...lines),
    reason: fc.oneof(fc.string(), fc.constantFrom('archived', 'given-up', 'toString', '__proto__')),
    firstSeenAt: fc.nat(1e9).map(ago),
  })
  const ledgers = fc
    .record({
      split: fc.boolean(),
      sweptAt: fc.option(fc.constant(NOW)),
      archived: fc.array(fc.uuid(), { maxLength: 5 }),
      open: fc.array(entries, { maxLength: 8 }),
      window: fc.constantFrom('2026-10-01', '2026-10-02', '2026-10-03T07'),
    })
    .map(({ window, ...more }) => ledgerOf(window, more))

  it('add up to all recordings, and so do the reasons of each line', () => {
    fc.assert(
      fc.property(fc.array(ledgers, { maxLength: 6 }), (held) => {
        const report = reportOf(...held)
        const told = held.filter(({ split }) => !split)
        const expected = (line: string): number =>
          told.reduce(
            (sum, { archived, open }) =>
              sum + (line === 'archived' ? archived.length : open.filter((one) => one.line === line).length),
            0,
          )
        expect(LINES.map((line) => countLine(report, line))).toEqual(LINES.map(expected))
        expect(countAll(report)).toBe(
          told.reduce((sum, { archived, open }) => sum + archived.length + open.length, 0),
        )
        expect(report.windows + report.unswept.length).toBe(told.length)
        expect([...report.lines.keys()].filter((line) => !LINES.includes(line))).toEqual([])
      }),
    )
  })
})
