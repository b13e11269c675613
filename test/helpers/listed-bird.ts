import type { BirdFaults, BirdRequest } from '../../lib/sandbox/bird-faults.ts'
import type { BirdCall, BirdStatus } from '../../lib/sandbox/bird-recording.ts'
import { startBirdServer } from '../../lib/sandbox/bird-server.ts'
import { createRateLimiter, type RateLimit } from '../../lib/sandbox/rate-limit.ts'

/** A request with the right key. `throttled`: the rate limit answered 429. */
export interface SeenBirdRequest extends Pick<BirdRequest, 'operation' | 'recordingId'> {
  readonly query: Readonly<Record<string, string>>
  readonly throttled: boolean
}

/** The sandbox's Bird over calls that a test may replace while it runs. */
export interface ListedBird {
  readonly url: string
  readonly startedAt: Date
  /** What Bird knows now; the order means nothing. */
  readonly calls: readonly BirdCall[]
  setCalls(calls: readonly BirdCall[]): void
  /** From now on and for ever. Throws if Bird has no such recording. */
  setStatus(recordingId: string, status: BirdStatus): void
  /** Bird's clock, which statuses follow; the real one unless set. */
  now: () => Date
  /** Asked after the rate limit. */
  birdFaults: BirdFaults
  /** Follows the real clock whatever `now` says; none unless set. */
  rateLimit: RateLimit | undefined
  readonly requests: SeenBirdRequest[]
  link(recordingId: string): string
  close(): Promise<void>
}

/** Starts it on 127.0.0.1. */
export async function startListedBird(options: {
  readonly workspaceId: string
  readonly accessKey: string
  readonly calls: readonly BirdCall[]
  /** From when on {@link BirdCall.statuses} count. */
  readonly startedAt: Date
  readonly link: (recordingId: string) => string
}): Promise<ListedBird> {
  const { startedAt, link, ...rest } = options
  const requests: SeenBirdRequest[] = []
  let mayPass = createRateLimiter(undefined)
  const server = await startBirdServer({
    ...rest,
    startedAt,
    now: () => bird.now(),
    mediaLink: link,
    faults(request) {
      const { operation, recordingId, query } = request
      const throttled = !mayPass(new Date())
      requests.push({
        operation,
        ...(recordingId !== undefined && { recordingId }),
        query: Object.fromEntries(query ?? []),
        throttled,
      })
      return throttled ? TOO_MANY : bird.birdFaults(request)
    },
  })
  let { calls } = options
  let rateLimit: RateLimit | undefined
  const bird: ListedBird = {
    url: server.url,
    startedAt,
    get calls() {
      return calls
    },
    setCalls(next) {
      calls = next
      server.setCalls(next)
    },
    setStatus(recordingId, status) {
      const index = calls.findIndex((call) => call.recordingId === recordingId)
      const call = calls[index]
      if (call === undefined) throw new Error(`Bird has no recording ${recordingId}`)
      bird.setCalls(calls.with(index, { ...call, statuses: [{ status, fromSeconds: 0 }] }))
    },
    now: () => new Date(),
    birdFaults: () => undefined,
    get rateLimit() {
      return rateLimit
    },
    set rateLimit(limit) {
      rateLimit = limit
      mayPass = createRateLimiter(limit)
    },
    requests,
    link,
    close: () => server.close(),
  }
  return bird
}

const TOO_MANY = {
  kind: 'respond',
  status: 429,
  body: { code: 'TooManyRequests', message: 'The rate limit of the workspace is exceeded' },
} as const
