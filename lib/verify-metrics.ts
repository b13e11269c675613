import { addTallies, NOTHING, type Tally } from './verify/verdict.ts'

/** What a scheduled check came to, counted. */
export interface VerifyCount {
  /** The function's name: two deployments in one account are kept apart by it. */
  readonly functionName: string
  /** Whether everything that was to be read was read, in every workspace, as far as this run was to go. */
  readonly finished: boolean
  /** One for each workspace. */
  readonly tallies: readonly Tally[]
  readonly now: Date
}

const NAMESPACE = 'BirdRecordingArchiver'

/**
 * A check's metrics as one line of CloudWatch Embedded Metric Format. Zero counts are written, so that an alarm can tell
 * "none" from "no data". Source: Amazon CloudWatch User Guide, "Embedded metric format specification".
 */
export function toVerifyMetrics({ functionName, finished, tallies, now }: VerifyCount): string {
  const tally = tallies.reduce(addTallies, NOTHING)
  const counts = {
    VerificationsFinished: finished && tally.unread === 0 ? 1 : 0,
    Verified: tally.read,
    VerifiedBytes: tally.bytes,
    Mismatches: tally.mismatches,
    Unread: tally.unread,
    Orphans: tally.orphans,
  }
  return JSON.stringify({
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [['FunctionName']],
          Metrics: Object.keys(counts).map((Name) => ({
            Name,
            Unit: Name === 'VerifiedBytes' ? 'Bytes' : 'Count',
          })),
        },
      ],
    },
    FunctionName: functionName,
    ...counts,
  })
}
