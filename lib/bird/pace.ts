/** Spreads requests over time, so that a limit per second is not met in the first place. */
export interface Pace {
  /** Milliseconds to wait before the next request; each call stands for one request. */
  reserve(nowMs: number): number
  /** Halves the rate, to an eighth at least: others need the room more. It doubles again after each minute of peace. */
  slowDown(nowMs: number): void
}

const SLOWEST = 8
const RECOVERY_MS = 60_000

/** Unused time that may be made up for, in milliseconds of requests: in no second more than 5/4 of the rate. */
const BURST_MS = 250
/** A recording takes two requests, and the first recording after a pause need not wait for its second. */
const MIN_BURST = 2

/**
 * A token bucket, kept as the moment at which it will be full again (the "generic cell rate algorithm" of ITU-T I.371).
 * Who asks first goes first.
 * @param perSecond requests per second in the long run
 */
export function createPace(perSecond: number): Pace {
  const intervalMs = 1000 / perSecond
  const burstMs = Math.max(BURST_MS, MIN_BURST * intervalMs) - intervalMs
  let fullAtMs = -Infinity
  let slowness = 1
  let recoversAtMs = 0
  return {
    reserve(nowMs) {
      for (; slowness > 1 && nowMs >= recoversAtMs; recoversAtMs += RECOVERY_MS) slowness /= 2
      const beginMs = Math.max(fullAtMs, nowMs)
      fullAtMs = beginMs + intervalMs * slowness
      return Math.max(0, beginMs - burstMs - nowMs)
    },
    slowDown(nowMs) {
      slowness = Math.min(slowness * 2, SLOWEST)
      recoversAtMs = nowMs + RECOVERY_MS
    },
  }
}
