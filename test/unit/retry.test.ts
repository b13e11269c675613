import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { adviseRetry, MAX_ATTEMPTS, parseRetryAfter } from '../../lib/bird/retry.ts'

const NOW = new Date('2026-11-23T12:00:00.000Z')
const PATIENT_MS = 1e9
const AGAIN = [undefined, 404, 408, 500, 502, 503, 504, 599]
const NEVER = [200, 204, 301, 307, 400, 401, 403, 405, 409, 410, 412, 422, 428, 430, 499]

describe('advice on a failed request', () => {
  it.each(AGAIN)('%s: again, up to four attempts in all', (status) => {
    const advise = (attempt: number) =>
      adviseRetry({ status, retryAfterMs: undefined }, attempt, 0, PATIENT_MS, 0.5)
    expect([1, 2, 3].map(advise)).toEqual([
      { retry: true, delayMs: 250, throttled: false },
      { retry: true, delayMs: 500, throttled: false },
      { retry: true, delayMs: 1_000, throttled: false },
    ])
    expect(advise(MAX_ATTEMPTS)).toEqual({ retry: false })
    expect(MAX_ATTEMPTS).toBe(4)
  })

  it.each(NEVER)('%i: not again, whatever Retry-After says', (status) => {
    expect(adviseRetry({ status, retryAfterMs: 10 }, 1, 0, PATIENT_MS, 0)).toEqual({ retry: false })
  })

  it('429: again after any number of attempts, for being throttled is none', () => {
    const advice = adviseRetry({ status: 429, retryAfterMs: 3_000 }, 99, 99, PATIENT_MS, 0)
    expect(advice).toEqual({ retry: true, delayMs: 3_000, throttled: true })
  })

  it.each([
    [0, 500],
    [1, 1_000],
    [2, 2_000],
    [4, 8_000],
    [5, 10_000],
    [500, 10_000],
  ])('429 without Retry-After, %i before: half of an exponential ceiling is %i ms', (before, delayMs) => {
    expect(adviseRetry({ status: 429, retryAfterMs: undefined }, 1, before, PATIENT_MS, 0.5)).toEqual({
      retry: true,
      delayMs,
      throttled: true,
    })
  })

  it('waits at least as long as Retry-After asks, on a 503 too', () => {
    const advice = adviseRetry({ status: 503, retryAfterMs: 7_000 }, 1, 0, PATIENT_MS, 0.99)
    expect(advice).toEqual({ retry: true, delayMs: 7_000, throttled: false })
  })

  it('never asks to come back sooner than Retry-After, nor to wait for longer than there is time', () => {
    fc.assert(
      fc.property(
        fc.option(fc.integer({ min: 100, max: 599 }), { nil: undefined }),
        fc.option(fc.nat(100_000), { nil: undefined }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(40),
        fc.nat(60_000),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (status, retryAfterMs, attempt, before, patienceMs, random) => {
          const advice = adviseRetry({ status, retryAfterMs }, attempt, before, patienceMs, random)
          if (!advice.retry) return
          expect(advice.delayMs).toBeGreaterThanOrEqual(retryAfterMs ?? 0)
          expect(advice.delayMs).toBeLessThan(patienceMs)
          expect(advice.delayMs).toBeLessThanOrEqual(Math.max(retryAfterMs ?? 0, 20_000))
          expect(advice.throttled).toBe(status === 429)
        },
      ),
    )
  })

  it.each([
    [5_001, true],
    [5_000, false],
    [4_999, false],
    [-1, false],
  ])('with %i ms of patience, a wait of 5,000 ms: %s', (patienceMs, retry) => {
    expect(adviseRetry({ status: 429, retryAfterMs: 5_000 }, 1, 0, patienceMs, 0)).toMatchObject({ retry })
  })
})

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('Retry-After', () => {
  it('is in GMT even where it does not say so, wherever the machine stands', () => {
    vi.stubEnv('TZ', 'America/New_York')
    expect(parseRetryAfter('Mon Nov 23 12:00:30 2026', NOW)).toBe(30_000)
  })

  it.each([
    [undefined, undefined],
    ['0', 0],
    ['7', 7_000],
    [' 120 ', 120_000],
    ['Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
    ['Monday, 23-Nov-26 12:00:30 GMT', 30_000],
    ['Mon Nov 23 12:00:30 2026', 30_000],
    ['Mon, 23 Nov 2026 11:59:30 GMT', 0],
    ['', undefined],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['5 minutes', undefined],
    ['Mon, 99 Foo 2026', undefined],
  ])('%j is %s ms', (value, ms) => {
    expect(parseRetryAfter(value, NOW)).toBe(ms)
  })

  it('reads every whole number of seconds and every HTTP-date', () => {
    const seconds = fc.nat(100_000_000)
    fc.assert(
      fc.property(seconds, (wait) => {
        expect(parseRetryAfter(String(wait), NOW)).toBe(wait * 1_000)
        const date = new Date(NOW.getTime() + wait * 1_000).toUTCString()
        expect(parseRetryAfter(date, NOW)).toBe(wait * 1_000)
      }),
    )
  })

  it('makes of any text nothing or a time to wait, never a negative one', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseRetryAfter(text, NOW)
        expect(ms === undefined || ms >= 0).toBe(true)
      }),
    )
  })
})
