/** Metrics of one run of a function, by their names. */
export interface EmbeddedMetrics {
  /** The function's name, as AWS's own metrics of it have it: two deployments in one account are kept apart by it. */
  readonly functionName: string
  readonly now: Date
  readonly counts: Readonly<Record<string, number>>
  readonly bytes?: Readonly<Record<string, number>>
  readonly milliseconds?: Readonly<Record<string, number | readonly number[]>>
}

const NAMESPACE = 'BirdRecordingArchiver'

/**
 * Metrics as one line of CloudWatch Embedded Metric Format: Lambda's log group makes metrics of it, no call needed.
 * Source: Amazon CloudWatch User Guide, "Embedded metric format specification".
 */
export function writeEmbeddedMetrics(metrics: EmbeddedMetrics): string {
  const { functionName, now, counts, bytes = {}, milliseconds = {} } = metrics
  const define = (values: object, Unit: string): object[] =>
    Object.keys(values).map((Name) => ({ Name, Unit }))
  return JSON.stringify({
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [['FunctionName']],
          Metrics: [
            ...define(counts, 'Count'),
            ...define(bytes, 'Bytes'),
            ...define(milliseconds, 'Milliseconds'),
          ],
        },
      ],
    },
    FunctionName: functionName,
    ...counts,
    ...bytes,
    ...milliseconds,
  })
}
