/** How one request to Bird, or to a link from Bird, went wrong. */
export interface RequestFailure {
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
}

export type RetryAdvice =
  | { readonly retry: false }
  | { readonly retry: true; readonly delayMs: number; readonly throttled: boolean }

/** Attempts per request, the first included; being throttled is no attempt. */
export const MAX_ATTEMPTS = 4
const BASE_DELAY_MS = 250
const MAX_DELAY_MS = 20_000
const THROTTLED_BASE_DELAY_MS = 1_000

/**
 * | answer             | advice                                                                                       |
 * | ------------------ | -------------------------------------------------------------------------------------------- |
 * | 429                | again, for as long as `patienceMs` lasts: after `Retry-After`, else exponential, full jitter |
 * | none, 5xx, 404, 408| again, up to {@link MAX_ATTEMPTS} in all (a 404 may be a recording that is too new)          |
 * | anything else      | not again                                                                                    |
 *
 * `attempt` counts answers other than 429 from 1, `throttledBefore` the 429s, `random` is from [0, 1).
 * Source: Bird's "API limits" (429 means "not processed") and "Errors" (5xx is safe to retry with a delay).
 */
export function adviseRetry(
  failure: RequestFailure,
  attempt: number,
  throttledBefore: number,
  patienceMs: number,
  random: number,
): RetryAdvice {
  const throttled = failure.status === 429
  if (!throttled && (attempt >= MAX_ATTEMPTS || !isPassing(failure.status))) return { retry: false }
  const ceiling = throttled
    ? Math.min(THROTTLED_BASE_DELAY_MS * 2 ** throttledBefore, MAX_DELAY_MS)
    : Math.min(BASE_DELAY_MS * 2 ** attempt, MAX_DELAY_MS)
  const delayMs = Math.max(failure.retryAfterMs ?? 0, Math.ceil(random * ceiling))
  return delayMs < patienceMs ? { retry: true, delayMs, throttled } : { retry: false }
}

function isPassing(status: number | undefined): boolean {
  return status === undefined || status >= 500 || status === 404 || status === 408
}

/**
 * Reads `Retry-After`: seconds or an HTTP-date (RFC 9110, 10.2.3). Undefined when missing or unreadable; a date that
 * has passed is 0.
 */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // Date.parse alone would find a date in "-5" and in "1.5".
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined
  const date = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime())
}
