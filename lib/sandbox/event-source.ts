import { setTimeout as delay } from 'node:timers/promises'
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { Message } from '@aws-sdk/client-sqs'
import type { SQSEvent } from 'aws-lambda'
import { readBatchAnswer } from './partial-batch.ts'
import type { BatchVerdict } from './partial-batch.ts'
import { buildContext, buildEvent } from './sqs-event.ts'
import type { InvocationContext } from './sqs-event.ts'

export interface EventSourceOptions {
  readonly sqsEndpoint: string
  readonly queueUrl: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly region: string
  /** A method by its form, so that a function which asks for Lambda's whole `Context` fits although three parts are gone. */
  handler(this: void, event: SQSEvent, context: InvocationContext): unknown
  /** Messages in an invocation at most; 10 if not given. More than 10 needs a batching window. */
  readonly batchSize?: number
  /** How long to gather a batch that is not full; 0 if not given. */
  readonly batchingWindowSeconds?: number
  /** Invocations at the same time; 2 if not given. */
  readonly maximumConcurrency?: number
  /** The function's time-out; 60,000 if not given. */
  readonly timeoutMs?: number
  readonly functionName?: string
  readonly memoryLimitInMB?: number
  /** How many times sooner than the queue's visibility timeout a failed message comes again; 1 if not given. */
  readonly queueClock?: number
  /** Told after each invocation, when its messages have been dealt with. Must not throw. */
  readonly onBatch?: (report: BatchReport) => void
}

/** What became of one invocation. */
export interface BatchReport extends BatchVerdict {
  readonly messageIds: readonly string[]
  readonly durationMs: number
  /** What the handler threw. */
  readonly error?: unknown
}

export interface EventSource {
  /** Receives nothing more and waits for the invocations that are running. */
  stop(): Promise<void>
}

const MAX_RECEIVE = 10
/**
 * Short, because stop() must wait for the poll that is under way: what SQS gives to a caller that has left stays hidden for
 * the whole visibility timeout. SQS itself takes whole seconds only.
 */
const WAIT_SECONDS = 0.25
const ATTEMPTS = 10
const FIRST_PAUSE_MS = 50
const MAX_PAUSE_MS = 1000

/**
 * Does what Lambda does for an SQS event source with `ReportBatchItemFailures`: receives, invokes the handler with a batch,
 * deletes what succeeded and leaves the rest to the visibility timeout and the redrive policy. A queue that is away for
 * a while is waited for. Rejects if the queue cannot be reached at the start; throws a RangeError on a bad batch size.
 */
export async function startEventSource(options: EventSourceOptions): Promise<EventSource> {
  const { queueUrl, region, handler, onBatch, batchSize = 10, batchingWindowSeconds = 0 } = options
  const { maximumConcurrency = 2, timeoutMs = 60_000, queueClock = 1 } = options
  if (batchSize < 1 || (batchSize > MAX_RECEIVE && batchingWindowSeconds < 1)) {
    throw new RangeError('batchSize must be 1 to 10, or more with a batching window of at least a second')
  }
  const description = {
    functionName: options.functionName ?? 'archive',
    memoryLimitInMB: options.memoryLimitInMB ?? 512,
    region,
  }
  const sqs = new SQSClient({
    endpoint: options.sqsEndpoint,
    region,
    credentials: { ...options.credentials },
  })
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  const queue = await persist(() =>
    sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: ['QueueArn', 'VisibilityTimeout'],
      }),
    ),
  )
  const queueArn = queue.Attributes?.QueueArn ?? ''
  // A fraction of a second is more than SQS would take; the sandbox's queue does.
  const retrySeconds = Number(queue.Attributes?.VisibilityTimeout ?? 30) / queueClock

  async function receive(count: number): Promise<readonly Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(count, MAX_RECEIVE),
      WaitTimeSeconds: WAIT_SECONDS,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    })
    try {
      return (await sqs.send(command)).Messages ?? []
    } catch {
      await delay(MAX_PAUSE_MS / 5, undefined, { signal: stopping.signal }).catch(() => undefined)
      return []
    }
  }

  async function gather(): Promise<readonly Message[]> {
    const batch = [...(await receive(batchSize))]
    const closesMs = Date.now() + batchingWindowSeconds * 1000
    while (
      batch.length > 0 &&
      batch.length < batchSize &&
      Date.now() < closesMs &&
      !stopping.signal.aborted
    ) {
      batch.push(...(await receive(batchSize - batch.length)))
    }
    return batch
  }

  async function work(batch: readonly Message[]): Promise<void> {
    const startedMs = Date.now()
    const messageIds = batch.map((message) => message.MessageId ?? '')
    const context = buildContext(description, startedMs + timeoutMs)
    const { verdict, error } = await invoke(
      handler,
      buildEvent(batch, queueArn, region),
      context,
      messageIds,
      timeoutMs,
    )
    const failed = new Set(verdict.failedMessageIds)
    await settle(
      batch.filter((message) => !failed.has(message.MessageId ?? '')),
      (Entries) => sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries })),
    )
    if (queueClock > 1) {
      await settle(
        batch.filter((message) => failed.has(message.MessageId ?? '')),
        (entries) => {
          const Entries = entries.map((entry) => ({ ...entry, VisibilityTimeout: retrySeconds }))
          return sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }))
        },
      )
    }
    onBatch?.({
      ...verdict,
      messageIds,
      durationMs: Date.now() - startedMs,
      ...(error !== undefined && { error }),
    })
  }

  async function poll(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (running.size >= maximumConcurrency) {
        await Promise.race(running)
        continue
      }
      const batch = await gather()
      if (batch.length === 0) continue
      const invocation = work(batch).finally(() => running.delete(invocation))
      running.add(invocation)
    }
    await Promise.all(running)
  }

  const polling = poll()
  return {
    async stop() {
      stopping.abort()
      await polling
      sqs.destroy()
    },
  }
}

async function invoke(
  handler: EventSourceOptions['handler'],
  event: SQSEvent,
  context: InvocationContext,
  messageIds: readonly string[],
  timeoutMs: number,
): Promise<{ verdict: BatchVerdict; error?: unknown }> {
  const timer = new AbortController()
  const timeOut = delay(timeoutMs, undefined, { signal: timer.signal }).then(
    (): BatchVerdict => ({
      failedMessageIds: messageIds,
      fault: `the function ran for more than ${timeoutMs} ms`,
    }),
    (): BatchVerdict => ({ failedMessageIds: messageIds }),
  )
  const answer = (async () => readBatchAnswer(await handler(event, context), messageIds))()
  try {
    return { verdict: await Promise.race([answer, timeOut]) }
  } catch (error) {
    return { verdict: { failedMessageIds: messageIds, fault: 'the function threw' }, error }
  } finally {
    timer.abort()
  }
}

interface Entry {
  readonly Id: string
  readonly ReceiptHandle: string | undefined
}

/** Sends in requests of ten, again for what the answers call failed. What fails to the end is delivered again by the queue. */
async function settle(
  messages: readonly Message[],
  send: (entries: Entry[]) => Promise<{ Failed?: readonly { Id?: string | undefined }[] | undefined }>,
): Promise<void> {
  for (let start = 0; start < messages.length; start += MAX_RECEIVE) {
    let entries = messages
      .slice(start, start + MAX_RECEIVE)
      .map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle }))
    const sendRest = async (): Promise<void> => {
      const { Failed = [] } = await send(entries)
      entries = entries.filter((entry) => Failed.some((failure) => failure.Id === entry.Id))
      if (entries.length > 0) throw new Error(`${entries.length} messages could not be settled`)
    }
    await persist(sendRest).catch(() => undefined)
  }
}

/** Tries up to ten times with pauses that grow to a second; rejects with the last failure. */
async function persist<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (tries === ATTEMPTS) throw error
      await delay(Math.min(FIRST_PAUSE_MS * 2 ** tries, MAX_PAUSE_MS))
    }
  }
}
