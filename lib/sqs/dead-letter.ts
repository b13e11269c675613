import { createHash } from 'node:crypto'
import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs'
import { parseMessage } from '../archive/message.ts'

/** What is told of a message in the dead-letter queue; nothing of its body. Foreign text: redact it before it is shown. */
export interface DeadLetter {
  readonly messageId: string
  /** Undefined where the body cannot be read. */
  readonly recordingId: string | undefined
  /** Undefined where the body cannot be read, or names none. */
  readonly workspaceId: string | undefined
  /** The attribute `reason`; {@link FAILED_TOO_OFTEN} for one that SQS itself moved here. */
  readonly reason: string
  readonly detail: string | undefined
  readonly firstSeenAt: Date | undefined
  /** For one that SQS moved here: when it was sent to the queue that it came from. SQS counts its retention from this. */
  readonly sentAt: Date
  /** What stands for a body that cannot be read. */
  readonly unreadable: { readonly bytes: number; readonly sha256: string } | undefined
}

/** A dead letter with all that it holds. */
export interface TakenLetter extends DeadLetter {
  readonly body: string
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>
}

/** The reason of a message that SQS moved after too many failed deliveries: it sets no attribute. */
export const FAILED_TOO_OFTEN = 'failed-too-often'

/** SQS: a message has at most ten attributes. */
const MAX_ATTRIBUTES = 10
/** Ours are shorter; a foreign sender's may be a megabyte, and thousands of letters are remembered. */
const MAX_DETAIL = 1000
const MAX_REASON = 100

/** Reads a message that was received with `MessageAttributeNames: ['All']`, `SentTimestamp` and `DeadLetterQueueSourceArn`. */
export function readLetter(message: Message): TakenLetter {
  const { MessageId = '', Body: body = '', MessageAttributes: attributes = {}, Attributes = {} } = message
  const textOf = (name: string): string | undefined => attributes[name]?.StringValue
  const sentAt = new Date(Number(Attributes.SentTimestamp ?? 0))
  const parsed = parseMessage({ body, attributes: {}, sentAt }, '')
  const firstSeenMs = Date.parse(textOf('firstSeenAt') ?? '')
  // A message that was redriven and failed again keeps the attributes of the first time: they explain nothing then.
  const reason = Attributes.DeadLetterQueueSourceArn === undefined ? textOf('reason') : undefined
  return {
    messageId: MessageId,
    recordingId: parsed.readable ? parsed.request.recordingId : undefined,
    workspaceId: (parsed.readable && parsed.request.workspaceId) || undefined,
    reason: reason?.slice(0, MAX_REASON) ?? FAILED_TOO_OFTEN,
    detail: reason === undefined ? undefined : textOf('detail')?.slice(0, MAX_DETAIL),
    firstSeenAt: Number.isNaN(firstSeenMs) ? undefined : new Date(firstSeenMs),
    sentAt,
    unreadable: parsed.readable
      ? undefined
      : { bytes: Buffer.byteLength(body), sha256: createHash('sha256').update(body).digest('hex') },
    body,
    attributes,
  }
}

/** What is told of a letter, without what it holds: thousands of bodies may be large. */
export function factsOf({ body: _body, attributes: _attributes, ...facts }: TakenLetter): DeadLetter {
  return facts
}

/**
 * The attributes with which a letter goes back: all that it has. One that SQS moved gets a reason, if there is room: by
 * it the archiver knows that a person wants the recording tried, and counts `NOT_READY_HOURS` anew.
 */
export function attributesForRedrive({ attributes }: TakenLetter): Record<string, MessageAttributeValue> {
  const kept = Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        DataType,
        ...(StringValue !== undefined && { StringValue }),
        ...(BinaryValue !== undefined && { BinaryValue }),
      },
    ]),
  )
  if ('reason' in kept || Object.keys(kept).length >= MAX_ATTRIBUTES) return kept
  return { ...kept, reason: { DataType: 'String', StringValue: FAILED_TOO_OFTEN } }
}

/** The length that SQS counts: body, names, types and values of attributes, in bytes. */
export function sizeOf({ body, attributes }: TakenLetter): number {
  return Object.entries(attributes).reduce(
    (bytes, [name, { DataType = '', StringValue = '', BinaryValue }]) =>
      bytes + Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.length ?? 0),
    Buffer.byteLength(body),
  )
}
