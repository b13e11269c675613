import { ReceiveMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import type { SQSEvent } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { failuresOf, startQueue, startSource } from './queue-and-source.ts'

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
})
