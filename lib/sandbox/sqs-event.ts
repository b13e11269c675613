import { randomUUID } from 'node:crypto'
import type { Message } from '@aws-sdk/client-sqs'
import type { Context, SQSEvent, SQSMessageAttributes, SQSRecord } from 'aws-lambda'

/** The function that the event source says to invoke. */
export interface FunctionDescription {
  readonly functionName: string
  readonly memoryLimitInMB: number
  readonly region: string
}

/** Lambda's context less the three callbacks that Node 24 no longer gets. */
export type InvocationContext = Omit<Context, 'done' | 'fail' | 'succeed'>

/** A batch in the form in which Lambda hands it to a function (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"). */
export function buildEvent(messages: readonly Message[], queueArn: string, region: string): SQSEvent {
  return { Records: messages.map((message) => buildRecord(message, queueArn, region)) }
}

function buildRecord(message: Message, queueArn: string, region: string): SQSRecord {
  const { MessageId, ReceiptHandle, Body, MD5OfBody, MD5OfMessageAttributes, Attributes = {} } = message
  return {
    messageId: MessageId ?? '',
    receiptHandle: ReceiptHandle ?? '',
    body: Body ?? '',
    attributes: {
      ...Attributes,
      ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '1',
      SentTimestamp: Attributes.SentTimestamp ?? '0',
      SenderId: Attributes.SenderId ?? '',
      ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? '0',
    },
    messageAttributes: buildAttributes(message.MessageAttributes ?? {}),
    ...(MD5OfMessageAttributes !== undefined && { md5OfMessageAttributes: MD5OfMessageAttributes }),
    md5OfBody: MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  }
}

function buildAttributes(attributes: NonNullable<Message['MessageAttributes']>): SQSMessageAttributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        ...(StringValue !== undefined && { stringValue: StringValue }),
        ...(BinaryValue !== undefined && { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
        stringListValues: [],
        binaryListValues: [],
        dataType: DataType ?? 'String',
      },
    ]),
  )
}

/** The context of one invocation that ends at `deadlineMs` (ms since 1970) at the latest. */
export function buildContext(description: FunctionDescription, deadlineMs: number): InvocationContext {
  const { functionName, memoryLimitInMB, region } = description
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${region}:000000000000:function:${functionName}`,
    memoryLimitInMB: String(memoryLimitInMB),
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'sandbox/[$LATEST]',
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  }
}
