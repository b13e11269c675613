import { writeEmbeddedMetrics } from './embedded-metrics.ts'
import { addTallies, NOTHING, type Tally } from './verify/verdict.ts'

/** What a scheduled check came to, counted. */
export interface VerifyCount {
  readonly functionName: string
  /** Whether everything that was to be read was read, in every workspace, as far as this run was to go. */
  readonly finished: boolean
  /** One for each workspace. */
  readonly tallies: readonly Tally[]
  readonly now: Date
}

/** A check's metrics as one line. Zero counts are written, so that an alarm can tell "none" from "no data". */
export function toVerifyMetrics({ functionName, finished, tallies, now }: VerifyCount): string {
  const tally = tallies.reduce(addTallies, NOTHING)
  const counts = {
    VerificationsFinished: finished && tally.unread === 0 ? 1 : 0,
    Verified: tally.read,
    Mismatches: tally.mismatches,
    Unread: tally.unread,
    Orphans: tally.orphans,
  }
  return writeEmbeddedMetrics({ functionName, now, counts, bytes: { VerifiedBytes: tally.bytes } })
}
