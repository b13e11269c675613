import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import pLimit from 'p-limit'
import type { Clock } from '../deadline.ts'
import { describeError } from '../errors.ts'
import { findQueueFault } from './mends.ts'
import { mergeAttributes } from './queue.ts'

/** A message to send; attributes are strings by name. */
export interface OutgoingMessage {
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
}

/** What became of one message, by its position in the list: SQS has it, or why not. */
export type Sent =
  | { readonly taken: true; readonly messageId: string }
  | { readonly taken: false; readonly reason: string }

export interface Sender {
  /**
   * Sends messages in requests of ten. What SQS does not take is sent again, with growing pauses, up to five times.
   * Resolves to one answer for each message, in their order.
   * @throws ConfigurationError when no message can be sent before a person has mended something
   */
  send(messages: readonly OutgoingMessage[], onSent?: (taken: number) => void): Promise<readonly Sent[]>
  close(): void
}

/** SQS: `SendMessageBatch` takes ten entries. */
const BATCH_SIZE = 10
const REQUESTS_AT_ONCE = 4
const ATTEMPTS = 5
const FIRST_PAUSE_MS = 200

/** Sends to one queue; endpoint, region and credentials come from AWS's own variables. */
export function createSender(queueUrl: string, clock: Clock): Sender {
  const client = new SQSClient({ useQueueUrlAsEndpoint: false })

  /** Sends once; gives back what SQS did not take, with its reason and whether sending again may help. */
  const attempt = async (
    messages: readonly OutgoingMessage[],
    positions: readonly number[],
    answers: Sent[],
  ): Promise<number[]> => {
    const Entries = positions.flatMap((position) => {
      const message = messages[position]
      if (message === undefined) return []
      const MessageAttributes = mergeAttributes({}, message.attributes)
      return [{ Id: String(position), MessageBody: message.body, MessageAttributes }]
    })
    try {
      const { Successful = [], Failed = [] } = await client.send(
        new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }),
      )
      for (const { Id, MessageId } of Successful)
        answers[Number(Id)] = { taken: true, messageId: MessageId ?? '' }
      for (const { Id, Code = 'unknown', Message = '' } of Failed)
        answers[Number(Id)] = { taken: false, reason: describeError(`${Code}: ${Message}`) }
      const hopeless = new Set(Failed.filter(({ SenderFault }) => SenderFault).map(({ Id }) => Number(Id)))
      return positions.filter((position) => answers[position]?.taken !== true && !hopeless.has(position))
    } catch (error) {
      const fault = findQueueFault(error, 'QUEUE_URL', 'sqs:SendMessage')
      if (fault !== undefined) throw fault
      for (const position of positions) answers[position] = { taken: false, reason: describeError(error) }
      return [...positions]
    }
  }

  return {
    async send(messages, onSent) {
      const answers = messages.map((): Sent => ({ taken: false, reason: 'SQS did not answer for it' }))
      const never = new AbortController().signal
      const sendAll = async (positions: readonly number[]): Promise<void> => {
        let left = await attempt(messages, positions, answers)
        for (let tries = 1; left.length > 0 && tries < ATTEMPTS; tries++) {
          await clock.pause(FIRST_PAUSE_MS * 2 ** tries * (0.5 + clock.random()), never)
          left = await attempt(messages, left, answers)
        }
        onSent?.(answers.filter(({ taken }) => taken).length)
      }
      const limit = pLimit(REQUESTS_AT_ONCE)
      const batches = Array.from({ length: Math.ceil(messages.length / BATCH_SIZE) }, (_, batch) =>
        Array.from(
          { length: Math.min(BATCH_SIZE, messages.length - batch * BATCH_SIZE) },
          (_entry, index) => batch * BATCH_SIZE + index,
        ),
      )
      const [first, ...rest] = batches
      // The first request alone shows whether the queue can be reached at all.
      if (first !== undefined) await sendAll(first)
      await Promise.all(rest.map((positions) => limit(() => sendAll(positions))))
      return answers
    },
    close: () => client.destroy(),
  }
}
