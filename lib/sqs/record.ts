import type { SQSRecord } from 'aws-lambda'
import type { MessageEnvelope } from '../archive/message.ts'

/** Reads what matters here from a record as Lambda's poller delivers it; binary attributes are not ours. */
export function readRecord(
  record: SQSRecord,
  receivedAt: Date,
): MessageEnvelope & { readonly attributes: Record<string, string> } {
  const attributes = Object.fromEntries(
    Object.entries(record.messageAttributes ?? {}).flatMap(([name, { stringValue }]) =>
      stringValue === undefined ? [] : [[name, stringValue]],
    ),
  )
  const sent = Number(record.attributes?.SentTimestamp)
  return {
    body: record.body,
    attributes,
    sentAt: Number.isFinite(sent) && sent > 0 ? new Date(sent) : receivedAt,
  }
}

/** SQS's `ApproximateReceiveCount`, from 1. */
export function attemptOf(record: SQSRecord): number {
  return Number(record.attributes?.ApproximateReceiveCount) || 1
}
