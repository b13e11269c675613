import * as v from 'valibot'

/** What a queue message asks for, whatever wire form it came in. */
export interface ArchiveRequest {
  /** Lower-case UUID. */
  readonly recordingId: string
  readonly workspaceId: string
  /** When the recording was first asked for; the clock of `NOT_READY_HOURS` starts here. */
  readonly firstSeenAt: Date
  /** How often the message has been sent again because the recording was not yet available. */
  readonly deferrals: number
}

/** What brought the request here, for the record. */
export interface Delivery {
  readonly messageId: string
  /** From 1. */
  readonly attempt: number
}

export type ParsedMessage =
  | { readonly readable: true; readonly request: ArchiveRequest }
  | { readonly readable: false; readonly reason: string }

/** The parts of an SQS record that this file needs. `attributes` are our own message attributes, by name. */
export interface MessageEnvelope {
  readonly body: string
  readonly attributes: Readonly<Record<string, string | undefined>>
  /** SQS's `SentTimestamp`. */
  readonly sentAt: Date
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Bird documents no form for a workspace id; it becomes part of a path and of a key, so it must be harmless in both. */
export const WORKSPACE_ID = /^[A-Za-z0-9_-]{1,64}$/

/** One workspace has one spelling in the bucket, however a message writes its UUID. */
export function toWorkspaceId(text: string): string {
  return UUID.test(text) ? text.toLowerCase() : text
}

/** SNS around EventBridge around the request is the deepest nesting that AWS produces. */
const MAX_ENVELOPES = 3

const RequestObject = v.object({
  recordingId: v.pipe(v.string(), v.trim(), v.regex(UUID, 'recordingId is not a UUID')),
  workspaceId: v.nullish(
    v.pipe(v.string(), v.regex(WORKSPACE_ID, 'workspaceId has characters that no id has')),
  ),
})
const EventBridgeEvent = v.object({ detail: v.looseObject({}) })
const SnsEnvelope = v.object({ Type: v.literal('Notification'), Message: v.string() })

/** Tells whether `text` is a recording id, in any letter case. */
export function isRecordingId(text: string): boolean {
  return UUID.test(text)
}

/**
 * Reads a queue message: a bare UUID, `{"recordingId","workspaceId"?}`, an EventBridge event whose `detail` is that
 * object, or an SNS envelope around any of these. Never throws: what it can't read comes back with the reason, which
 * quotes nothing of the body.
 */
export function parseMessage(envelope: MessageEnvelope, defaultWorkspaceId: string): ParsedMessage {
  const found = unwrap(envelope.body, 0)
  if (typeof found === 'string') return { readable: false, reason: found }
  const { reason, firstSeenAt, deferrals: deferred } = envelope.attributes
  // Whoever takes a message out of the dead-letter queue wants it tried, not dead-lettered again for its age.
  const isRedriven = reason !== undefined
  const seen = firstSeenAt === undefined || isRedriven ? Number.NaN : Date.parse(firstSeenAt)
  const deferrals = isRedriven ? 0 : Number(deferred ?? 0)
  return {
    readable: true,
    request: {
      recordingId: found.recordingId.toLowerCase(),
      workspaceId: toWorkspaceId(found.workspaceId ?? defaultWorkspaceId),
      // Never later than it was sent: a date in the future would put off `never-available` for ever.
      firstSeenAt: Number.isNaN(seen) ? envelope.sentAt : new Date(Math.min(seen, envelope.sentAt.getTime())),
      deferrals: Number.isSafeInteger(deferrals) && deferrals > 0 ? deferrals : 0,
    },
  }
}

function unwrap(body: string, depth: number): v.InferOutput<typeof RequestObject> | string {
  const text = body.trim()
  if (UUID.test(text)) return { recordingId: text }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'the body is neither a recording id nor JSON'
  }
  return unwrapJson(json, depth)
}

function unwrapJson(json: unknown, depth: number): v.InferOutput<typeof RequestObject> | string {
  if (typeof json === 'string' && UUID.test(json.trim())) return { recordingId: json.trim() }
  const request = v.safeParse(RequestObject, json)
  if (request.success) return request.output
  if (depth < MAX_ENVELOPES) {
    const sns = v.safeParse(SnsEnvelope, json)
    if (sns.success) return unwrap(sns.output.Message, depth + 1)
    const event = v.safeParse(EventBridgeEvent, json)
    if (event.success) return unwrapJson(event.output.detail, depth + 1)
  }
  const field = v.getDotPath(request.issues[0])
  return field === null
    ? 'the body is JSON, but not an object with a recordingId'
    : `the body's ${field} is missing or malformed`
}
