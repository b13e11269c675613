import { join, resolve } from 'node:path'
import { type ApiFunction, startApiServer } from './api-server.ts'
import type { BirdFaults } from './bird-faults.ts'
import type { BirdCall } from './bird-recording.ts'
import { startBirdServer } from './bird-server.ts'
import { describeCalls, mediaKey } from './calls.ts'
import type { Call } from './calls.ts'
import { planDeliveries } from './deliveries.ts'
import type { Delivery } from './deliveries.ts'
import { scriptFaults } from './faults.ts'
import { describeHistory } from './history.ts'
import { fillMedia, MEDIA_BUCKET } from './media.ts'
import type { MediaFact } from './media.ts'
import { startQueueServer } from './queue-server.ts'
import type { RateLimit } from './rate-limit.ts'
import { startS3Server } from './s3-server.ts'
import type { S3Faults } from './s3-server.ts'
import { refuseIfRunning, startOnPort } from './sandbox-ports.ts'
import { openState, writeState } from './sandbox-state.ts'
import type { SandboxPorts, SandboxState } from './sandbox-state.ts'
import { buildEnvironment } from './sandbox-ready.ts'
import type { SandboxReady } from './sandbox-ready.ts'

export interface SandboxOptions {
  /** Where everything is kept; the same directory brings the same sandbox back. */
  readonly directory: string
  /** How many calls Bird knows; as many as the directory holds, or none, if not given. */
  readonly recordings?: number
  readonly seed?: number
  /** How many recordings of the past Bird lists beside the calls; as `recordings`. Nothing of them is stored. */
  readonly history?: number
  /** Over how many days they are spread, up to three weeks and a day ago; 180 if not given. */
  readonly historyDays?: number
  /** The ports of the last time, if free, or the system's choice, if not given. */
  readonly ports?: SandboxPorts
  /** See {@link startQueueServer}. */
  readonly queueClock?: number
  readonly visibilityTimeoutSeconds?: number
  /** Whether the archive's bucket has Object Lock, and `env` asks for retention; yes if not given. */
  readonly objectLock?: boolean
  /** Bird's limit on requests; 50 a second, as documented, if not given. */
  readonly rateLimit?: RateLimit
  /** Asked before the faults that belong to the calls. */
  readonly faults?: { readonly bird?: BirdFaults; readonly s3?: S3Faults }
  readonly now?: () => Date
  /** Makes the function behind the HTTP API, at its first request, of the sandbox's environment; no API if not given. */
  readonly loadApi?: (env: SandboxReady['env']) => Promise<ApiFunction>
  /** Told how many of the recordings have been made. */
  readonly onProgress?: (done: number, total: number) => void
}

export interface Sandbox {
  readonly ready: SandboxReady
  /** What Bird knows, what goes wrong, and how each call must end. */
  readonly calls: readonly Call[]
  /** What Bird lists beside them: there is no audio behind their links, and no message announces them. */
  readonly history: readonly BirdCall[]
  /** The messages that announce the calls, not yet sent. */
  readonly deliveries: readonly Delivery[]
  /** What the audio of each recording is, by its id. */
  readonly media: ReadonlyMap<string, MediaFact>
  close(): Promise<void>
}

const REGION = 'eu-west-1'
const ARCHIVE_BUCKET = 'call-archive'
const LINK_SECONDS = 600
const DAY_MS = 86_400_000
/** The calls are those of the last three weeks, and the longest lasts some hours. */
const HISTORY_ENDS_MS = 22 * DAY_MS
const BIRD_LIMIT: RateLimit = { requestsPerSecond: 50, burst: 50 }

/**
 * Starts Bird, S3 and SQS on 127.0.0.1 over one directory. Killed and started again on the same directory it goes on: same
 * keys, ports, calls, objects and messages. Throws if another process uses the directory, if a named port is taken, or if
 * the directory holds another call center or history than is asked for.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const directory = resolve(options.directory)
  const { objectLock = true, queueClock = 1, now = () => new Date() } = options
  const kept = await openState(directory, { ...options, now: now() })
  await refuseIfRunning(kept)
  const { workspaceId, credentials, birdAccessKey: accessKey } = kept
  const calls = describeCalls({ seed: kept.seed, count: kept.recordings, now: new Date(kept.callsBefore) })
  const scripted = scriptFaults(calls)
  const history = recall(kept)
  await using started = new AsyncDisposableStack()

  const s3 = await startOnPort('s3', options.ports, kept, (port) =>
    startS3Server({
      directory: join(directory, 's3'),
      port,
      credentials,
      region: REGION,
      now,
      faults: (request) =>
        options.faults?.s3?.(request) ?? (request.bucket === MEDIA_BUCKET ? scripted.s3(request) : undefined),
    }),
  )
  started.defer(() => s3.close())
  await writeState(directory, { ...kept, pid: process.pid, ports: { ...kept.ports, s3: s3.port } })
  await s3.createBucket(ARCHIVE_BUCKET, { objectLock, versioning: objectLock })
  await s3.createBucket(MEDIA_BUCKET)
  const { onProgress } = options
  const media = await fillMedia({
    directory,
    s3,
    workspaceId,
    calls,
    ...(onProgress !== undefined && { onProgress }),
  })

  const { visibilityTimeoutSeconds } = options
  const sqs = await startOnPort('sqs', options.ports, kept, (port) =>
    startQueueServer({
      port,
      directory: join(directory, 'sqs'),
      region: REGION,
      queueClock,
      ...(visibilityTimeoutSeconds !== undefined && { visibilityTimeoutSeconds }),
    }),
  )
  started.defer(() => sqs.close())

  const startedAt = new Date(kept.startedAt ?? now())
  const listed = [...calls, ...history]
  const keys = new Map(listed.map((call) => [call.recordingId, mediaKey(workspaceId, call)]))
  const bird = await startOnPort('bird', options.ports, kept, (port) =>
    startBirdServer({
      port,
      workspaceId,
      accessKey,
      calls: listed,
      startedAt,
      now,
      mediaLink: (recordingId) =>
        s3.presignGet(MEDIA_BUCKET, keys.get(recordingId) ?? recordingId, LINK_SECONDS),
      rateLimit: options.rateLimit ?? BIRD_LIMIT,
      faults: (request) => options.faults?.bird?.(request) ?? scripted.bird(request),
    }),
  )
  started.defer(() => bird.close())

  const ready = {
    s3: { endpoint: s3.url, ...credentials, region: REGION, bucket: ARCHIVE_BUCKET },
    sqs: { endpoint: sqs.url, queueUrl: sqs.queueUrl, deadLetterQueueUrl: sqs.deadLetterQueueUrl },
    bird: { url: bird.url, workspaceId, accessKey },
  }
  const env = buildEnvironment(ready, objectLock)
  const { loadApi } = options
  const api =
    loadApi &&
    (await startOnPort('api', options.ports, kept, (port) =>
      startApiServer({
        port,
        accessKeyId: credentials.accessKeyId,
        region: REGION,
        load: () => loadApi(env),
        now,
      }),
    ))
  started.defer(() => api?.close())

  const ports = { ...kept.ports, s3: s3.port, sqs: sqs.port, bird: bird.port, ...(api && { api: api.port }) }
  const state = { ...kept, startedAt: startedAt.toISOString(), ports }
  await writeState(directory, { ...state, pid: process.pid })
  const running = started.move()
  return {
    ready: { ...ready, ...(api && { api: { url: api.url } }), env },
    calls,
    history,
    deliveries: planDeliveries({ calls, workspaceId, seed: kept.seed }),
    media,
    async close() {
      await running.disposeAsync()
      await writeState(directory, { ...state, pid: 0 })
    },
  }
}

function recall({ seed, history = 0, historyDays = 0, callsBefore }: SandboxState): BirdCall[] {
  const to = Date.parse(callsBefore) - HISTORY_ENDS_MS
  const from = to - historyDays * DAY_MS
  return describeHistory({ seed, count: history, from: new Date(from), to: new Date(to) })
}
