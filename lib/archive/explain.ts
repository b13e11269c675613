import {
  BirdError,
  ConfigurationError,
  ConflictError,
  DeletedError,
  describeError,
  MediaError,
  RedirectError,
  StoreError,
} from '../errors.ts'
import type { Outcome } from './outcome.ts'

/**
 * Gives whatever was thrown its place in the closed list of outcomes.
 *
 * | thrown                              | outcome                    |
 * | ----------------------------------- | -------------------------- |
 * | Bird's API: 401, 403                | failed, misconfigured      |
 * | Bird's API or the link: 429         | throttled                  |
 * | Bird's API: 422                     | refused, unprocessable     |
 * | Bird's API: 404                     | failed, not-found          |
 * | Bird's API: anything else, or none  | failed, bird-unavailable   |
 * | the link: anything else             | failed, bird-unavailable   |
 * | a body that is no whole MP3         | failed, bad-body           |
 * | a redirect that is not allowed      | failed, redirect-refused   |
 * | other bytes under the key           | refused, conflict          |
 * | a key on which a delete marker lies | refused, conflict          |
 * | the bucket, mendable by a person    | failed, misconfigured      |
 * | the bucket, otherwise               | failed, storage            |
 * | anything else                       | failed, unexpected         |
 */
export function explainFailure(error: unknown): Outcome {
  if (error instanceof BirdError) return explainBird(error)
  if (error instanceof MediaError)
    return { kind: 'failed', reason: 'bad-body', detail: error.message, mediaFault: error.fault }
  if (error instanceof RedirectError)
    return { kind: 'failed', reason: 'redirect-refused', detail: error.message }
  if (error instanceof ConflictError || error instanceof DeletedError)
    return { kind: 'refused', reason: 'conflict', detail: error.message }
  if (error instanceof ConfigurationError)
    return { kind: 'failed', reason: 'misconfigured', detail: error.faults.join(' · ') }
  if (error instanceof StoreError) return { kind: 'failed', reason: 'storage', detail: error.message }
  return { kind: 'failed', reason: 'unexpected', detail: describeError(error) }
}

function explainBird(error: BirdError): Outcome {
  const { operation, status, retryAfterMs, requestId } = error.failure
  const detail = requestId === undefined ? error.message : `${error.message} [request ${requestId}]`
  if (status === 429) return { kind: 'throttled', retryAfterMs }
  const known = status === undefined ? {} : { httpStatus: status }
  if (operation === 'download') return { kind: 'failed', reason: 'bird-unavailable', detail, ...known }
  switch (status) {
    case 401:
      return {
        kind: 'failed',
        reason: 'misconfigured',
        detail: `${detail}: the access key is wrong or revoked: set BIRD_ACCESS_KEY, or the secret behind BIRD_ACCESS_KEY_SECRET`,
        ...known,
      }
    case 403:
      return {
        kind: 'failed',
        reason: 'misconfigured',
        detail: `${detail}: the access key lacks a policy: it needs View on /workspaces/<workspace>/recordings and /recordings/**`,
        ...known,
      }
    case 422:
      return { kind: 'refused', reason: 'unprocessable', detail }
    case 404:
      return { kind: 'failed', reason: 'not-found', detail, ...known }
    default:
      return { kind: 'failed', reason: 'bird-unavailable', detail, ...known }
  }
}

/**
 * Whether fetching the same recording anew, at once, may help: a body that broke off or came wrong may be whole the
 * next time; an answer with a status has been tried again already where that makes sense.
 */
export function isWorthAnotherTransfer(error: MediaError | BirdError): boolean {
  return (
    error instanceof MediaError ||
    (error.failure.operation === 'download' && error.failure.status === undefined)
  )
}
