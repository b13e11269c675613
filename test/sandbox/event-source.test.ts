import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { SQSEvent } from 'aws-lambda'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startEventSource } from '../../lib/sandbox/event-source.ts'
import type { BatchReport, EventSourceOptions } from '../../lib/sandbox/event-source.ts'
import { startQueueServer } from '../../lib/sandbox/queue-server.ts'
import type { QueueServer, QueueServerOptions } from '../../lib/sandbox/queue-server.ts'

const credentials = { accessKeyId: 'a', secretAccessKey: 's' }
const region = 'eu-west-1'

/** Failed messages come again after 360 s / 36,000 = 10 ms. */
const FAST = 36_000

async function startQueue(options: QueueServerOptions = {}) {
  const queue = await startQueueServer(options)
  onTestFinished(() => queue.close())
  return { queue, sqs: connect(queue) }
}

function connect(queue: QueueServer) {
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

async function startSource(
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

function failuresOf(event: SQSEvent, fails: (body: string) => boolean) {
  const failed = event.Records.filter(({ body }) => fails(body))
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) }
}

describe('the event source', () => {
  it('hands over records and a context in the form that Lambda gives them', async () => {
    const { queue, sqs } = await startQueue()
    await sqs.client.send(
      new SendMessageBatchCommand({
        QueueUrl: queue.queueUrl,
        Entries: [
          {
            Id: '0',
            MessageBody: 'hello',
            MessageAttributes: {
              firstSeenAt: { DataType: 'String', StringValue: '2026-01-01T00:00:00Z' },
              deferrals: { DataType: 'Number', StringValue: '3' },
              blob: { DataType: 'Binary', BinaryValue: Buffer.from('bytes') },
            },
          },
        ],
      }),
    )
    const seen: unknown[] = []
    const { until } = await startSource(queue, {
      timeoutMs: 30_000,
      handler: (event, context) => {
        seen.push(event, { ...context, left: context.getRemainingTimeInMillis() })
      },
    })
    await until((reports) => reports.length === 1)
    const [event, context] = seen as [SQSEvent, Record<string, unknown>]
    expect(event.Records).toEqual([
      {
        messageId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        receiptHandle: expect.any(String) as string,
        body: 'hello',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: expect.stringMatching(/^\d{13}$/) as string,
          SenderId: expect.any(String) as string,
          ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/) as string,
        },
        messageAttributes: {
          firstSeenAt: {
            stringValue: '2026-01-01T00:00:00Z',
            stringListValues: [],
            binaryListValues: [],
            dataType: 'String',
          },
          deferrals: { stringValue: '3', stringListValues: [], binaryListValues: [], dataType: 'Number' },
          blob: { binaryValue: 'Ynl0ZXM=', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
        },
        md5OfBody: '5d41402abc4b2a76b9719d911017c592',
        md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:recordings',
        awsRegion: 'eu-west-1',
      },
    ])
    expect(context).toMatchObject({
      functionName: 'archive',
      memoryLimitInMB: '512',
      awsRequestId: expect.any(String) as string,
    })
    expect(context['left']).toBeGreaterThan(0)
    expect(context['left']).toBeLessThanOrEqual(30_000)
  })

  it('deletes what succeeded and leaves what failed in the queue', async () => {
    const { queue, sqs } = await startQueue()
    await sqs.send('good', 'bad', 'fine')
    const { source, until } = await startSource(queue, {
      queueClock: 1,
      handler: (event) => failuresOf(event, (body) => body === 'bad'),
    })
    await until((reports) => reports.flatMap(({ messageIds }) => messageIds).length === 3)
    await source.stop()
    expect(await sqs.main()).toEqual({ visible: 0, hidden: 1 })
  })

  it('delivers what fails five times, and then it is a dead letter', async () => {
    const { queue, sqs } = await startQueue()
    await sqs.send('good', 'bad')
    const attempts: string[] = []
    const { source, until } = await startSource(queue, {
      handler: (event) => {
        for (const { body, attributes } of event.Records)
          if (body === 'bad') attempts.push(attributes.ApproximateReceiveCount)
        return failuresOf(event, (body) => body === 'bad')
      },
    })
    await until(() => attempts.length === 5)
    await source.stop()
    await expect
      .poll(async () => {
        await sqs.client.send(new ReceiveMessageCommand({ QueueUrl: queue.queueUrl }))
        return sqs.dead()
      })
      .toEqual({ visible: 1, hidden: 0 })
    expect(attempts).toEqual(['1', '2', '3', '4', '5'])
    expect(await sqs.main()).toEqual({ visible: 0, hidden: 0 })
  })

  it('delivers a whole batch again after a throw, a bad answer and a time-out', async () => {
    const { queue, sqs } = await startQueue()
    await sqs.send('one', 'two')
    const left: number[] = []
    let run = 0
    const { reports, until } = await startSource(queue, {
      timeoutMs: 40,
      maximumConcurrency: 1,
      handler: async (_event, context) => {
        run += 1
        if (run === 1) throw new Error('broken')
        if (run === 2) return { batchItemFailures: [{ itemIdentifier: 'nobody' }] }
        if (run === 3) {
          left.push(context.getRemainingTimeInMillis())
          await Promise.withResolvers().promise
        }
        return undefined
      },
    })
    await until(
      () =>
        reports.filter(({ fault }) => fault === undefined).flatMap(({ messageIds }) => messageIds).length ===
        2,
    )
    expect(reports.slice(0, 3).map(({ fault }) => fault)).toEqual([
      'the function threw',
      'an itemIdentifier names no message of the batch',
      'the function ran for more than 40 ms',
    ])
    expect(reports[0]?.error).toEqual(new Error('broken'))
    expect(left[0]).toBeLessThanOrEqual(40)
    expect(await sqs.main()).toEqual({ visible: 0, hidden: 0 })
  })

  it('never runs more invocations at once than it may, and gathers batches no larger than asked', async () => {
    const { queue, sqs } = await startQueue()
    for (let index = 0; index < 4; index++)
      await sqs.send(...Array.from({ length: 10 }, (_, item) => `m${index}${item}`))
    let running = 0
    let most = 0
    const bodies: string[] = []
    const { reports, until } = await startSource(queue, {
      batchSize: 4,
      maximumConcurrency: 3,
      handler: async (event) => {
        most = Math.max(most, ++running)
        bodies.push(...event.Records.map(({ body }) => body))
        await setImmediate()
        running -= 1
      },
    })
    await until(() => bodies.length === 40 && running === 0)
    expect(new Set(bodies).size).toBe(40)
    expect(most).toBeLessThanOrEqual(3)
    expect(Math.max(...reports.map(({ messageIds }) => messageIds.length))).toBe(4)
  })

  it('gathers more than ten messages in a batching window', async () => {
    const { queue, sqs } = await startQueue()
    for (let index = 0; index < 3; index++)
      await sqs.send(...Array.from({ length: 10 }, (_, item) => `m${index}${item}`))
    const { reports, until } = await startSource(queue, {
      batchSize: 25,
      batchingWindowSeconds: 1,
      handler: () => undefined,
    })
    await until(() => reports.flatMap(({ messageIds }) => messageIds).length === 30)
    expect(reports.map(({ messageIds }) => messageIds.length)).toEqual([25, 5])
    expect(await sqs.main()).toEqual({ visible: 0, hidden: 0 })
  })

  it('refuses more than ten messages without a window, as Lambda does', async () => {
    const { queue } = await startQueue()
    await expect(startSource(queue, { batchSize: 11, handler: () => undefined })).rejects.toThrow(RangeError)
  })

  it('waits for running invocations when it is stopped', async () => {
    const { queue, sqs } = await startQueue()
    await sqs.send('slow')
    const entered = Promise.withResolvers<void>()
    const leave = Promise.withResolvers<void>()
    const { source, reports } = await startSource(queue, {
      handler: async () => {
        entered.resolve()
        await leave.promise
      },
    })
    await entered.promise
    const stopped = source.stop()
    leave.resolve()
    await stopped
    expect(reports).toHaveLength(1)
    expect(await sqs.main()).toEqual({ visible: 0, hidden: 0 })
  })

  it('waits for a queue that is away, and goes on when it is back', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'queue-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const first = await startQueueServer({ directory })
    await connect(first).send('before')
    const { reports, until } = await startSource(first, { handler: () => undefined })
    await until(() => reports.length === 1)
    await first.close()
    const { sqs } = await startQueue({ directory, port: first.port })
    await sqs.send('after')
    await until(() => reports.length === 2)
    expect(await sqs.main()).toEqual({ visible: 0, hidden: 0 })
  })
})
