/**
 * The few errors of this program. Each carries facts as properties and its origin as `cause`; its message says
 * operation, subject and reason, and never holds a link's query, a key or a phone number.
 */

/** The deployment is set up wrongly; retrying cannot help. `faults` lists every fault found, each with its mend. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly faults: readonly string[]
  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(`Configuration: ${faults.join(' · ')}`, options)
    this.faults = faults
  }
}

/** Facts of an answer (or of its absence) from Bird's API or from the link that it handed out. */
export interface BirdFailure {
  readonly operation: 'get recording' | 'get link' | 'download' | 'list recordings' | 'get metrics'
  /** HTTP status; undefined when no answer came. */
  readonly status?: number | undefined
  /** Bird's own `code`, for people: no list of codes exists, so nothing branches on it. */
  readonly code?: string | undefined
  /** `Messagebird-Request-Id` of the answer. */
  readonly requestId?: string | undefined
  /** What `Retry-After` asks for, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}

/** Bird's API or the media link answered with an error, or not at all. */
export class BirdError extends Error {
  override readonly name = 'BirdError'
  readonly failure: BirdFailure
  constructor(failure: BirdFailure, reason: string, options?: ErrorOptions) {
    const status = failure.status === undefined ? '' : ` answered ${failure.status}`
    super(`${failure.operation}${status}: ${redact(reason)}`, options)
    this.failure = failure
  }
}

/** Why a downloaded body must not become evidence. */
export type MediaFault =
  | 'empty'
  | 'shorter-than-declared'
  | 'longer-than-declared'
  | 'too-large'
  | 'not-audio'
  | 'no-frame'
  | 'cut-frame'
  | 'changed-while-resuming'

/** The body that came is not a whole MP3. */
export class MediaError extends Error {
  override readonly name = 'MediaError'
  readonly fault: MediaFault
  constructor(fault: MediaFault, reason: string, options?: ErrorOptions) {
    super(`body refused (${fault}): ${reason}`, options)
    this.fault = fault
  }
}

/** The redirect points to a place that this deployment does not allow. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError'
  constructor(reason: string) {
    super(redact(reason))
  }
}

/** The bucket failed, or holds something else than what was sent. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

/** The key shows nothing, for a delete marker lies on what it holds: nobody may take it for free. */
export class DeletedError extends StoreError {
  constructor(key: string) {
    super(
      `${key} was deleted: a delete marker lies on it; what it held is below, and is there again when the marker is gone`,
    )
  }
}

/** The key already holds other evidence; it was left as it is. Digests are SHA-256 in hex. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  readonly key: string
  readonly storedSha256: string
  readonly offeredSha256: string
  constructor(key: string, storedSha256: string, offeredSha256: string) {
    super(
      `${key} already holds other bytes: stored ${storedSha256}, offered ${offeredSha256}; nothing was overwritten`,
    )
    this.key = key
    this.storedSha256 = storedSha256
    this.offeredSha256 = offeredSha256
  }
}

/** Work was given up on purpose: the invocation's time, one recording's time limit, or a batch that was stopped. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError'
  readonly why: 'deadline' | 'recording-time-limit' | 'batch-stopped'
  constructor(why: 'deadline' | 'recording-time-limit' | 'batch-stopped') {
    super(`stopped: ${why}`)
    this.why = why
  }
}

const MAX_REASON_CHARACTERS = 300

/** Seven or more digits, of whatever script, with what people write between those of a phone number. */
export const PHONE_NUMBER = /[+\uff0b]?\p{Nd}(?:[\p{Zs}\p{Pd}\p{Cf}\u2212()./]{0,3}\p{Nd}){6,}/gu

/** What has as many digits as a phone number and is none: ids, SHA-256 digests, and days, moments and digests in the names of objects. */
const NO_NUMBER = [
  /(?<!\d)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-[0-9a-f]{12}(?=\.ndjson))?(?!\d)/gi,
  /(?<![\w+])[0-9a-f]{64}(?!\w)/g,
  /(?<=[/_=])20\d\d-[01]\d-[0-3]\d(?:T\d\d(?:\d\d)?)?(?=\.json|[/_])/g,
  /(?<=\/)(?:20\d\d-[01]\d-[0-3]\dT)?[0-2]\d[0-5]\d[0-5]\d\.\d{3}Z(?=\.json|-)/g,
  /(?<=\/)[0-9a-f]{16}(?=\.json)/g,
]

/** Stands for what is kept while the rest is masked: a character that nobody writes with (Unicode, private use). */
const MARK = '\ue000'
const UNSEEN = new RegExp(`[\\p{Cc}${MARK}]`, 'gu')
const KEPT = new RegExp(`${MARK}(\\d+)${MARK}`, 'g')

/**
 * Makes foreign text fit to be logged: queries of links, access keys and runs of seven or more digits (phone
 * numbers) are masked, and it is cut to 300 characters. Ids, digests and the names of our objects stay readable.
 */
export function redact(text: string): string {
  const kept: string[] = []
  const keep = (name: string): string => `${MARK}${kept.push(name) - 1}${MARK}`
  const plain = text
    .slice(0, 4 * MAX_REASON_CHARACTERS)
    // Foreign text may hold the mark, too, which would come out as something that was kept, or part a number by what nobody sees.
    .replace(UNSEEN, ' ')
    .replace(/(?:\?|%3f)\S*/gi, '?…')
    .replace(/(X-Amz-[\w-]+)(?:=|%3d)\S*/gi, '$1=…')
    .replace(/AccessKey["'\s:=]+\S+/gi, 'AccessKey …')
  return NO_NUMBER.reduce((marked, pattern) => marked.replace(pattern, keep), plain)
    .replace(PHONE_NUMBER, '…')
    .replace(KEPT, (_, index: string) => kept[Number(index)] ?? '')
    .slice(0, MAX_REASON_CHARACTERS)
}

/** One line about anything that was thrown, redacted. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return redact(String(error))
  const cause = error.cause instanceof Error ? ` (${error.cause.name}: ${error.cause.message})` : ''
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  return redact(`${error.name}${code}: ${error.message}${cause}`)
}
