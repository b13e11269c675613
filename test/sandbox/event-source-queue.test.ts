import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startQueueServer } from '../../lib/sandbox/queue-server.ts'
import type { QueueServerOptions } from '../../lib/sandbox/queue-server.ts'

const credentials = { accessKeyId: 'a', secretAccessKey: 's' }

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'queue-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

async function start(options: QueueServerOptions = {}) {
  const queue = await startQueueServer(options)
  onTestFinished(() => queue.close())
  return { queue, ...connect(queue.url, queue.queueUrl) }
}

function connect(endpoint: string, QueueUrl: string) {
  const client = new SQSClient({ endpoint, region: 'eu-west-1', credentials })
  const attributes = async (): Promise<Record<string, string>> =>
    (await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))).Attributes ?? {}
  const receive = async (VisibilityTimeout?: number) => {
    const command = new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout,
      MessageSystemAttributeNames: ['All'],
    })
    return (await client.send(command)).Messages ?? []
  }
  return { client, attributes, receive }
}

describe('the queue server', () => {
  it('has a queue whose messages become dead letters after five receives', async () => {
    const { queue, client, attributes } = await start({ visibilityTimeoutSeconds: 77 })
    const { VisibilityTimeout, RedrivePolicy = '' } = await attributes()
    expect(VisibilityTimeout).toBe('77')
    expect(JSON.parse(RedrivePolicy)).toEqual({
      deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:000000000000:recordings-dead-letters',
      maxReceiveCount: 5,
    })
    const found = await client.send(new GetQueueUrlCommand({ QueueName: 'recordings' }))
    expect(found.QueueUrl).toBe(queue.queueUrl)
  })

  it('lets delays pass as many times faster as its clock says, but never makes one vanish', async () => {
    const { queue, client, attributes, receive } = await start({ queueClock: 60 })
    const sent = Date.now()
    await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queue.queueUrl,
        Entries: [60, 30, 0].map((DelaySeconds) => ({
          Id: `d${DelaySeconds}`,
          MessageBody: `d${DelaySeconds}`,
          DelaySeconds,
        })),
      }),
    )
    await client.send(
      new SendMessageCommand({ QueueUrl: queue.queueUrl, MessageBody: 'd61', DelaySeconds: 61 }),
    )
    expect((await receive()).map(({ Body }) => Body)).toEqual(['d0'])
    expect((await attributes())['ApproximateNumberOfMessagesDelayed']).toBe('3')
    const bodies: (string | undefined)[] = []
    await expect
      .poll(async () => bodies.push(...(await receive()).map(({ Body }) => Body)), {
        timeout: 10_000,
        interval: 50,
      })
      .toBe(3)
    expect(new Set(bodies)).toEqual(new Set(['d60', 'd30', 'd61']))
    expect(Date.now() - sent).toBeGreaterThanOrEqual(2000)
  })

  it('refuses a delay of more than 15 minutes, as SQS does', async () => {
    const { queue, client, attributes } = await start({ queueClock: 60 })
    const command = new SendMessageCommand({ QueueUrl: queue.queueUrl, MessageBody: 'm', DelaySeconds: 901 })
    await expect(client.send(command)).rejects.toThrow('must be >= 0 and <= 900')
    expect((await attributes())['ApproximateNumberOfMessagesDelayed']).toBe('0')
  })

  it('gives a message back at once when its visibility is set to 0, and still has it after a restart', async () => {
    const directory = await makeDirectory()
    const first = await startQueueServer({ directory })
    const { client, receive, attributes } = connect(first.url, first.queueUrl)
    await client.send(new SendMessageCommand({ QueueUrl: first.queueUrl, MessageBody: 'm' }))
    const [{ ReceiptHandle } = {}] = await receive()
    await client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: first.queueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
    )
    expect((await attributes())['ApproximateNumberOfMessages']).toBe('1')
    await first.close()
    const second = await start({ directory })
    expect(
      (await second.receive()).map(({ Body, Attributes }) => [Body, Attributes?.ApproximateReceiveCount]),
    ).toEqual([['m', '2']])
  })

  it('loses no message when it is killed, and is itself again on the same port', async () => {
    const directory = await makeDirectory()
    const module = new URL('../../lib/sandbox/queue-server.ts', import.meta.url).href
    const code = `const { startQueueServer } = await import(${JSON.stringify(module)})
      const { port, url, queueUrl } = await startQueueServer({ directory: ${JSON.stringify(directory)} })
      console.log(JSON.stringify({ port, url, queueUrl }))`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    const killed = JSON.parse(line) as { port: number; url: string; queueUrl: string }
    const { client, receive } = connect(killed.url, killed.queueUrl)
    const bodies = Array.from({ length: 50 }, (_, index) => `m${index}`)
    for (const body of bodies)
      await client.send(new SendMessageCommand({ QueueUrl: killed.queueUrl, MessageBody: body }))
    expect(await receive(43_200)).toHaveLength(10)
    child.kill('SIGKILL')
    await once(child, 'exit')

    const again = await start({ directory, port: killed.port })
    expect(again.queue.queueUrl).toBe(killed.queueUrl)
    const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = await again.attributes()
    expect([ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible]).toEqual(['40', '10'])
    const left = []
    for (let index = 0; index < 4; index++) left.push(...(await again.receive()).map(({ Body }) => Body))
    expect(new Set(left)).toEqual(new Set(bodies.slice(10)))
  })
})
