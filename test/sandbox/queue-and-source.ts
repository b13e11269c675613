import { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { SQSEvent } from 'aws-lambda'
import { onTestFinished } from 'vitest'
import { startEventSource } from '../../lib/sandbox/event-source.ts'
import type { BatchReport, EventSourceOptions } from '../../lib/sandbox/event-source.ts'
import { startQueueServer } from '../../lib/sandbox/queue-server.ts'
import type { QueueServer, QueueServerOptions } from '../../lib/sandbox/queue-server.ts'

const credentials = { accessKeyId: 'a', secretAccessKey: 's' }
const region = 'eu-west-1'

/** Failed messages come again after 360 s / 36,000 = 10 ms. */
const FAST = 36_000

/** A queue server that ends with the test, and a client to look at it. */
export async function startQueue(options: QueueServerOptions = {}) {
  const queue = await startQueueServer(options)
  onTestFinished(() => queue.close())
  return { queue, sqs: connect(queue) }
}

/** A client of a queue server that counts messages as SQS does. */
export function connect(queue: QueueServer) {
  const client = new SQSClient({ endpoint: queue.url, region, credentials })
  const count = async (QueueUrl: string) => {
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    )
    return {
      visible: Number(Attributes?.ApproximateNumberOfMessages),
      hidden: Number(Attributes?.ApproximateNumberOfMessagesNotVisible),
    }
  }
  return {
    client,
    send: (...bodies: string[]) =>
      client.send(
        new SendMessageBatchCommand({
          QueueUrl: queue.queueUrl,
          Entries: bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
        }),
      ),
    main: () => count(queue.queueUrl),
    dead: () => count(queue.deadLetterQueueUrl),
  }
}

/** An event source that ends with the test; `until` waits until its reports satisfy a condition. */
export async function startSource(
  queue: QueueServer,
  options: Pick<EventSourceOptions, 'handler'> & Partial<EventSourceOptions>,
) {
  const reports: BatchReport[] = []
  const waiters = new Set<() => void>()
  const source = await startEventSource({
    sqsEndpoint: queue.url,
    queueUrl: queue.queueUrl,
    credentials,
    region,
    queueClock: FAST,
    ...options,
    onBatch: (report) => {
      reports.push(report)
      for (const look of waiters) look()
    },
  })
  onTestFinished(() => source.stop())
  const until = async (met: (reports: readonly BatchReport[]) => boolean) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (met(reports)) resolve()
    }
    waiters.add(look)
    look()
    await promise
    waiters.delete(look)
  }
  return { source, reports, until }
}

/** The partial-batch answer that fails the messages whose body satisfies `fails`. */
export function failuresOf(event: SQSEvent, fails: (body: string) => boolean) {
  const failed = event.Records.filter(({ body }) => fails(body))
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) }
}
