import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import { openCases, readHolds } from '../retrieve/hold.ts'
import type { RetrieveKeys } from '../retrieve/keys.ts'
import type { OpenCase } from '../verify/judge.ts'
import type { Documents } from './documents.ts'

/**
 * Tells for which cases a recording must be under legal hold.
 * @param lookedAt when its objects were looked at: their hold may have been placed since
 * @throws StoreError or ConfigurationError where that cannot be read
 */
export type ExpectedHolds = (
  workspaceId: string,
  recordingId: string,
  lookedAt: Date,
  signal: AbortSignal,
) => Promise<readonly OpenCase[]>

/**
 * A case is written down before its hold is placed, and that takes ten small requests, one after another: less than a second.
 * This is long enough for one of them to be answered at its fourth and last attempt only, each of which may take 65 s
 * (lib/s3/client.ts). Who still waits then is told that the hold is missing, and to place it again, which does no harm.
 */
const PLACING_MS = 300_000

export function createExpectedHolds(
  documents: Pick<Documents, 'read'>,
  keys: RetrieveKeys,
  clock: Clock,
): ExpectedHolds {
  return async (workspaceId, recordingId, lookedAt, signal) => {
    const key = keys.hold(workspaceId, recordingId)
    const text = (await documents.read(key, signal))?.text
    if (text === undefined) return []
    const read = readHolds(text)
    if (!read.ok)
      throw new StoreError(`${key}: ${read.reason}; an earlier version of the object may be whole`)
    const earliest = lookedAt.getTime() - PLACING_MS
    // A moment to come was written by a clock that is wrong: nobody would wait for it.
    const latest = clock.now().getTime() + PLACING_MS
    return openCases(read.holds).map(({ caseNumber, placed }) => ({
      caseNumber,
      isBeingPlaced: placed.at.getTime() >= earliest && placed.at.getTime() <= latest,
    }))
  }
}
