import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { parseMessage } from '../archive/message.ts'
import type { SandboxReady } from './sandbox-ready.ts'

/** How many messages a queue holds. */
export interface QueueCount {
  readonly visible: number
  readonly inFlight: number
  readonly delayed: number
}

/** A message of the dead-letter queue. */
export interface DeadLetter {
  readonly messageId: string
  /** Undefined where the message names none. */
  readonly recordingId: string | undefined
  /** What the archiver wrote beside it; undefined where SQS itself moved it there after too many receives. */
  readonly reason: string | undefined
  readonly detail: string | undefined
}

/** Looks at the two queues from outside. */
export interface QueueWatch {
  count(queue: 'queue' | 'dead-letters'): Promise<QueueCount>
  /** All dead letters; they stay where they are. */
  listDeadLetters(): Promise<readonly DeadLetter[]>
  close(): void
}

/** Long enough to read the queue through without seeing a message twice. */
const HIDDEN_SECONDS = 60
const RECEIVE = 10

export function watchQueues({ sqs, s3, bird }: SandboxReady): QueueWatch {
  const { accessKeyId, secretAccessKey, region } = s3
  const client = new SQSClient({
    endpoint: sqs.endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    // The demo may kill the queue's process: it is back within seconds.
    maxAttempts: 8,
  })
  const count = async (queue: 'queue' | 'dead-letters'): Promise<QueueCount> => {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: queue === 'queue' ? sqs.queueUrl : sqs.deadLetterQueueUrl,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
    )
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
    }
  }
  return {
    count,
    async listDeadLetters() {
      const { visible } = await count('dead-letters')
      const messages: Message[] = []
      while (messages.length < visible) {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: sqs.deadLetterQueueUrl,
            MaxNumberOfMessages: RECEIVE,
            VisibilityTimeout: HIDDEN_SECONDS,
            MessageAttributeNames: ['All'],
          }),
        )
        if (Messages.length === 0) break
        messages.push(...Messages)
      }
      for (let start = 0; start < messages.length; start += RECEIVE) {
        const Entries = messages.slice(start, start + RECEIVE).map(({ ReceiptHandle }, index) => ({
          Id: String(index),
          ReceiptHandle,
          VisibilityTimeout: 0,
        }))
        await client.send(
          new ChangeMessageVisibilityBatchCommand({ QueueUrl: sqs.deadLetterQueueUrl, Entries }),
        )
      }
      return messages.map((message) => readDeadLetter(message, bird.workspaceId))
    },
    close: () => client.destroy(),
  }
}

function readDeadLetter(message: Message, workspaceId: string): DeadLetter {
  const parsed = parseMessage({ body: message.Body ?? '', attributes: {}, sentAt: new Date(0) }, workspaceId)
  return {
    messageId: message.MessageId ?? '',
    recordingId: parsed.readable ? parsed.request.recordingId : undefined,
    reason: message.MessageAttributes?.['reason']?.StringValue,
    detail: message.MessageAttributes?.['detail']?.StringValue,
  }
}
