import * as v from 'valibot'
import { Moment, readDocument } from '../archive/document.ts'
import { addTallies, NOTHING, type Tally } from './verdict.ts'

const MARK_SCHEMA = 'urn:bird-recording-archiver:verify-mark:1'

const TallyDocument = v.object({
  recordings: v.number(),
  read: v.number(),
  bytes: v.number(),
  mismatches: v.number(),
  unread: v.number(),
  orphans: v.number(),
  onItsWay: v.number(),
  held: v.number(),
})

const MarkDocument = v.object({
  schema: v.literal(MARK_SCHEMA),
  workspaceId: v.string(),
  /** Counts the times that all was read, from 1. */
  pass: v.number(),
  startedAt: Moment,
  /** Every recording up to this one, in the order of their ids, is in one of the parts; null at the beginning. */
  after: v.nullable(v.string()),
  /** The reports of this pass, in their order. */
  parts: v.array(v.string()),
  tally: TallyDocument,
  finishedAt: v.nullable(Moment),
})

/** How far the check of the whole archive has come. It moves on only after the report of that part is written. */
export type Mark = v.InferOutput<typeof MarkDocument>

/** The pass that a run works on: the one that is under way, or a new one. */
export function openPass(held: Mark | undefined, workspaceId: string, now: Date): Mark {
  if (held !== undefined && held.finishedAt === null) return held
  return {
    schema: MARK_SCHEMA,
    workspaceId,
    pass: (held?.pass ?? 0) + 1,
    startedAt: now,
    after: null,
    parts: [],
    tally: NOTHING,
    finishedAt: null,
  }
}

/** A part of the archive, as far as a run has come with it. */
export interface Part {
  /** The last recording of it; undefined where it holds none. */
  readonly through: string | undefined
  /** Whether nothing comes behind it. */
  readonly isLast: boolean
  readonly tally: Tally
}

/** Moves on behind a part; its report is at `key`. */
export function advance(mark: Mark, part: Part, key: string, now: Date): Mark {
  return {
    ...mark,
    after: part.through ?? mark.after,
    parts: [...mark.parts, key],
    tally: addTallies(mark.tally, part.tally),
    finishedAt: part.isLast ? now : null,
  }
}

/** Reads a mark; returns the reason as text where it is none. */
export function readMark(text: string): { ok: true; mark: Mark } | { ok: false; reason: string } {
  const read = readDocument(MarkDocument, text)
  return read.ok ? { ok: true, mark: read.document } : read
}

export function writeMark(mark: Mark): string {
  return `${JSON.stringify(mark, null, 2)}\n`
}
