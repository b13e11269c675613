import { decide } from '../archive/decide.ts'

/** The lines of a report; every recording is in exactly one. */
export type Line = 'archived' | 'sent' | 'not-yet' | 'nothing-to-archive' | 'dead-lettered' | 'refused'

/** All that is known of one recording at the moment. */
export interface Facts {
  /** Whether its sidecar is in the bucket. */
  readonly archived: boolean
  /** Bird's status; or why Bird says nothing of it that can be used. */
  readonly bird: { readonly status: string } | { readonly fault: string }
  /** The reason with which it lies in the dead-letter queue. */
  readonly deadLetter: string | undefined
  /** Whether a person has given it up. */
  readonly givenUp: boolean
  /** When it was sent to the queue last; undefined if never, or if that may not count any more. */
  readonly sentAt: Date | undefined
}

export interface Verdict {
  readonly line: Line
  /** Bird's status, the dead letter's reason, or what is wrong. */
  readonly reason: string
  /** Whether it is to be sent to the queue now. */
  readonly send: boolean
}

/** The reason of a recording that a person has given up. */
export const GIVEN_UP = 'given-up'
/** The archiver's patience ended, not Bird's: once the recording is available after all, it is sent again. */
export const NEVER_AVAILABLE = 'never-available'

/**
 * The first row that fits:
 *
 * | in the bucket | given up | Bird says           | dead letter            | sent | line               | send |
 * | ------------- | -------- | ------------------- | ---------------------- | ---- | ------------------ | ---- |
 * | yes           |          |                     |                        |      | archived           |      |
 * |               | yes      |                     |                        |      | dead-lettered      |      |
 * |               |          | nothing of use      |                        |      | refused            |      |
 * |               |          | absent, failed      |                        |      | nothing-to-archive |      |
 * |               |          | available           | yes, `never-available` | yes  | sent               |      |
 * |               |          | available           | yes, `never-available` |      | sent               | yes  |
 * |               |          |                     | yes                    |      | dead-lettered      |      |
 * |               |          | not yet, or unknown |                        |      | not-yet            |      |
 * |               |          | available           |                        | yes  | sent               |      |
 * |               |          | available           |                        |      | sent               | yes  |
 */
export function judge({ archived, bird, deadLetter, givenUp, sentAt }: Facts): Verdict {
  const keep = (line: Line, reason: string): Verdict => ({ line, reason, send: false })
  if (archived) return keep('archived', 'archived')
  if (givenUp) return keep('dead-lettered', GIVEN_UP)
  if ('fault' in bird) return keep('refused', bird.fault)
  const decision = decide(bird.status)
  if (decision === 'nothing-to-archive') return keep('nothing-to-archive', bird.status)
  const isLateArrival = deadLetter === NEVER_AVAILABLE && decision === 'archive'
  if (deadLetter !== undefined && !isLateArrival) return keep('dead-lettered', deadLetter)
  if (decision === 'not-yet') return keep('not-yet', bird.status)
  return { line: 'sent', reason: bird.status, send: sentAt === undefined }
}

/** A message lives for ten days in the queue; most are worked on within hours. One more of them does no harm. */
const RESEND_AFTER_MS = 24 * 3_600_000
/** SQS's counts lag behind by a minute or so. */
const RESEND_TO_EMPTY_QUEUE_AFTER_MS = 15 * 60_000

/** Whether a message that was sent may still be on its way; if not, the recording is sent again. */
export function isUnderway(sentAt: Date, queueIsEmpty: boolean, now: Date): boolean {
  const ageMs = now.getTime() - sentAt.getTime()
  return ageMs < (queueIsEmpty ? RESEND_TO_EMPTY_QUEUE_AFTER_MS : RESEND_AFTER_MS)
}
