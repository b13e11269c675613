import {
  DeleteMessageBatchCommand,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import type { QueueServer } from '../../lib/sandbox/queue-server.ts'

/** A message that lies in a queue: visible, delayed or received and not deleted. */
export interface QueuedMessage {
  readonly messageId: string
  readonly body: string
  /** By name; ours are all strings. */
  readonly attributes: Readonly<Record<string, string>>
}

interface Kept {
  readonly messageId: string
  readonly body: string
  readonly messageAttributes: Record<string, MessageAttributeValue>
}

const RECEIVERS = 8

/** Looks at a queue from beside it, through what fauxqs offers for that: nothing is received by it. */
export async function lookIntoQueue(server: QueueServer, queueUrl: string): Promise<QueuedMessage[]> {
  const response = await fetch(`${server.url}/_fauxqs/queues/${queueUrl.split('/').at(-1) ?? ''}`)
  const { messages } = (await response.json()) as {
    messages: { ready: Kept[]; delayed: Kept[]; inflight: { message: Kept }[] }
  }
  const { ready, delayed, inflight } = messages
  return [...inflight.map(({ message }) => message), ...ready, ...delayed].map((message) => ({
    messageId: message.messageId,
    body: message.body,
    attributes: textsOf(message.messageAttributes),
  }))
}

/** Receives and deletes messages until none is visible any more, as a function that empties the queue does. */
export async function drainQueue(
  client: SQSClient,
  QueueUrl: string,
  take: (message: QueuedMessage) => Promise<void>,
): Promise<void> {
  const receive = async (): Promise<void> => {
    for (;;) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ['All'],
        }),
      )
      if (Messages.length === 0) return
      for (const { MessageId = '', Body = '', MessageAttributes = {} } of Messages)
        await take({ messageId: MessageId, body: Body, attributes: textsOf(MessageAttributes) })
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
      await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
    }
  }
  await Promise.all(Array.from({ length: RECEIVERS }, receive))
}

/** Sends one message; attributes are strings by name. */
export async function sendMessage(
  client: SQSClient,
  QueueUrl: string,
  body: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<void> {
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  )
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body, MessageAttributes }))
}

function textsOf(attributes: Record<string, MessageAttributeValue>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { StringValue = '' }]) => [name, StringValue]),
  )
}
