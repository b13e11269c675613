/** Bird's documented limit is 50 GET a second for a workspace; a caller that was idle may ask `burst` times at once. */
export interface RateLimit {
  readonly requestsPerSecond: number
  readonly burst: number
}

/** A token bucket: tells at each request whether it may pass. Without a limit everything may. */
export function createRateLimiter(limit: RateLimit | undefined): (now: Date) => boolean {
  if (limit === undefined) return () => true
  let tokens = limit.burst
  let filledMs: number | undefined
  return (now) => {
    const elapsedMs = Math.max(0, now.getTime() - (filledMs ?? now.getTime()))
    filledMs = now.getTime()
    tokens = Math.min(limit.burst, tokens + (elapsedMs / 1000) * limit.requestsPerSecond)
    if (tokens < 1) return false
    tokens -= 1
    return true
  }
}
