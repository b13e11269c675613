import { setTimeout as delay } from 'node:timers/promises'
import { StoppedError } from './errors.ts'

/** Node's timers hold 31 bits; a longer delay would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Time and chance, handed to everything that needs them, so that nothing else asks the machine. */
export interface Clock {
  now(this: void): Date
  /** From 0 inclusive to 1 exclusive. */
  random(this: void): number
  /** Waits `ms` milliseconds; rejects with the signal's reason once that is aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => new Date(),
  random: () => Math.random(),
  async pause(ms, signal) {
    signal.throwIfAborted()
    try {
      let leftMs = ms
      for (; leftMs > MAX_TIMER_MS; leftMs -= MAX_TIMER_MS) await delay(MAX_TIMER_MS, undefined, { signal })
      await delay(leftMs, undefined, { signal })
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  },
}

/** A signal that is aborted with a {@link StoppedError}, and the end of the timer behind it. */
export interface TimeLimit extends Disposable {
  readonly signal: AbortSignal
}

/** Bounds one piece of work to `ms` milliseconds within a wider signal; dispose it when the work is over. */
export function limitTime(ms: number, outer: AbortSignal): TimeLimit {
  const work = followSignal(outer)
  const timer = setTimeout(() => work.abort(new StoppedError('recording-time-limit')), ms)
  return {
    signal: work.signal,
    [Symbol.dispose]() {
      clearTimeout(timer)
      work[Symbol.dispose]()
    },
  }
}

/** A signal of one's own that is aborted with the outer one, too; dispose it when it is needed no more. */
export interface FollowingSignal extends Disposable {
  readonly signal: AbortSignal
  abort(this: void, reason?: unknown): void
}

/** What `AbortSignal.any` gives, without the weak references that it costs: there are several for each recording. */
export function followSignal(outer: AbortSignal): FollowingSignal {
  const controller = new AbortController()
  const follow = (): void => controller.abort(outer.reason)
  if (outer.aborted) follow()
  else outer.addEventListener('abort', follow)
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => outer.removeEventListener('abort', follow),
  }
}

/** One invocation's time. Work stops in two steps, so that clean-up is over before the function is frozen or killed. */
export interface Deadline extends Disposable {
  /** Aborted with a {@link StoppedError} when running work has to stop. */
  readonly signal: AbortSignal
  /** False once it is too late to begin with another recording. */
  mayStart(this: void): boolean
  /** Milliseconds until the invocation ends, whatever happens. */
  remainingMs(this: void): number
  /** Milliseconds until running work is stopped: what may be spent on waiting. */
  patienceMs(this: void): number
  /** Stops everything at once. */
  stop(why: 'batch-stopped'): void
}

/** Time kept for aborting transfers, cleaning up and answering: a fifth of the invocation, at most 10 s. */
const CLEAN_UP_SHARE = 0.2
const CLEAN_UP_MAX_MS = 10_000
/** Nothing is started that has less than this left before it would be stopped: a fifth again, at most 10 s. */
const START_SHARE = 0.2
const START_MAX_MS = 10_000

/** Lays an invocation's time out from what `context.getRemainingTimeInMillis()` says at its beginning. */
export function createDeadline(remainingMs: () => number): Deadline {
  const totalMs = remainingMs()
  const cleanUpMs = Math.min(totalMs * CLEAN_UP_SHARE, CLEAN_UP_MAX_MS)
  const startMs = Math.min(totalMs * START_SHARE, START_MAX_MS)
  const controller = new AbortController()
  const patienceMs = (): number => remainingMs() - cleanUpMs
  const timer = setTimeout(
    () => controller.abort(new StoppedError('deadline')),
    Math.min(Math.max(patienceMs(), 0), MAX_TIMER_MS),
  )
  return {
    signal: controller.signal,
    mayStart: () => !controller.signal.aborted && patienceMs() > startMs,
    remainingMs,
    patienceMs,
    stop: (why) => controller.abort(new StoppedError(why)),
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}

/** For a terminal, where nothing ends the run but its work or Ctrl-C. */
export function endlessDeadline(): Deadline {
  return createDeadline(() => Number.MAX_SAFE_INTEGER)
}
