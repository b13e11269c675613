import { SQSClient } from '@aws-sdk/client-sqs'
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { archiveRecording, type ArchiveSystems } from './archive/archive.ts'
import { createKeys } from './archive/keys.ts'
import { type BirdLimits, createBirdClient, DEFAULT_BIRD_LIMITS } from './bird/client.ts'
import { createDownloader } from './bird/download.ts'
import { getMediaLink, getRecording } from './bird/recordings.ts'
import { accessKeyFrom } from './compose-key.ts'
import { type Config, readConfig } from './config.ts'
import { createDeadline, systemClock } from './deadline.ts'
import { tuneEngine } from './engine.ts'
import { createJsonLog, type Log, writeLine } from './log.ts'
import { createMemory, type Memory } from './memory.ts'
import { createCatalogWriter, type WriteCatalog } from './s3/catalog-writer.ts'
import { connectS3 } from './s3/client.ts'
import { createDirectRequests } from './s3/direct.ts'
import { createStore, type Store, WHOLE_MAX_BYTES } from './s3/store.ts'
import { archiveBatch } from './sqs/batch.ts'
import { createQueue } from './sqs/queue.ts'
import { VERSION } from './version.ts'
import { wireOrExplain } from './wire-or-explain.ts'

/** What may be set beside the environment: nothing that a deployment needs, all that a test or a terminal does. */
export interface ComposeOptions {
  readonly log?: Log
  readonly birdLimits?: BirdLimits
  /** The longest that one recording may take, in milliseconds. */
  readonly recordingLimitMs?: number
  readonly writeMetrics?: (line: string) => void
}

/** The archiver, wired; shared by the deployed function and the terminal. */
export interface Archiver {
  readonly systems: ArchiveSystems
  readonly store: Store
  readonly memory: Memory
  readonly writeCatalog: WriteCatalog
  readonly log: Log
  readonly recordingLimitMs: number
  close(): Promise<void>
}

/** Ten minutes: a two-hour conference of 60 MB at 1 Mbit/s. */
const RECORDING_LIMIT_MS = 600_000
const MIB = 1024 * 1024

/** Wires the archiver from its configuration. */
export function composeArchiver(config: Config, options: ComposeOptions = {}): Archiver {
  tuneEngine()
  const clock = systemClock
  const log = options.log ?? createJsonLog(writeLine, config.logLevel, clock.now)
  const limits = options.birdLimits ?? DEFAULT_BIRD_LIMITS
  const client = createBirdClient({
    apiUrl: config.birdApiUrl,
    accessKey: accessKeyFrom(config),
    requestsPerSecond: config.requestsPerSecond,
    limits,
    clock,
    log,
  })
  const downloader = createDownloader(limits, clock, log)
  const s3 = connectS3({ forcePathStyle: config.forcePathStyle, sockets: config.concurrency * 2 })
  const memory = createMemory(memoryFor(config.memoryMb))
  const store = createStore({
    client: s3.client,
    direct: createDirectRequests(s3.client, config.bucket, s3.http, clock),
    bucket: config.bucket,
    memory,
    clock,
    preferredPartBytes: partBytesFor(config.memoryMb),
  })
  const keys = createKeys(config.prefix)
  return {
    systems: {
      bird: {
        getRecording: (workspaceId, recordingId, time) =>
          getRecording(client, workspaceId, recordingId, time),
        getMediaLink: (workspaceId, recordingId, time) =>
          getMediaLink(client, workspaceId, recordingId, config.mediaOrigins, time),
      },
      downloader,
      store,
      keys,
      clock,
      log,
      retention: config.retention,
      version: VERSION,
    },
    store,
    memory,
    writeCatalog: createCatalogWriter(store, keys, log),
    log,
    recordingLimitMs: options.recordingLimitMs ?? RECORDING_LIMIT_MS,
    async close() {
      downloader.close()
      await Promise.all([client.close(), s3.close()])
    },
  }
}

/** A Lambda handler for SQS batches. */
export type BatchHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>

/**
 * Wires the deployed archive function. The environment is read at the first event, so that a fault in it is logged
 * with every mend, and thrown: Lambda then counts an error, and SQS keeps the whole batch.
 */
export function composeArchiveFunction(
  environment: Readonly<Record<string, string | undefined>>,
  options: ComposeOptions = {},
): BatchHandler {
  let run: BatchHandler | undefined
  return async (event, context) => {
    run ??= wireOrExplain(() => wireBatch(readConfig(environment, { queues: true }), options), options.log)
    return await run(event, context)
  }
}

function wireBatch(config: Config, options: ComposeOptions): BatchHandler {
  const archiver = composeArchiver(config, options)
  const { queueUrl = '', deadLetterQueueUrl = '' } = config.queues ?? {}
  // The endpoint is the region's or AWS_ENDPOINT_URL_SQS, never whatever a queue's URL may hold.
  const queue = createQueue(new SQSClient({ useQueueUrlAsEndpoint: false }), queueUrl, deadLetterQueueUrl)
  return async (event, context) => {
    using deadline = createDeadline(() => context.getRemainingTimeInMillis())
    return await archiveBatch(event, context.awsRequestId, deadline, {
      archive: (request, delivery, time, takeTurn) =>
        archiveRecording(request, delivery, archiver.systems, time, takeTurn),
      writeCatalog: archiver.writeCatalog,
      queue,
      clock: systemClock,
      log: archiver.log,
      writeMetrics: options.writeMetrics ?? writeLine,
      functionName: context.functionName,
      workspaceId: config.workspaceId,
      concurrency: config.concurrency,
      notReadyHours: config.notReadyHours,
      recordingLimitMs: archiver.recordingLimitMs,
    })
  }
}

/** An eighth of the function's memory, at most 128 MiB, half for whole bodies and half for parts: the rest is Node's. */
function memoryFor(memoryMb: number): { wholeBytes: number; partBytes: number } {
  const half = Math.floor(Math.min(memoryMb / 8, 128) / 2) * MIB
  return {
    wholeBytes: Math.max(half, WHOLE_MAX_BYTES),
    partBytes: Math.max(half, 2 * partBytesFor(memoryMb)),
  }
}

function partBytesFor(memoryMb: number): number {
  return memoryMb < 256 ? 5 * MIB : 8 * MIB
}
