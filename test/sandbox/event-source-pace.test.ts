import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startQueueServer } from '../../lib/sandbox/queue-server.ts'
import { connect, startQueue, startSource } from './queue-and-source.ts'

describe('the event source', () => {
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
        // Time enough for a source without a limit to receive again and again.
        for (let question = 0; question < 10; question++) await sqs.main()
        running -= 1
      },
    })
    await until((finished) => finished.flatMap(({ messageIds }) => messageIds).length === 40)
    expect(new Set(bodies).size).toBe(40)
    expect(most).toBe(3)
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
    const events: string[] = []
    const entered = Promise.withResolvers<void>()
    const { source } = await startSource(queue, {
      handler: async () => {
        entered.resolve()
        // A long poll of an empty queue: by its end the source's own, shorter poll is over.
        await sqs.client.send(
          new ReceiveMessageCommand({ QueueUrl: queue.deadLetterQueueUrl, WaitTimeSeconds: 1 }),
        )
        events.push('handled')
      },
    })
    await entered.promise
    await source.stop()
    events.push('stopped')
    expect(events).toEqual(['handled', 'stopped'])
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
