import * as v from 'valibot'
import { readDocument } from '../archive/document.ts'
import { type Window, windowNamed } from './window.ts'

const SCHEMA = 'urn:bird-recording-archiver:backfill-pending:1'

const PendingDocument = v.object({
  schema: v.literal(SCHEMA),
  /** Names of windows that are not attested. */
  windows: v.array(v.string()),
  /** The one that was looked at last: the next run goes on behind it, so that each has its turn. */
  after: v.string(),
})

/** The windows of a workspace that have to be looked at again until they are attested, whatever range is swept. */
export type Pending = v.InferOutput<typeof PendingDocument>

export const NOTHING_PENDING: Pending = { schema: SCHEMA, windows: [], after: '' }

/** Notes what is to become of a window. */
export function notePending(pending: Pending, windowName: string, isPending: boolean): Pending {
  if (pending.windows.includes(windowName) === isPending) return pending
  const others = pending.windows.filter((name) => name !== windowName)
  return { ...pending, windows: isPending ? [...others, windowName].toSorted() : others }
}

/** All of them in the order of their turn: those behind the last one first. */
export function inTurn({ windows, after }: Pending): readonly Window[] {
  const ahead = windows.filter((name) => name > after)
  const behind = windows.filter((name) => name <= after)
  return [...ahead, ...behind].flatMap((name) => windowNamed(name) ?? [])
}

/** Reads the document; returns the reason as text where it is none. */
export function readPending(text: string): { ok: true; pending: Pending } | { ok: false; reason: string } {
  const read = readDocument(PendingDocument, text)
  return read.ok ? { ok: true, pending: read.document } : read
}

export function writePending(pending: Pending): string {
  return `${JSON.stringify(pending, null, 2)}\n`
}
