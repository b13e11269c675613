import { createHash } from 'node:crypto'
import type { SQSEvent, SQSMessageAttributes } from 'aws-lambda'

/** One message for the handler; a plain text is its body. */
export type TestMessage =
  | string
  | {
      readonly body: string
      readonly messageId?: string
      readonly attempt?: number
      readonly sentAt?: Date
      readonly attributes?: Readonly<Record<string, string>>
    }

/** A batch as Lambda's poller hands it over. */
export function eventOf(messages: readonly TestMessage[]): SQSEvent {
  return {
    Records: messages.map((message, index) => {
      const {
        body,
        messageId = `message-${index}`,
        attempt = 1,
        sentAt = new Date(),
        attributes = {},
      } = typeof message === 'string' ? { body: message } : message
      const messageAttributes: SQSMessageAttributes = Object.fromEntries(
        Object.entries(attributes).map(([name, stringValue]) => [name, { stringValue, dataType: 'String' }]),
      )
      return {
        messageId,
        receiptHandle: `receipt-${index}`,
        body,
        attributes: {
          ApproximateReceiveCount: String(attempt),
          SentTimestamp: String(sentAt.getTime()),
          SenderId: 'test',
          ApproximateFirstReceiveTimestamp: String(sentAt.getTime()),
        },
        messageAttributes,
        md5OfBody: createHash('md5').update(body).digest('hex'),
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:recordings',
        awsRegion: 'eu-west-1',
      }
    }),
  }
}
