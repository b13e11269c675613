import { randomUUID } from 'node:crypto'
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startQueueServer, type QueueServer } from '../../lib/sandbox/queue-server.ts'
import { runWithin } from '../helpers/run-within.ts'
import { jsonLines, run } from './command.ts'

let server: QueueServer
let client: SQSClient
let environment: Record<string, string>

beforeAll(async () => {
  server = await startQueueServer()
  const credentials = { accessKeyId: 'TESTKEYID', secretAccessKey: 'test-secret-access-key' }
  client = new SQSClient({ endpoint: server.url, region: 'eu-west-1', credentials })
  environment = {
    QUEUE_URL: server.queueUrl,
    AWS_ENDPOINT_URL_SQS: server.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }
})
afterAll(async () => {
  client.destroy()
  await server.close()
})

/** Takes everything out of the queue. */
async function take(): Promise<Message[]> {
  const taken: Message[] = []
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: server.queueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
      }),
    )
    if (Messages.length === 0) return taken
    taken.push(...Messages)
    for (const { ReceiptHandle } of Messages)
      await client.send(new DeleteMessageCommand({ QueueUrl: server.queueUrl, ReceiptHandle }))
  }
}

test('sends each recording once, in the form that the function reads, with the time of asking', async () => {
  const ids = Array.from({ length: 23 }, () => randomUUID())
  const list = ['# a list', ...ids, ids[3]?.toUpperCase(), ''].join('\n')
  const before = Date.now()
  const { code, stdout } = await run(['enqueue', '--ids', '-', '--json'], environment, list)
  expect(code).toBe(0)
  const lines = jsonLines(stdout)
  expect(lines.at(-1)).toEqual({ summary: { recordings: 23, queued: 23, failed: 0, duplicates: 1 } })

  const messages = await take()
  expect(messages.map(({ Body }) => String(Body)).toSorted()).toEqual(ids.toSorted())
  expect(messages.map(({ MessageId }) => String(MessageId)).toSorted()).toEqual(
    lines
      .slice(0, -1)
      .map(({ messageId }) => String(messageId))
      .toSorted(),
  )
  const seen = messages.map(({ MessageAttributes }) =>
    Date.parse(MessageAttributes?.['firstSeenAt']?.StringValue ?? ''),
  )
  expect(Math.min(...seen)).toBeGreaterThanOrEqual(before)
})

test('a workspace in the list goes along', async () => {
  const recordingId = randomUUID()
  await runWithin(
    ['enqueue', '--ids', '-'],
    environment,
    JSON.stringify({ recordingId, workspaceId: 'other' }),
  )
  const [message] = await take()
  expect(JSON.parse(message?.Body ?? '')).toEqual({ recordingId, workspaceId: 'other' })
})

test('one bad line among many: it is named by its number, the exit code is 2, and nothing is sent', async () => {
  const list = [randomUUID(), randomUUID(), 'oops', randomUUID(), '12345'].join('\n')
  const { code, stdout, stderr } = await runWithin(['enqueue', '--ids', '-'], environment, list)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('stdin:3: "oops" is not a recording id')
  expect(stderr).toContain('stdin:5: ')
  expect(await take()).toEqual([])
})

test('a queue that does not exist is a fault of the configuration', async () => {
  const QUEUE_URL = `${server.queueUrl}-of-yesterday`
  const { code, stderr } = await runWithin(['enqueue', randomUUID()], { ...environment, QUEUE_URL })
  expect(code).toBe(2)
  expect(stderr).toContain('QUEUE_URL names a queue that does not exist')
})
