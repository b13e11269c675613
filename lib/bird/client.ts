import type { Clock } from '../deadline.ts'
import { BirdError, type BirdFailure, describeError } from '../errors.ts'
import { createHttp } from '../http.ts'
import type { AccessKeySource } from './access-key.ts'
import type { Log } from '../log.ts'
import { createPace } from './pace.ts'
import { adviseRetry, parseRetryAfter } from './retry.ts'

/** How long we wait for what, in milliseconds. */
export interface BirdLimits {
  readonly connectMs: number
  /** From the request to the last header of the answer. */
  readonly headersMs: number
  /** Between two pieces of a body. */
  readonly idleMs: number
}

export const DEFAULT_BIRD_LIMITS: BirdLimits = { connectMs: 10_000, headersMs: 20_000, idleMs: 30_000 }

export interface BirdClientOptions {
  /** Where the API is; a path in front of `/workspaces` is kept. */
  readonly apiUrl: URL
  readonly accessKey: AccessKeySource
  /** What this process may ask of Bird's limit, which is the workspace's and shared by all. */
  readonly requestsPerSecond: number
  /**
   * For work that others must not suffer from: throttling is waited out for as long as there is time, a day at most, and the
   * pace is slower after it.
   */
  readonly yields?: boolean
  readonly limits: BirdLimits
  readonly clock: Clock
  readonly log: Log
}

/** One answer of Bird's API that is neither throttling nor a passing fault. */
export interface BirdAnswer {
  readonly status: number
  readonly location: string | undefined
  readonly requestId: string | undefined
  readonly text: string
}

/** How a call may be given up: at once through `signal`, and by waiting no longer than `patienceMs()` for anything. */
export interface CallTime {
  readonly signal: AbortSignal
  patienceMs(): number
}

/** Bird's API; the only holder of the access key, which is sent nowhere but to `apiUrl`. */
export interface BirdClient {
  /**
   * GETs a path, no sooner than the pace allows; waits out 429 and repeats passing faults (see retry.ts) within the time given.
   * @throws BirdError for any answer that `accept` does not name, or if none came
   */
  get(
    operation: BirdFailure['operation'],
    path: string,
    accept: readonly number[],
    time: CallTime,
  ): Promise<BirdAnswer>
  /** Requests made so far, repeated ones too. */
  requests(): number
  close(): Promise<void>
}

/** Metadata is about 3 KB, a page of the list has 99 of them; anything near this is not Bird's. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024
/** How long one request waits out throttling where a queue can take over the waiting: a worker costs money. */
const MAX_THROTTLED_MS = 60_000
/** The longest wait of all, for a run without an end of its own: who is told to stay away for longer is to come again. */
const LONGEST_WAIT_MS = 86_400_000
/** More sockets gain nothing against a limit of 50 requests/s. */
const API_CONNECTIONS = 8

export function createBirdClient(options: BirdClientOptions): BirdClient {
  const { apiUrl, accessKey, limits, clock, log, yields = false } = options
  const maxThrottledMs = yields ? LONGEST_WAIT_MS : MAX_THROTTLED_MS
  const pace = createPace(options.requestsPerSecond)
  const http = createHttp({ connections: API_CONNECTIONS, ...limits })
  const prefix = apiUrl.pathname.replace(/\/$/, '')
  // A 429 that is waited out is waited out by the whole process: nobody asks again before this moment.
  let quietUntilMs = 0
  let requests = 0

  const once = async (
    path: string,
    key: string,
    signal: AbortSignal,
  ): Promise<BirdAnswer & { retryAfterMs: number | undefined }> => {
    const { status, headers, body } = await http.exchange(
      {
        method: 'GET',
        origin: apiUrl.origin,
        path: `${prefix}${path}`,
        headers: { authorization: `AccessKey ${key}`, accept: 'application/json' },
      },
      signal,
      MAX_ANSWER_BYTES,
    )
    return {
      status,
      location: single(headers['location']),
      requestId: readRequestId(single(headers['messagebird-request-id'])),
      retryAfterMs: parseRetryAfter(single(headers['retry-after']), clock.now()),
      text: body.toString('utf8'),
    }
  }

  return {
    async get(operation, path, accept, time) {
      let reread = false
      for (let attempt = 1, throttled = 0, throttledMs = 0; ;) {
        const quietMs = quietUntilMs - clock.now().getTime()
        const throttlePatienceMs = Math.min(time.patienceMs(), maxThrottledMs - throttledMs)
        if (quietMs >= throttlePatienceMs)
          throw new BirdError(
            { operation, status: 429, retryAfterMs: quietMs },
            'throttled, and no time to wait',
          )
        if (quietMs > 0) {
          throttledMs += quietMs
          await clock.pause(quietMs, time.signal)
        }
        const paceMs = pace.reserve(clock.now().getTime())
        if (paceMs >= time.patienceMs())
          throw new BirdError(
            { operation, status: 429, retryAfterMs: paceMs },
            'its turn comes too late for the time that is left',
          )
        if (paceMs > 0) await clock.pause(paceMs, time.signal)

        const key = await accessKey.read()
        requests += 1
        const answer = await once(path, key, time.signal).catch((error: unknown) => {
          time.signal.throwIfAborted()
          return new BirdError({ operation }, `no answer: ${describeError(error)}`, { cause: error })
        })
        if (!(answer instanceof Error) && accept.includes(answer.status)) return answer
        if (!(answer instanceof Error) && answer.status === 401 && !reread) {
          reread = true
          if (await accessKey.reread(key)) continue
        }

        const error = answer instanceof Error ? answer : refusalOf(operation, answer, key)
        const failure = { status: error.failure.status, retryAfterMs: error.failure.retryAfterMs }
        const patienceMs =
          failure.status === 429 ? throttlePatienceMs : Math.min(time.patienceMs(), LONGEST_WAIT_MS)
        const advice = adviseRetry(failure, attempt, throttled, patienceMs, clock.random())
        if (!advice.retry) throw error
        logAgain(log, operation, path, failure.status, advice.delayMs)
        if (advice.throttled) {
          throttled += 1
          quietUntilMs = Math.max(quietUntilMs, clock.now().getTime() + advice.delayMs)
          if (yields) pace.slowDown(clock.now().getTime())
        } else {
          attempt += 1
          await clock.pause(advice.delayMs, time.signal)
        }
      }
    },
    requests: () => requests,
    close: () => http.close(),
  }
}

/** Notes that a request is made once more, and why. */
export function logAgain(
  log: Log,
  operation: BirdFailure['operation'],
  target: string,
  status: number | undefined,
  delayMs: number,
): void {
  // A query tells nothing that a person needs.
  const [path = ''] = target.split('?', 1)
  log.event('request.again', { operation, target: path, ...(status !== undefined && { status }), delayMs })
}

function refusalOf(
  operation: BirdFailure['operation'],
  answer: BirdAnswer & { retryAfterMs: number | undefined },
  key: string,
): BirdError {
  const { code, message } = readProblem(answer.text, key)
  const { status, requestId, retryAfterMs } = answer
  return new BirdError({ operation, status, code, requestId, retryAfterMs }, message ?? 'no reason given')
}

/** Bird's error body is `{code, message}`; whatever else comes is of no use to anybody, and a key that is repeated least. */
function readProblem(text: string, key: string): { code?: string; message?: string } {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json !== 'object' || json === null) return {}
    const { code, message } = json as Record<string, unknown>
    return {
      ...(typeof code === 'string' && { code: code.slice(0, 80) }),
      ...(typeof message === 'string' && { message: message.replaceAll(key, '…') }),
    }
  } catch {
    return {}
  }
}

/** It is logged and kept in sidecars, so what does not look like an identifier is left out. */
function readRequestId(value: string | undefined): string | undefined {
  return value !== undefined && /^[\w.:/=+-]{1,128}$/.test(value) ? value : undefined
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
