import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDeadline, endlessDeadline, limitTime, systemClock } from '../../lib/deadline.ts'
import { StoppedError } from '../../lib/errors.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** An invocation that has `ms` left, by a clock that only the test moves. */
function invocation(ms: number) {
  const endsAt = Date.now() + ms
  return createDeadline(() => endsAt - Date.now())
}

const whyOf = (signal: AbortSignal): unknown => (signal.reason as StoppedError | undefined)?.why

describe('the deadline of an invocation', () => {
  it.each([
    ['an hour', 3_600_000, 3_580_000, 3_590_000],
    ['a minute', 60_000, 40_000, 50_000],
    ['ten seconds', 10_000, 6_000, 8_000],
    ['a second', 1_000, 600, 800],
  ])(
    'of %s: nothing is started late, and running work is stopped in time',
    (_, totalMs, startUntilMs, stopMs) => {
      using deadline = invocation(totalMs)
      expect(deadline.patienceMs()).toBe(stopMs)
      vi.advanceTimersByTime(startUntilMs - 1)
      expect(deadline.mayStart()).toBe(true)
      vi.advanceTimersByTime(1)
      expect(deadline.mayStart()).toBe(false)
      vi.advanceTimersByTime(stopMs - startUntilMs - 1)
      expect(deadline.signal.aborted).toBe(false)
      expect(deadline.patienceMs()).toBe(1)
      vi.advanceTimersByTime(1)
      expect(whyOf(deadline.signal)).toBe('deadline')
      expect(deadline.signal.reason).toBeInstanceOf(StoppedError)
      expect(deadline.remainingMs()).toBe(totalMs - stopMs)
    },
  )

  it('that has passed already lets nothing start', () => {
    using deadline = invocation(0)
    expect(deadline.mayStart()).toBe(false)
    vi.advanceTimersByTime(1)
    expect(deadline.signal.aborted).toBe(true)
  })

  it('can be drawn forward, and keeps its first reason', () => {
    using deadline = invocation(60_000)
    deadline.stop('batch-stopped')
    expect(deadline.mayStart()).toBe(false)
    vi.advanceTimersByTime(60_000)
    expect(whyOf(deadline.signal)).toBe('batch-stopped')
  })

  it('leaves no timer behind', () => {
    {
      using deadline = invocation(60_000)
      expect(deadline.mayStart()).toBe(true)
      expect(vi.getTimerCount()).toBe(1)
    }
    expect(vi.getTimerCount()).toBe(0)
  })

  it('never comes in a terminal, whose time a timer could not hold', () => {
    using deadline = endlessDeadline()
    vi.advanceTimersByTime(3_600_000)
    expect(deadline.signal.aborted).toBe(false)
    expect(deadline.mayStart()).toBe(true)
  })
})

describe("one recording's time limit", () => {
  it('stops it, and nothing else', () => {
    const outer = new AbortController()
    using limit = limitTime(1_000, outer.signal)
    vi.advanceTimersByTime(999)
    expect(limit.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(whyOf(limit.signal)).toBe('recording-time-limit')
    expect(outer.signal.aborted).toBe(false)
  })

  it('passes on that everything is stopped, with that reason', () => {
    const outer = new AbortController()
    using limit = limitTime(1_000, outer.signal)
    outer.abort(new StoppedError('deadline'))
    expect(whyOf(limit.signal)).toBe('deadline')
  })

  it('leaves no timer behind', () => {
    {
      using limit = limitTime(1_000, new AbortController().signal)
      expect(limit.signal.aborted).toBe(false)
    }
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a pause', () => {
  it('is broken off with the reason of its signal', async () => {
    vi.useRealTimers()
    const controller = new AbortController()
    const pausing = systemClock.pause(1e9, controller.signal)
    controller.abort(new StoppedError('deadline'))
    await expect(pausing).rejects.toThrow('stopped: deadline')
    await expect(systemClock.pause(1e9, controller.signal)).rejects.toThrow('stopped: deadline')
  })
  it.each([2 ** 31, 1e12, Infinity])('is not over at once where no timer holds it: %d ms', async (ms) => {
    vi.useRealTimers()
    const controller = new AbortController()
    const pausing = systemClock.pause(ms, controller.signal)
    // A timer that overflows is due after one millisecond.
    await systemClock.pause(5, controller.signal)
    controller.abort(new StoppedError('deadline'))
    await expect(pausing).rejects.toThrow('stopped: deadline')
  })
})
