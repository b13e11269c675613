import * as v from 'valibot'
import { Moment, readDocument } from '../archive/document.ts'

/** Identifies the form of the document. */
export const DROPPED_SCHEMA = 'urn:bird-recording-archiver:dropped:1'

/** That a person has given a dead letter up, and what is known of it. */
export interface DroppedFacts {
  readonly workspaceId: string
  /** Undefined where the message's body cannot be read. */
  readonly recordingId: string | undefined
  readonly messageId: string
  /** Why, in the person's words. */
  readonly reason: string
  readonly by: string
  readonly deadLetter: {
    readonly reason: string
    readonly detail: string | undefined
    readonly firstSeenAt: Date | undefined
  }
  readonly droppedAt: Date
  /** It is kept only where no recording can be named: nothing else would tell what was given up. */
  readonly body: string
}

/** The name under which it lies: `BackfillKeys.dropped` takes it. */
export function nameDropped({
  recordingId,
  messageId,
}: Pick<DroppedFacts, 'recordingId' | 'messageId'>): string {
  return recordingId ?? `message-${messageId}`
}

/** Writes the document: its presence means that nobody waits for this recording any more. */
export function writeDropped(facts: DroppedFacts): string {
  const { workspaceId, recordingId, messageId, reason, by, deadLetter, droppedAt, body } = facts
  const document = {
    schema: DROPPED_SCHEMA,
    workspaceId,
    recordingId: recordingId ?? null,
    messageId,
    reason,
    by,
    deadLetter: {
      reason: deadLetter.reason,
      detail: deadLetter.detail ?? null,
      firstSeenAt: deadLetter.firstSeenAt?.toISOString() ?? null,
    },
    droppedAt: droppedAt.toISOString(),
    ...(recordingId === undefined && { body }),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

const DroppedDocument = v.object({
  schema: v.literal(DROPPED_SCHEMA),
  workspaceId: v.string(),
  recordingId: v.nullable(v.string()),
  messageId: v.string(),
  reason: v.string(),
  by: v.string(),
  deadLetter: v.object({
    reason: v.string(),
    detail: v.nullable(v.string()),
    firstSeenAt: v.nullable(Moment),
  }),
  droppedAt: Moment,
  body: v.optional(v.string()),
})

/** The document as read back from the bucket. */
export type Dropped = v.InferOutput<typeof DroppedDocument>

/** Reads the document; returns the reason as text where it is none, or one of a form that this version does not know. */
export function readDropped(text: string): { ok: true; dropped: Dropped } | { ok: false; reason: string } {
  const read = readDocument(DroppedDocument, text, 'the document of a dropped letter')
  return read.ok ? { ok: true, dropped: read.document } : read
}
