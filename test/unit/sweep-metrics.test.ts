import { describe, expect, it } from 'vitest'
import { emptyLedger, type Entry, type Ledger } from '../../lib/backfill/ledger.ts'
import { addLedger, type Report, startReport } from '../../lib/backfill/report.ts'
import { type Window, windowNamed } from '../../lib/backfill/window.ts'
import { type SweepCount, toSweepMetrics } from '../../lib/sweep-metrics.ts'

interface Line extends Record<string, unknown> {
  _aws: {
    Timestamp: number
    CloudWatchMetrics: {
      Namespace: string
      Dimensions: string[][]
      Metrics: { Name: string; Unit: string }[]
    }[]
  }
}

const NOW = new Date('2026-10-05T12:00:00.000Z')
const ago = (ms: number): Date => new Date(NOW.getTime() - ms)
const COUNTS = ['SweepsFinished', 'WindowsSwept', 'Listed', 'Sent', 'NotYet', 'Unexplained', 'RequestsToBird']

function measure(sweep: Partial<SweepCount> = {}): Line {
  const none = { finished: true, reports: [], failures: 0, sent: 0, requestsToBird: 0, now: NOW }
  const text = toSweepMetrics({ functionName: 'backfill-prod', ...none, ...sweep })
  expect(text).not.toContain('\n')
  return JSON.parse(text) as Line
}

const entry = (line: Entry['line'], firstSeenAt = NOW): Entry => ({
  recordingId: 'a',
  line,
  reason: 'x',
  firstSeenAt,
})
function reportOf(...ledgers: Partial<Ledger>[]): Report {
  const report = startReport('ws', { from: new Date('2026-10-01'), to: new Date('2026-10-04') })
  for (const [index, ledger] of ledgers.entries()) {
    const window = windowNamed(`2026-10-0${index + 1}`) as Window
    const listed = { digest: '', complete: true, agreed: 1, strays: 0, nameless: 0 }
    addLedger(report, { ...emptyLedger('ws', window), sweptAt: NOW, listed, ...ledger }, NOW)
  }
  return report
}

describe("a sweep's metrics", () => {
  it('are one line that CloudWatch takes, with every metric named once and given as a number', () => {
    const line = measure()

    expect(line._aws.Timestamp).toBe(NOW.getTime())
    expect(line._aws.CloudWatchMetrics).toEqual([
      {
        Namespace: 'BirdRecordingArchiver',
        Dimensions: [['FunctionName']],
        Metrics: [
          ...COUNTS.map((Name) => ({ Name, Unit: 'Count' })),
          { Name: 'OldestNotYet', Unit: 'Milliseconds' },
        ],
      },
    ])
    expect(line['FunctionName']).toBe('backfill-prod')
    expect(Object.keys(line)).toEqual(['_aws', 'FunctionName', ...COUNTS, 'OldestNotYet'])
  })

  it('say none where there was none, so that an alarm can tell it from no data', () => {
    for (const name of [...COUNTS.slice(1), 'OldestNotYet']) expect(measure()[name]).toBe(0)
  })

  it.each([
    [true, 1],
    [false, 0],
  ])('tell whether the sweep came to its end: %s', (finished, expected) => {
    expect(measure({ finished })['SweepsFinished']).toBe(expected)
  })

  it('add up what all workspaces came to', () => {
    const reports = [
      reportOf(
        { archived: ['b', 'c'], open: [entry('not-yet', ago(5_000)), entry('refused')] },
        { archived: ['d'], open: [entry('not-yet', ago(9_000)), entry('sent')] },
      ),
      reportOf({ open: [entry('not-yet', ago(7_000)), entry('nothing-to-archive', ago(20_000))] }),
      reportOf(),
    ]
    expect(measure({ reports, sent: 11, requestsToBird: 13 })).toMatchObject({
      WindowsSwept: 3,
      Listed: 9,
      Sent: 11,
      NotYet: 3,
      Unexplained: 1,
      RequestsToBird: 13,
      OldestNotYet: 9_000,
    })
  })

  it('count as unexplained whatever a person has to look at, failed windows too', () => {
    const listed = { digest: '', complete: false, agreed: 0, strays: 0, nameless: 4 }
    const reports = [reportOf({ open: [entry('refused'), entry('dead-lettered')], listed }), reportOf()]
    expect(measure({ reports, failures: 10 })).toMatchObject({ Unexplained: 2 + 4 + 1 + 10 })
  })
})
