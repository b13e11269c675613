import { writeEmbeddedMetrics } from './embedded-metrics.ts'

/** What a scheduled compaction came to, counted over all workspaces. */
export interface CompactCount {
  readonly functionName: string
  /** Whether every day was looked at. */
  readonly finished: boolean
  readonly compacted: number
  /** Days that could not be put together: a search reads their many files, and finds all the same. */
  readonly failed: number
  readonly now: Date
}

/** A compaction's metrics as one line. */
export function toCompactMetrics({ functionName, finished, compacted, failed, now }: CompactCount): string {
  const counts = { CompactionsFinished: finished ? 1 : 0, DaysCompacted: compacted, DaysNotCompacted: failed }
  return writeEmbeddedMetrics({ functionName, now, counts })
}
