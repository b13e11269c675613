import { countAll, countLine, countUnexplained, oldestNotYet, type Report } from './backfill/report.ts'

/** What a scheduled sweep came to, counted. */
export interface SweepCount {
  /** The function's name: two deployments in one account are kept apart by it. */
  readonly functionName: string
  /** Whether the sweep came to its end in every workspace. */
  readonly finished: boolean
  readonly reports: readonly Report[]
  /** Windows that could not be swept. */
  readonly failures: number
  readonly sent: number
  readonly requestsToBird: number
  readonly now: Date
}

const NAMESPACE = 'BirdRecordingArchiver'

/**
 * A sweep's metrics as one line of CloudWatch Embedded Metric Format. Zero counts are written, so that an alarm can tell
 * "none" from "no data". Source: Amazon CloudWatch User Guide, "Embedded metric format specification".
 */
export function toSweepMetrics(sweep: SweepCount): string {
  const { functionName, finished, reports, failures, sent, requestsToBird, now } = sweep
  const sum = (count: (report: Report) => number): number =>
    reports.reduce((total, report) => total + count(report), 0)
  const oldest = reports.flatMap((report) => oldestNotYet(report)?.getTime() ?? [])
  const counts = {
    SweepsFinished: finished ? 1 : 0,
    WindowsSwept: sum(({ windows }) => windows),
    Listed: sum(countAll),
    Sent: sent,
    NotYet: sum((report) => countLine(report, 'not-yet')),
    Unexplained: sum(countUnexplained) + failures,
    RequestsToBird: requestsToBird,
  }
  const OldestNotYet = oldest.length === 0 ? 0 : now.getTime() - Math.min(...oldest)
  return JSON.stringify({
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [['FunctionName']],
          Metrics: [
            ...Object.keys(counts).map((Name) => ({ Name, Unit: 'Count' })),
            { Name: 'OldestNotYet', Unit: 'Milliseconds' },
          ],
        },
      ],
    },
    FunctionName: functionName,
    ...counts,
    OldestNotYet,
  })
}
