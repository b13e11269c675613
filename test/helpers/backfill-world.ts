import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { parseMessage } from '../../lib/archive/message.ts'
import { statusAt } from '../../lib/sandbox/bird-recording.ts'
import type { BirdCall } from '../../lib/sandbox/bird-recording.ts'
import { startQueueServer } from '../../lib/sandbox/queue-server.ts'
import type { RateLimit } from '../../lib/sandbox/rate-limit.ts'
import type { S3Faults } from '../../lib/sandbox/s3-server.ts'
import { type ListedBird, type SeenBirdRequest, startListedBird } from './listed-bird.ts'
import { sidecarOf } from './listed-calls.ts'
import { drainQueue, lookIntoQueue, type QueuedMessage, sendMessage } from './queue-contents.ts'
import { ACCESS_KEY, WORKSPACE } from './world.ts'
import { startSandboxStore } from './world-store.ts'

type Attributes = Readonly<Record<string, string>>

/** What the servers were asked by others than this world itself. */
export interface Requests {
  readonly bird: readonly SeenBirdRequest[]
  /** On the archive's bucket; the key is empty where the operation is one on all of it. */
  readonly s3: readonly { readonly operation: string; readonly key: string }[]
  reset(): void
}

/** What a world begins with; the rest is set on it, at any time. */
export interface BackfillWorldOptions {
  readonly calls?: readonly BirdCall[]
  /** Of the bucket, which keeps versions either way; yes if not given. */
  readonly objectLock?: boolean
  readonly queueClock?: number
  readonly rateLimit?: RateLimit
  /** From when on the statuses of calls count; the start of the world if not given. */
  readonly startedAt?: Date
}

/** Bird with a list of calls, the archive's bucket, and the queues: all that a backfill works with. */
export interface BackfillWorld extends Omit<ListedBird, 'url' | 'requests' | 'close'>, AsyncDisposable {
  readonly workspaceId: string
  /** All of the archiver's environment and AWS's own variables, which also stand in this process's. */
  readonly env: Readonly<Record<string, string>>
  s3Faults: S3Faults
  readonly requests: Requests
  /** Puts the sidecar of a call into the bucket, whatever its status is. */
  archived(call: BirdCall): Promise<void>
  archiveAll(calls: readonly BirdCall[]): Promise<void>
  /** What lies in the queue, delayed or received messages too. Looking receives nothing. */
  queued(): Promise<QueuedMessage[]>
  deadLetters(): Promise<QueuedMessage[]>
  enqueue(body: string, attributes?: Attributes): Promise<void>
  deadLetter(body: string, attributes?: Attributes): Promise<void>
  /**
   * Does the archiver's work in short: takes every visible message, puts the sidecars of recordings that are available,
   * sends again what is not yet, leaves the rest at that. Resolves to the ids that have got a sidecar.
   */
  archiveQueued(): Promise<string[]>
  /** A document of the bucket, parsed. */
  json(key: string): Promise<Record<string, ReturnType<typeof JSON.parse>>>
  put(key: string, body: string | Uint8Array): Promise<void>
  /** The names in the bucket that begin so, in their order. */
  keys(prefix?: string): Promise<string[]>
}

const LINK_SECONDS = 600
/** Nothing that was received comes again within a test. */
const VISIBILITY_SECONDS = 43_200
/** By this in the user agent a request is known for the world's own: it is neither noted nor struck by faults. */
const OURS = 'backfill-world'

/** Starts all of it on 127.0.0.1 and clears it away when disposed. One world at a time in a test file. */
export async function startBackfillWorld(options: BackfillWorldOptions = {}): Promise<BackfillWorld> {
  // Tens of thousands of small files: in memory, where there is such a place.
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const directory = await mkdtemp(join(base, 'backfill-'))
  const { objectLock = true, queueClock = 1, startedAt = new Date() } = options
  const s3Requests: Requests['s3'][number][] = []
  const s3 = await startSandboxStore(directory, objectLock, (request) => {
    if (request.bucket !== s3.bucket || request.headers['user-agent']?.includes(OURS)) return undefined
    s3Requests.push({ operation: request.operation, key: request.key })
    return world.s3Faults(request)
  })
  const sqs = await startQueueServer({ queueClock, visibilityTimeoutSeconds: VISIBILITY_SECONDS })
  const bird = await startListedBird({
    workspaceId: WORKSPACE,
    accessKey: ACCESS_KEY,
    calls: options.calls ?? [],
    startedAt,
    link: (id) => s3.presignGet(s3.mediaBucket, `workspaceID:${WORKSPACE}/${id}.mp3`, LINK_SECONDS),
  })
  bird.rateLimit = options.rateLimit
  const awsEnv = {
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_SQS: sqs.url,
  }
  // What the SDK itself reads it takes from the process.
  Object.assign(process.env, awsEnv)
  const client = new S3Client({ forcePathStyle: true, customUserAgent: OURS })
  const queue = new SQSClient({ useQueueUrlAsEndpoint: false })
  const put: BackfillWorld['put'] = (key, body) => s3.putFile(s3.bucket, key, Buffer.from(body))
  const archived: BackfillWorld['archived'] = (call) =>
    put(`recordings/${WORKSPACE}/${call.recordingId}.json`, sidecarOf(call, WORKSPACE))

  const world: BackfillWorld = {
    workspaceId: WORKSPACE,
    env: {
      BIRD_API_URL: bird.url,
      BIRD_WORKSPACE_ID: WORKSPACE,
      BIRD_ACCESS_KEY: ACCESS_KEY,
      ARCHIVE_BUCKET: s3.bucket,
      QUEUE_URL: sqs.queueUrl,
      DEAD_LETTER_QUEUE_URL: sqs.deadLetterQueueUrl,
      MEDIA_ORIGINS: s3.url,
      S3_FORCE_PATH_STYLE: 'true',
      ...awsEnv,
    },
    startedAt,
    get calls() {
      return bird.calls
    },
    setCalls: (calls) => bird.setCalls(calls),
    setStatus: (id, status) => bird.setStatus(id, status),
    get now() {
      return bird.now
    },
    set now(next) {
      bird.now = next
    },
    get birdFaults() {
      return bird.birdFaults
    },
    set birdFaults(next) {
      bird.birdFaults = next
    },
    get rateLimit() {
      return bird.rateLimit
    },
    set rateLimit(next) {
      bird.rateLimit = next
    },
    link: (id) => bird.link(id),
    s3Faults: () => undefined,
    requests: {
      bird: bird.requests,
      s3: s3Requests,
      reset() {
        bird.requests.length = 0
        s3Requests.length = 0
      },
    },
    archived,
    async archiveAll(calls) {
      // In the order of their names: the store puts each in its place, and the end is the cheapest.
      const ordered = calls.toSorted((a, b) => (a.recordingId < b.recordingId ? -1 : 1))
      for (const call of ordered) await archived(call)
    },
    queued: () => lookIntoQueue(sqs, sqs.queueUrl),
    deadLetters: () => lookIntoQueue(sqs, sqs.deadLetterQueueUrl),
    enqueue: (body, attributes) => sendMessage(queue, sqs.queueUrl, body, attributes),
    deadLetter: (body, attributes) => sendMessage(queue, sqs.deadLetterQueueUrl, body, attributes),
    async archiveQueued() {
      const { done, notYet } = await archiveMessages(bird, archived, (take) =>
        drainQueue(queue, sqs.queueUrl, take),
      )
      for (const { body, attributes } of notYet) await world.enqueue(body, attributes)
      return done
    },
    async json(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: s3.bucket, Key: key }))
      return JSON.parse((await Body?.transformToString()) ?? '') as Awaited<ReturnType<BackfillWorld['json']>>
    },
    put,
    async keys(prefix = '') {
      const pages = paginateListObjectsV2({ client }, { Bucket: s3.bucket, Prefix: prefix })
      const names: string[] = []
      for await (const { Contents = [] } of pages) names.push(...Contents.map(({ Key = '' }) => Key))
      return names
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
      queue.destroy()
      await Promise.all([bird.close(), s3.close(), sqs.close()])
      await rm(directory, { recursive: true, force: true })
    },
  }
  return world
}

/** What the archiver would make of messages, going by the statuses that Bird tells now. */
async function archiveMessages(
  bird: ListedBird,
  archived: (call: BirdCall) => Promise<void>,
  drain: (take: (message: Pick<QueuedMessage, 'body' | 'attributes'>) => Promise<void>) => Promise<void>,
): Promise<{ done: string[]; notYet: Pick<QueuedMessage, 'body' | 'attributes'>[] }> {
  const [done, notYet] = [[] as string[], [] as Pick<QueuedMessage, 'body' | 'attributes'>[]]
  const byId = new Map(bird.calls.map((call) => [call.recordingId, call]))
  await drain(async (message) => {
    const parsed = parseMessage({ ...message, sentAt: bird.now() }, WORKSPACE)
    const call = parsed.readable ? byId.get(parsed.request.recordingId) : undefined
    if (call === undefined) return
    const { status } = statusAt(call, bird.startedAt, bird.now())
    if (status === 'available') {
      await archived(call)
      done.push(call.recordingId)
    } else if (status !== 'absent' && status !== 'failed') notYet.push(message)
  })
  return { done, notYet }
}
