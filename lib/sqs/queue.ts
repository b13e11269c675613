import { SendMessageCommand, type SQSClient, type MessageAttributeValue } from '@aws-sdk/client-sqs'

/** A message as it came, to be sent on: its body stays as it is. */
export interface ReceivedMessage {
  readonly body: string
  /** String attributes by name; `firstSeenAt`, `deferrals`, `reason` and the like are written over. */
  readonly attributes: Readonly<Record<string, string>>
}

/** The two queues, as far as a message can be moved on. Each call rejects unless SQS has taken the message. */
export interface Queue {
  /** Sends the message again after `delaySeconds` (0–900). */
  defer(
    message: ReceivedMessage,
    delaySeconds: number,
    attributes: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void>
  deadLetter(
    message: ReceivedMessage,
    attributes: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void>
}

/** SQS: a message has at most ten attributes. */
const MAX_ATTRIBUTES = 10

export function createQueue(client: SQSClient, queueUrl: string, deadLetterQueueUrl: string): Queue {
  const send = async (
    QueueUrl: string,
    message: ReceivedMessage,
    attributes: Readonly<Record<string, string>>,
    delaySeconds: number | undefined,
    signal: AbortSignal,
  ): Promise<void> => {
    await client.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: message.body,
        MessageAttributes: mergeAttributes(message.attributes, attributes),
        ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
      }),
      { abortSignal: signal },
    )
  }
  return {
    defer: (message, delaySeconds, attributes, signal) =>
      send(queueUrl, message, attributes, delaySeconds, signal),
    deadLetter: (message, attributes, signal) =>
      send(deadLetterQueueUrl, message, attributes, undefined, signal),
  }
}

/** Ours first, then the sender's own for as long as there is room; SQS refuses empty values and unprintable characters. */
export function mergeAttributes(
  theirs: Readonly<Record<string, string>>,
  ours: Readonly<Record<string, string>>,
): Record<string, MessageAttributeValue> {
  const merged = Object.entries({
    ...ours,
    ...Object.fromEntries(Object.entries(theirs).filter(([name]) => !Object.hasOwn(ours, name))),
  })
  return Object.fromEntries(
    merged
      .map(
        ([name, value]) =>
          [name, value.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')] as const,
      )
      .filter(([, value]) => value !== '')
      .slice(0, MAX_ATTRIBUTES)
      .map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
  )
}
