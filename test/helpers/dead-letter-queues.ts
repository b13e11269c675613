import { randomUUID } from 'node:crypto'
import {
  type MessageAttributeValue,
  PurgeQueueCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { startQueueServer } from '../../lib/sandbox/queue-server.ts'
import { createDeadLetters, type DeadLetters } from '../../lib/sqs/dead-letters.ts'
import { contentsOf, type KeptMessage, type ScriptedQueue, startScriptedQueue } from './scripted-queue.ts'

/** Both queues, a server in front of them whose answers a test decides, and what is tested, which knows the front alone. */
export interface DeadLetterQueues extends AsyncDisposable {
  readonly sqs: ScriptedQueue
  readonly letters: DeadLetters
  /** What a command needs to know of them. */
  readonly environment: Readonly<Record<string, string>>
  /** Puts a message into the dead-letter queue from beside it; `texts` are string attributes. */
  put(
    body: string,
    texts?: Readonly<Record<string, string>>,
    others?: Readonly<Record<string, MessageAttributeValue>>,
  ): Promise<void>
  /** Puts messages there that name a recording each; resolves to the ids, sorted. */
  putMany(count: number, texts?: Readonly<Record<string, string>>): Promise<string[]>
  /** Bodies in both queues, sorted; `hidden` are dead letters that nobody can receive now. */
  bodies(): Promise<{ queue: string[]; deadLetters: string[]; hidden: string[] }>
  kept(queue: 'queue' | 'dead-letters'): Promise<readonly KeptMessage[]>
  /** Empties both queues, and lets the front pass everything on again. */
  reset(): Promise<void>
}

/** What the SDK itself reads it takes from the process: one for each test file. */
export async function startDeadLetterQueues(): Promise<DeadLetterQueues> {
  const server = await startQueueServer()
  const sqs = await startScriptedQueue(server.url)
  const { queueUrl, deadLetterQueueUrl } = server
  const aws = {
    AWS_ENDPOINT_URL_SQS: sqs.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'TESTKEYID',
    AWS_SECRET_ACCESS_KEY: 'test-secret-access-key',
  }
  Object.assign(process.env, aws)
  const client = new SQSClient({ endpoint: server.url, useQueueUrlAsEndpoint: false })
  const letters = createDeadLetters(queueUrl, deadLetterQueueUrl)
  const put: DeadLetterQueues['put'] = async (body, texts = {}, others = {}) => {
    const attributes = Object.fromEntries(
      Object.entries(texts).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    )
    await client.send(
      new SendMessageCommand({
        QueueUrl: deadLetterQueueUrl,
        MessageBody: body,
        MessageAttributes: { ...attributes, ...others },
      }),
    )
  }
  return {
    sqs,
    letters,
    environment: { ...aws, QUEUE_URL: queueUrl, DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl },
    put,
    async putMany(count, texts) {
      const ids = Array.from({ length: count }, () => randomUUID())
      await Promise.all(ids.map((id) => put(id, texts)))
      return ids.toSorted()
    },
    async bodies() {
      const queue = await contentsOf(server, queueUrl)
      const { visible, hidden } = await contentsOf(server, deadLetterQueueUrl)
      const sorted = (messages: readonly KeptMessage[]): string[] =>
        messages.map(({ body }) => body).toSorted()
      return { queue: sorted(queue.visible), deadLetters: sorted(visible), hidden: sorted(hidden) }
    },
    async kept(queue) {
      return (await contentsOf(server, queue === 'queue' ? queueUrl : deadLetterQueueUrl)).visible
    },
    async reset() {
      sqs.script = (_call, pass) => pass()
      for (const QueueUrl of [queueUrl, deadLetterQueueUrl])
        await client.send(new PurgeQueueCommand({ QueueUrl }))
      sqs.calls.length = 0
    },
    async [Symbol.asyncDispose]() {
      letters.close()
      client.destroy()
      await sqs[Symbol.asyncDispose]()
      await server.close()
    },
  }
}
