import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { QueueAttributes } from '../doctor/queue.ts'
import type { Seen } from '../doctor/finding.ts'
import { describeError } from '../errors.ts'

/** Reads the attributes of both queues. Never rejects. */
export async function inspectQueues(
  queueUrl: string,
  deadLetterQueueUrl: string,
): Promise<{ queue: Seen<QueueAttributes>; deadLetters: Seen<QueueAttributes> }> {
  const client = new SQSClient({ useQueueUrlAsEndpoint: false })
  const read = async (QueueUrl: string): Promise<Seen<QueueAttributes>> => {
    try {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      )
      return { kind: 'seen', value: Attributes }
    } catch (error) {
      const name = error instanceof Error ? error.name : ''
      if (/QueueDoesNotExist|NonExistentQueue/.test(name)) return { kind: 'none' }
      if (name.startsWith('AccessDenied')) return { kind: 'denied', right: 'sqs:GetQueueAttributes' }
      return { kind: 'failed', detail: describeError(error) }
    }
  }
  try {
    const [queue, deadLetters] = await Promise.all([read(queueUrl), read(deadLetterQueueUrl)])
    return { queue, deadLetters }
  } finally {
    client.destroy()
  }
}
