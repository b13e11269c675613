/** The deployment's retention policy; `days` count from the recording's `createdAt`, never from the upload. */
export type RetentionPolicy =
  | { readonly mode: 'off' }
  | { readonly mode: RetentionMode; readonly days: number }
export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE'

/** An Object Lock as S3 keeps it on one version. `until` has no fraction of a second. */
export interface Lock {
  readonly mode: RetentionMode
  readonly until: Date
}

const DAY_MS = 86_400_000

/**
 * The lock that a recording's objects must carry; undefined with the policy off, and where the whole period has passed
 * already: S3 refuses a date that is not in the future (PutObject, `x-amz-object-lock-retain-until-date`).
 */
export function lockFor(policy: RetentionPolicy, createdAt: Date, now: Date): Lock | undefined {
  if (policy.mode === 'off') return undefined
  const until = new Date(Math.ceil((createdAt.getTime() + policy.days * DAY_MS) / 1000) * 1000)
  return until.getTime() <= now.getTime() + SAFETY_MS ? undefined : { mode: policy.mode, until }
}

/** A date that would pass while the upload is on its way is as good as past. */
const SAFETY_MS = 3_600_000

/** Whether a lock found on an object keeps at least as well as the one wanted: not weaker in mode, not shorter in time. */
export function isAsStrong(found: Lock | undefined, wanted: Lock | undefined): boolean {
  if (wanted === undefined) return true
  if (found === undefined || found.until.getTime() < wanted.until.getTime()) return false
  return found.mode === 'COMPLIANCE' || wanted.mode === 'GOVERNANCE'
}
