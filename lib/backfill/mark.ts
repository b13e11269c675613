import * as v from 'valibot'
import { Moment, readDocument } from '../archive/document.ts'
import { countDays, daysOf, isWithin, type Range, type Window, windowAt, windowNamed } from './window.ts'

const MARK_SCHEMA = 'urn:bird-recording-archiver:backfill-mark:1'

const TallyDocument = v.object({
  /** Windows that were swept, split ones by their parts. */
  windows: v.number(),
  /** Recordings that they hold. */
  recordings: v.number(),
  archived: v.number(),
  /** Sent in this pass, not before it. */
  sent: v.number(),
})

const MarkDocument = v.object({
  schema: v.literal(MARK_SCHEMA),
  workspaceId: v.string(),
  /** Whole UTC days. */
  range: v.object({ from: Moment, to: Moment }),
  /** Counts the times that the range was swept, from 1. */
  pass: v.number(),
  startedAt: Moment,
  /** Where the next window begins; at the range's end all have been taken. */
  next: Moment,
  /** Windows that were taken and not finished, by this run or by one that ended early. */
  taken: v.array(v.string()),
  finishedAt: v.nullable(Moment),
  tally: TallyDocument,
})

/** How far a backfill has come. Runs that work on it at once share the windows out by it. */
export type Mark = v.InferOutput<typeof MarkDocument>
export type Tally = v.InferOutput<typeof TallyDocument>

/** Begins a pass over a range of whole days. */
export function beginPass(workspaceId: string, range: Range, pass: number, now: Date): Mark {
  return {
    schema: MARK_SCHEMA,
    workspaceId,
    range: { from: range.from, to: range.to },
    pass,
    startedAt: now,
    next: range.from,
    taken: [],
    finishedAt: null,
    tally: { windows: 0, recordings: 0, archived: 0, sent: 0 },
  }
}

/**
 * The pass that a run works on.
 *
 * | the last pass                                | by hand   | on a schedule                                        |
 * | -------------------------------------------- | --------- | ---------------------------------------------------- |
 * | none, or finished                            | a new one | a new one                                            |
 * | days of this very range are left             | goes on   | goes on                                              |
 * | only windows are left that were taken before | goes on   | a new one: those that hold new recordings cannot wait |
 * | days of another range are left               | goes on   | a new one                                            |
 *
 * A new one on a schedule takes over what the last has left on days before its own, so that a window that fails time and
 * again neither gets lost nor keeps the others waiting; and the days since the last, should nothing have run for a while.
 */
export function openPass(
  held: Mark | undefined,
  workspaceId: string,
  range: Range,
  isScheduled: boolean,
  now: Date,
): Mark {
  const begun = beginPass(workspaceId, range, (held?.pass ?? 0) + 1, now)
  if (held === undefined) return begun
  const isSameRange = +held.range.from === +range.from && +held.range.to === +range.to
  if (held.finishedAt === null && (!isScheduled || (isSameRange && held.next < held.range.to))) return held
  if (!isScheduled) return begun
  const untaken = [...daysOf({ from: held.next, to: range.from })].map(({ name }) => name)
  const left = [...held.taken, ...untaken].filter((name) => {
    const from = windowNamed(name)?.from
    return from !== undefined && from < range.from
  })
  return { ...begun, taken: left }
}

/** Takes the next day; undefined where all are taken. */
export function takeNext(mark: Mark): { readonly mark: Mark; readonly window: Window } | undefined {
  if (mark.next.getTime() >= mark.range.to.getTime()) return undefined
  const window = windowAt(mark.next, 'day')
  return { window, mark: { ...mark, next: window.to, taken: [...mark.taken, window.name] } }
}

/** Puts the parts of a window in its place. */
export function putParts(mark: Mark, window: Window, parts: readonly Window[]): Mark {
  if (!mark.taken.includes(window.name)) return mark
  const others = mark.taken.filter((name) => name !== window.name)
  return { ...mark, taken: [...others, ...parts.map(({ name }) => name)] }
}

/** What a window adds to the tally. */
export function tallyOf(swept: {
  readonly ledger: { readonly archived: readonly string[]; readonly open: readonly unknown[] }
  readonly sent: number
}): Omit<Tally, 'windows'> {
  const { archived, open } = swept.ledger
  return { recordings: archived.length + open.length, archived: archived.length, sent: swept.sent }
}

/** Ticks a window off; one that somebody else has ticked off meanwhile is not counted twice. */
export function tickOff(mark: Mark, window: Window, came: Omit<Tally, 'windows'>): Mark {
  if (!mark.taken.includes(window.name)) return mark
  const { windows, recordings, archived, sent } = mark.tally
  return {
    ...mark,
    taken: mark.taken.filter((name) => name !== window.name),
    tally: {
      windows: windows + 1,
      recordings: recordings + came.recordings,
      archived: archived + came.archived,
      sent: sent + came.sent,
    },
  }
}

/** Whether every window of the pass has been swept. */
export function isSwept(mark: Mark): boolean {
  return mark.taken.length === 0 && mark.next.getTime() >= mark.range.to.getTime()
}

/** Days done and days in all; a day that was split counts when all of it is done. */
export function countDone(mark: Mark): { readonly done: number; readonly total: number } {
  const days = mark.taken.map((name) => name.slice(0, 10))
  const unfinished = new Set(days.filter((day) => isWithin(new Date(day), mark.range)))
  const begun = countDays({ from: mark.range.from, to: mark.next })
  return { done: begun - unfinished.size, total: countDays(mark.range) }
}

/** The windows that were left behind, in their order. */
export function leftBehind(mark: Mark): readonly Window[] {
  return mark.taken.toSorted().flatMap((name) => windowNamed(name) ?? [])
}

/** Reads a mark; returns the reason as text where it is none. */
export function readMark(text: string): { ok: true; mark: Mark } | { ok: false; reason: string } {
  const read = readDocument(MarkDocument, text)
  return read.ok ? { ok: true, mark: read.document } : read
}

export function writeMark(mark: Mark): string {
  return `${JSON.stringify(mark, null, 2)}\n`
}
