import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { Context, SQSBatchResponse } from 'aws-lambda'
import { DEFAULT_BIRD_LIMITS } from '../../lib/bird/client.ts'
import { composeArchiveFunction, type ComposeOptions } from '../../lib/compose.ts'
import { startQueueServer } from '../../lib/sandbox/queue-server.ts'
import type { S3Faults } from '../../lib/sandbox/s3-server.ts'
import { type BirdDouble, type BirdReply, startBirdDouble } from './bird-double.ts'
import { encodeTone } from './mp3-files.ts'
import { exampleMetadata } from './recordings.ts'
import { eventOf, type TestMessage } from './sqs-events.ts'
import { startSandboxStore, type WorldStore } from './world-store.ts'

export const WORKSPACE = '8bc02f53-87ac-48d2-b4fd-c2cf856a305f'
export const ACCESS_KEY = 'test-access-key-0000000000000000'
const LINK_SECONDS = 600

/** Tests look into documents by name and compare what they find. */
type ParsedJson = Record<string, ReturnType<typeof JSON.parse>>

export interface RecordingOptions {
  readonly id?: string
  readonly audio?: Uint8Array
  readonly contentType?: string
  /** Laid over the metadata that Bird gives. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** In place of the ordinary replies: the last one stays. */
  readonly metadataReplies?: BirdReply[]
  readonly linkReplies?: BirdReply[]
}

export interface Run {
  readonly response: SQSBatchResponse
  /** Message ids that were reported failed. */
  readonly failed: readonly string[]
  readonly events: readonly (Readonly<Record<string, unknown>> & { readonly event: string })[]
  readonly metrics: readonly Readonly<Record<string, unknown>>[]
  /** Everything that the run printed. */
  readonly output: string
}

export interface World extends AsyncDisposable {
  readonly bird: BirdDouble
  readonly s3Url: string
  readonly client: S3Client
  readonly env: Readonly<Record<string, string>>
  /** Faults of the bucket and of the media that links lead to; set at any time. */
  faults: S3Faults
  addRecording(options?: RecordingOptions): Promise<{ id: string; audio: Uint8Array; sha256: string }>
  /** A fresh presigned link to a recording's audio. */
  link(id: string): string
  /** Runs the real handler over one batch. `environment` is laid over `env`; a new function instance each time. */
  run(
    messages: readonly TestMessage[],
    options?: {
      remainingMs?: number
      environment?: Readonly<Record<string, string | undefined>>
      compose?: ComposeOptions
    },
  ): Promise<Run>
  /** All versions in the archive bucket, oldest name first. */
  keys(): Promise<string[]>
  get(key: string): Promise<Buffer>
  /** A document of the bucket, parsed. */
  json(key: string): Promise<ParsedJson>
  head(
    key: string,
  ): Promise<{ lockMode: string | undefined; lockUntil: Date | undefined; contentType: string | undefined }>
  /** Puts something under a key of the archive beforehand. */
  put(key: string, body: Uint8Array | string): Promise<void>
  /** Puts a delete marker on a key of the archive. */
  remove(key: string): Promise<void>
  unfinishedUploads(): Promise<string[]>
  /** Messages in the queue now, delayed ones too, as far as they have become visible. */
  received(queue: 'queue' | 'dead-letters', waitSeconds?: number): Promise<Message[]>
}

/** Starts S3 (or takes the given one), SQS and Bird on 127.0.0.1 and clears all of it away when disposed. */
export async function startWorld(
  options: { objectLock?: boolean; queueClock?: number; store?: WorldStore } = {},
): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'archiver-'))
  let faults: S3Faults = () => undefined
  const { objectLock = true } = options
  const s3 = options.store ?? (await startSandboxStore(directory, objectLock, (request) => faults(request)))
  const { bucket: BUCKET, mediaBucket: MEDIA_BUCKET, region, credentials } = s3
  const sqs = await startQueueServer({ queueClock: options.queueClock ?? 900 })
  const bird = await startBirdDouble(ACCESS_KEY)
  const env = {
    BIRD_API_URL: bird.url,
    BIRD_WORKSPACE_ID: WORKSPACE,
    BIRD_ACCESS_KEY: ACCESS_KEY,
    ARCHIVE_BUCKET: BUCKET,
    QUEUE_URL: sqs.queueUrl,
    DEAD_LETTER_QUEUE_URL: sqs.deadLetterQueueUrl,
    MEDIA_ORIGINS: s3.url,
    S3_FORCE_PATH_STYLE: 'true',
  }
  // What the SDK itself reads it takes from the process: one world per test file.
  Object.assign(process.env, {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_SQS: sqs.url,
  })
  const client = new S3Client({ forcePathStyle: true })
  const queueClient = new SQSClient({ endpoint: sqs.url, useQueueUrlAsEndpoint: false })
  const mediaKey = (id: string): string => `workspaceID:${WORKSPACE}/${id}.mp3`
  const link = (id: string): string => s3.presignGet(MEDIA_BUCKET, mediaKey(id), LINK_SECONDS)
  const get = async (key: string): Promise<Buffer> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  }

  return {
    bird,
    s3Url: s3.url,
    client,
    env,
    get faults() {
      return faults
    },
    set faults(next) {
      faults = next
    },
    link,
    async addRecording(recording = {}) {
      const id = recording.id ?? randomUUID()
      const audio =
        recording.audio ??
        (await encodeTone({
          seconds: 3,
          sampleRateHz: 16_000,
          channels: 1,
          bitRateKbps: 32,
          seed: bird.scripts.size,
        }))
      await s3.putFile(MEDIA_BUCKET, mediaKey(id), audio, {
        contentType: recording.contentType ?? 'audio/mpeg',
      })
      const metadata = { ...exampleMetadata(id), url: link(id), ...recording.metadata }
      bird.scripts.set(id, {
        metadata: recording.metadataReplies ?? [{ status: 200, body: metadata }],
        link: recording.linkReplies ?? [() => ({ status: 307, headers: { location: link(id) } })],
      })
      return { id, audio, sha256: createHash('sha256').update(audio).digest('hex') }
    },
    async run(messages, { remainingMs = 60_000, environment = {}, compose = {} } = {}) {
      const lines: string[] = []
      const write = process.stdout.write.bind(process.stdout)
      // The handler writes to standard output as in Lambda; here it is caught for the test to read.
      process.stdout.write = (chunk: string | Uint8Array) => {
        lines.push(...String(chunk).split('\n').filter(Boolean))
        return true
      }
      try {
        const handler = composeArchiveFunction(
          { ...env, LOG_LEVEL: 'debug', ...environment },
          { birdLimits: DEFAULT_BIRD_LIMITS, ...compose },
        )
        const endsAt = Date.now() + remainingMs
        const context = {
          awsRequestId: randomUUID(),
          getRemainingTimeInMillis: () => endsAt - Date.now(),
        } as Context
        const response = await handler(eventOf(messages), context)
        const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
        return {
          response,
          failed: response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
          events: parsed.filter((line): line is Run['events'][number] => typeof line['event'] === 'string'),
          metrics: parsed.filter((line) => line['_aws'] !== undefined),
          output: lines.join('\n'),
        }
      } finally {
        process.stdout.write = write
      }
    },
    async keys() {
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket: BUCKET }),
      )
      return [...Versions, ...DeleteMarkers].map(({ Key }) => Key ?? '').toSorted()
    },
    get,
    json: async (key) => JSON.parse((await get(key)).toString()) as ParsedJson,
    async head(key) {
      const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }))
      return {
        lockMode: head.ObjectLockMode,
        lockUntil: head.ObjectLockRetainUntilDate,
        contentType: head.ContentType,
      }
    },
    async put(key, body) {
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }))
    },
    async remove(key) {
      await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }))
    },
    async unfinishedUploads() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))
      return Uploads.map(({ Key }) => Key ?? '')
    },
    async received(queue, waitSeconds = 0) {
      const QueueUrl = queue === 'queue' ? sqs.queueUrl : sqs.deadLetterQueueUrl
      const all: Message[] = []
      for (;;) {
        const { Messages = [] } = await queueClient.send(
          new ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: 10,
            WaitTimeSeconds: waitSeconds,
            MessageAttributeNames: ['All'],
            MessageSystemAttributeNames: ['All'],
          }),
        )
        if (Messages.length === 0) return all
        all.push(...Messages)
        if (waitSeconds > 0) return all
      }
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
      queueClient.destroy()
      await Promise.all([bird.close(), s3.close(), sqs.close()])
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** The names under which a recording lies in the bucket. */
export function keysOf(id: string): { audio: string; sidecar: string } {
  return { audio: `recordings/${WORKSPACE}/${id}.mp3`, sidecar: `recordings/${WORKSPACE}/${id}.json` }
}
