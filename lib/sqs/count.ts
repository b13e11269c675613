import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { describeError, StoreError } from '../errors.ts'
import { findQueueFault } from './mends.ts'

/** Messages of a queue as SQS estimates them; the counts lag behind by a minute or so. */
export interface QueueCount {
  /** That can be received now. */
  readonly waiting: number
  /** All: those being worked on and those delayed, too. */
  readonly all: number
}

/**
 * Counts the messages of a queue. Source: SQS API Reference, GetQueueAttributes, `ApproximateNumberOfMessages…`.
 * @throws StoreError if SQS does not say, ConfigurationError if it will not before a person has mended something
 */
export async function countMessages(
  client: SQSClient,
  queueUrl: string,
  signal: AbortSignal,
): Promise<QueueCount> {
  try {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
      { abortSignal: signal },
    )
    const waiting = Number(Attributes['ApproximateNumberOfMessages'])
    const all =
      waiting +
      Number(Attributes['ApproximateNumberOfMessagesNotVisible']) +
      Number(Attributes['ApproximateNumberOfMessagesDelayed'])
    if (!Number.isFinite(all)) throw new StoreError('SQS named no number of messages')
    return { waiting, all }
  } catch (cause) {
    signal.throwIfAborted()
    const fault = findQueueFault(cause, 'QUEUE_URL', 'sqs:GetQueueAttributes')
    if (fault !== undefined) throw fault
    throw new StoreError(`the queue cannot be counted: ${describeError(cause)}`, { cause })
  }
}
