/** What a scheduled compaction came to, counted over all workspaces. */
export interface CompactCount {
  /** The function's name: two deployments in one account are kept apart by it. */
  readonly functionName: string
  /** Whether every day was looked at. */
  readonly finished: boolean
  readonly compacted: number
  /** Days that could not be put together: a search reads their many files, and finds all the same. */
  readonly failed: number
  readonly now: Date
}

const NAMESPACE = 'BirdRecordingArchiver'

/**
 * A compaction's metrics as one line of CloudWatch Embedded Metric Format. Source: Amazon CloudWatch User Guide, "Embedded
 * metric format specification".
 */
export function toCompactMetrics({ functionName, finished, compacted, failed, now }: CompactCount): string {
  const counts = { CompactionsFinished: finished ? 1 : 0, DaysCompacted: compacted, DaysNotCompacted: failed }
  return JSON.stringify({
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [['FunctionName']],
          Metrics: Object.keys(counts).map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    FunctionName: functionName,
    ...counts,
  })
}
