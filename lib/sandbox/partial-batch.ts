/** What Lambda makes of a handler's answer. `fault` says why an answer made the whole batch fail. */
export interface BatchVerdict {
  readonly failedMessageIds: readonly string[]
  readonly fault?: string
}

/**
 * Reads a handler's answer as Lambda does with `ReportBatchItemFailures`: nothing, `{}` and an empty or null list mean
 * that all messages succeeded; a list means that only its messages failed; any answer that cannot be read (no object, no
 * list, an identifier that is missing, empty, null or not of this batch) means that all failed.
 * Source: AWS Lambda Developer Guide, "Handling errors for an SQS event source", success and failure conditions.
 */
export function readBatchAnswer(answer: unknown, messageIds: readonly string[]): BatchVerdict {
  const fail = (fault: string): BatchVerdict => ({ failedMessageIds: messageIds, fault })
  let wire: unknown
  try {
    // What cannot travel as JSON never reaches Lambda; undefined travels as null.
    wire = JSON.parse(JSON.stringify(answer) ?? 'null')
  } catch {
    return fail('the answer cannot be written as JSON')
  }
  if (wire === null) return { failedMessageIds: [] }
  if (typeof wire !== 'object' || Array.isArray(wire)) return fail('the answer is not an object')
  const list: unknown = 'batchItemFailures' in wire ? wire.batchItemFailures : null
  if (list === null) return { failedMessageIds: [] }
  if (!Array.isArray(list)) return fail('batchItemFailures is not a list')

  const failed = new Set<string>()
  for (const item of list as unknown[]) {
    const identifier: unknown =
      typeof item === 'object' && item !== null && 'itemIdentifier' in item ? item.itemIdentifier : undefined
    if (typeof identifier !== 'string' || identifier === '')
      return fail('an itemIdentifier is missing or empty')
    if (!messageIds.includes(identifier)) return fail('an itemIdentifier names no message of the batch')
    failed.add(identifier)
  }
  return { failedMessageIds: [...failed] }
}
