import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import pLimit from 'p-limit'
import { describeError } from '../errors.ts'
import { readLetter, type TakenLetter } from './dead-letter.ts'
import { findQueueFault } from './mends.ts'

/** Receipts of the letters that are hidden from everybody else now, by the messages' ids. */
export type Held = Map<string, string>

/** Letters that could not be let go of, and why. */
export interface Hidden {
  readonly letters: number
  readonly error: unknown
}

/** The dead-letter queue, as far as its letters can be taken, deleted and let go. */
export interface LetterReceipts {
  /**
   * Hides up to ten letters and adds them to `held`; none after an empty long poll. `fresh` are those that were not held
   * already, `doubtful` tells that the queue may hide letters that nobody was told of.
   */
  read(held: Held): Promise<{ readonly fresh: readonly TakenLetter[]; readonly doubtful: boolean }>
  /**
   * Deletes letters and takes them out of `held`. Resolves to why any of them could not be deleted, by their ids, and to
   * the fault if only a person can mend it. Never rejects.
   */
  remove(
    letters: readonly TakenLetter[],
    held: Held,
  ): Promise<{ readonly whys: ReadonlyMap<string, string>; readonly fault: Error | undefined }>
  /** Makes all that are held visible again. Never rejects; undefined: all are. */
  letGo(held: Held): Promise<Hidden | undefined>
}

/** A run that is killed leaves what it read hidden for so long. */
export const HIDDEN_SECONDS = 900
/** Source: SQS Developer Guide, "Short and long polling": any wait asks all servers, so an empty answer is the end. */
const WAIT_SECONDS = 1
/** SQS: entries of a batch. */
const BATCH_SIZE = 10
const RELEASES_AT_ONCE = 16
const RELEASE_MS = 60_000

export function createLetterReceipts(client: SQSClient, deadLetterQueueUrl: string): LetterReceipts {
  const QueueUrl = deadLetterQueueUrl
  const faultOf = (error: unknown, right: string): Error | undefined =>
    findQueueFault(error, 'DEAD_LETTER_QUEUE_URL', right)

  return {
    async read(held) {
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: BATCH_SIZE,
        WaitTimeSeconds: WAIT_SECONDS,
        VisibilityTimeout: HIDDEN_SECONDS,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['SentTimestamp', 'DeadLetterQueueSourceArn'],
      })
      try {
        // Under nobody's signal: an answer that is not waited for would leave its letters hidden.
        const { Messages = [], $metadata } = await client.send(command)
        const fresh = Messages.filter(({ MessageId = '' }) => !held.has(MessageId))
        for (const { MessageId = '', ReceiptHandle = '' } of Messages) held.set(MessageId, ReceiptHandle)
        // An answer that was lost on its way hid letters; letters that come again were hidden for too short a time.
        const doubtful = ($metadata.attempts ?? 1) > 1 || fresh.length < Messages.length
        return { fresh: fresh.map(readLetter), doubtful }
      } catch (error) {
        throw faultOf(error, 'sqs:ReceiveMessage') ?? error
      }
    },

    async remove(letters, held) {
      const idAt = (Id: string | undefined): string => letters[Number(Id)]?.messageId ?? ''
      const Entries = letters.map(({ messageId }, at) => ({
        Id: String(at),
        ReceiptHandle: held.get(messageId) ?? '',
      }))
      if (Entries.length === 0) return { whys: new Map(), fault: undefined }
      try {
        const command = new DeleteMessageBatchCommand({ QueueUrl, Entries })
        const { Failed = [] } = await client.send(command)
        const whys = new Map(
          Failed.map(({ Id, Code = '', Message = '' }) => [idAt(Id), describeError(`${Code}: ${Message}`)]),
        )
        for (const { messageId } of letters) if (!whys.has(messageId)) held.delete(messageId)
        return { whys, fault: undefined }
      } catch (error) {
        const fault = faultOf(error, 'sqs:DeleteMessage')
        const why = describeError(fault ?? error)
        return { whys: new Map(letters.map(({ messageId }) => [messageId, why])), fault }
      }
    },

    async letGo(held) {
      const signal = AbortSignal.timeout(RELEASE_MS)
      const limit = pLimit(RELEASES_AT_ONCE)
      const failures: Hidden[] = []
      const release = async (receipts: readonly string[]): Promise<void> => {
        const Entries = receipts.map((ReceiptHandle, at) => ({
          Id: String(at),
          ReceiptHandle,
          VisibilityTimeout: 0,
        }))
        try {
          const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })
          const { Failed = [] } = await client.send(command, { abortSignal: signal })
          // A receipt that is no longer good is one of a letter that is visible already.
          const kept = Failed.filter(({ SenderFault }) => SenderFault !== true)
          if (kept.length > 0) failures.push({ letters: kept.length, error: new Error(kept[0]?.Code) })
        } catch (error) {
          failures.push({
            letters: receipts.length,
            error: faultOf(error, 'sqs:ChangeMessageVisibility') ?? error,
          })
        }
      }
      const receipts = [...held.values()]
      await Promise.all(
        Array.from({ length: Math.ceil(receipts.length / BATCH_SIZE) }, (_, batch) =>
          limit(() => release(receipts.slice(batch * BATCH_SIZE, (batch + 1) * BATCH_SIZE))),
        ),
      )
      const letters = failures.reduce((sum, failure) => sum + failure.letters, 0)
      return letters === 0 ? undefined : { letters, error: failures[0]?.error }
    },
  }
}
