import { countAll, countLine, countUnexplained, oldestNotYet, type Report } from './backfill/report.ts'
import { writeEmbeddedMetrics } from './embedded-metrics.ts'

/** What a scheduled sweep came to, counted. */
export interface SweepCount {
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

/** A sweep's metrics as one line. Zero counts are written, so that an alarm can tell "none" from "no data". */
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
  return writeEmbeddedMetrics({ functionName, now, counts, milliseconds: { OldestNotYet } })
}
