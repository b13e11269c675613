import type { MediaFault } from '../errors.ts'
import type { ArchiveRequest } from './message.ts'

/** Why a recording could not be archived now although it should be; a closed list, for metrics and alarms. */
export type FailureReason =
  | 'not-found'
  | 'bird-unavailable'
  | 'bad-metadata'
  | 'redirect-refused'
  | 'bad-body'
  | 'storage'
  | 'time-limit'
  | 'out-of-time'
  | 'misconfigured'
  | 'unexpected'

/** Why a message goes to the dead-letter queue at once; the value of its `reason` attribute. */
export type RefusalReason = 'unreadable-message' | 'unprocessable' | 'conflict' | 'never-available'

/** Every way in which the work on one message can end. */
export type Outcome =
  | {
      readonly kind: 'archived'
      readonly bytes: number
      readonly sha256: string
      readonly adopted: boolean
      readonly createdAt: Date
      readonly endedAt: Date | undefined
      readonly findings: readonly string[]
    }
  | { readonly kind: 'already-archived' }
  | { readonly kind: 'nothing-to-archive'; readonly status: string }
  | { readonly kind: 'not-yet'; readonly status: string }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly detail: string }
  | {
      readonly kind: 'failed'
      readonly reason: FailureReason
      readonly detail: string
      readonly mediaFault?: MediaFault
      readonly httpStatus?: number
    }

/** An outcome, and the sidecar's text where the recording is in the archive now: the catalog is made from it. */
export interface Archived {
  readonly outcome: Outcome
  readonly sidecar?: string
}

/**
 * Whether a fault lies in what all recordings share, so that going on with others is pointless. A recording may be asked
 * for in a workspace that our key has no right to (403); that is its own fault, and must not stop the others.
 * @param workspaceId that of the recording
 * @param configuredWorkspaceId that of the configuration
 */
export function concernsAll(
  outcome: Outcome,
  workspaceId: string,
  configuredWorkspaceId: string,
): outcome is Extract<Outcome, { kind: 'failed' }> {
  if (outcome.kind !== 'failed' || outcome.reason !== 'misconfigured') return false
  return outcome.httpStatus !== 403 || workspaceId === configuredWorkspaceId
}

/** What becomes of the message. Delays are in seconds; SQS allows up to 900. */
export type Disposition =
  | { readonly action: 'acknowledge' }
  | { readonly action: 'defer'; readonly delaySeconds: number; readonly deferrals: number }
  | { readonly action: 'dead-letter'; readonly reason: RefusalReason; readonly detail: string }
  | { readonly action: 'fail' }

const MAX_DELAY_SECONDS = 900
const FIRST_DELAY_SECONDS = 60

/**
 * | outcome                                          | message                                                      |
 * | ------------------------------------------------ | ------------------------------------------------------------ |
 * | archived, already archived, nothing to archive   | acknowledged                                                 |
 * | not yet                                          | sent again after 60 s, doubling to 15 min; dead-lettered as  |
 * |                                                  | `never-available` once `notReadyHours` have passed           |
 * | throttled                                        | sent again after what Bird asks for, else 60 s; no attempt   |
 * | refused                                          | dead-lettered at once, with the reason                       |
 * | failed                                           | reported failed: SQS delivers it again, then dead-letters it |
 */
export function disposeOf(
  outcome: Outcome,
  request: Pick<ArchiveRequest, 'firstSeenAt' | 'deferrals'>,
  now: Date,
  notReadyHours: number,
): Disposition {
  switch (outcome.kind) {
    case 'archived':
    case 'already-archived':
    case 'nothing-to-archive':
      return { action: 'acknowledge' }
    case 'not-yet': {
      const waitedMs = now.getTime() - request.firstSeenAt.getTime()
      if (waitedMs >= notReadyHours * 3_600_000)
        return {
          action: 'dead-letter',
          reason: 'never-available',
          detail: `still ${outcome.status} ${notReadyHours} h after ${request.firstSeenAt.toISOString()}`,
        }
      const delaySeconds = Math.min(
        FIRST_DELAY_SECONDS * 2 ** Math.min(request.deferrals, 10),
        MAX_DELAY_SECONDS,
      )
      return { action: 'defer', delaySeconds, deferrals: request.deferrals + 1 }
    }
    case 'throttled': {
      const asked = Math.ceil((outcome.retryAfterMs ?? FIRST_DELAY_SECONDS * 1000) / 1000)
      return {
        action: 'defer',
        delaySeconds: Math.min(Math.max(asked, 1), MAX_DELAY_SECONDS),
        deferrals: request.deferrals,
      }
    }
    case 'refused':
      return { action: 'dead-letter', reason: outcome.reason, detail: outcome.detail }
    case 'failed':
      return { action: 'fail' }
  }
}
