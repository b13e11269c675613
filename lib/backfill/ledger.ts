import * as v from 'valibot'
import { Moment, readDocument } from '../archive/document.ts'
import { GIVEN_UP, type Line } from './judge.ts'
import type { Listing } from './listing.ts'
import { isClosed, isWithin, type Window, windowNamed } from './window.ts'

const LEDGER_SCHEMA = 'urn:bird-recording-archiver:backfill-window:1'

const EntryDocument = v.object({
  recordingId: v.string(),
  /** Undefined where Bird has never told. */
  createdAt: v.optional(Moment),
  line: v.picklist(['sent', 'not-yet', 'nothing-to-archive', 'dead-lettered', 'refused']),
  reason: v.string(),
  /** When a sweep met it for the first time; the message that is sent carries it. */
  firstSeenAt: Moment,
  sentAt: v.optional(Moment),
})

const LedgerDocument = v.object({
  schema: v.literal(LEDGER_SCHEMA),
  workspaceId: v.string(),
  window: v.pipe(
    v.string(),
    v.check((name) => windowNamed(name) !== undefined, 'not a window'),
  ),
  /** It holds too many recordings: the smaller windows that make it up have the ledgers. */
  split: v.boolean(),
  sweeps: v.number(),
  sweptAt: v.nullable(Moment),
  listed: v.object({
    digest: v.string(),
    /** Whether the list came to its end. */
    complete: v.boolean(),
    fault: v.optional(v.string()),
    /** Complete listings in a row that named the same recordings. */
    agreed: v.number(),
    strays: v.number(),
    nameless: v.number(),
  }),
  /** Ids of what has a sidecar. */
  archived: v.array(v.string()),
  /** Every other recording of the window. */
  open: v.array(EntryDocument),
  /** What Bird's list names here, and the sidecar puts into another window: it is counted there. */
  elsewhere: v.optional(v.array(v.object({ recordingId: v.string(), createdAt: Moment })), []),
  attestation: v.nullable(v.object({ key: v.string(), digest: v.string(), at: Moment })),
})

/** What is known of one window: every recording of it by its id, in one line each. */
export type Ledger = Omit<v.InferOutput<typeof LedgerDocument>, 'archived' | 'open' | 'elsewhere'> & {
  readonly archived: readonly string[]
  readonly open: readonly Entry[]
  readonly elsewhere: readonly { readonly recordingId: string; readonly createdAt: Date }[]
}
/** A recording that is not archived. */
export type Entry = v.InferOutput<typeof EntryDocument>

/** The ledger of a window that nobody has swept. */
export function emptyLedger(workspaceId: string, window: Window): Ledger {
  return {
    schema: LEDGER_SCHEMA,
    workspaceId,
    window: window.name,
    split: false,
    sweeps: 0,
    sweptAt: null,
    listed: { digest: '', complete: false, agreed: 0, strays: 0, nameless: 0 },
    archived: [],
    open: [],
    elsewhere: [],
    attestation: null,
  }
}

/** All recordings that the list of a window may name without anything new in that. */
export function knownIds({ archived, open, elsewhere }: Ledger): Set<string> {
  return new Set([...archived, ...[...open, ...elsewhere].map(({ recordingId }) => recordingId)])
}

/** Reads a ledger; returns the reason as text where it is none. */
export function readLedger(text: string): { ok: true; ledger: Ledger } | { ok: false; reason: string } {
  const read = readDocument(LedgerDocument, text)
  return read.ok ? { ok: true, ledger: read.document } : read
}

export function writeLedger(ledger: Ledger): string {
  return `${JSON.stringify(ledger)}\n`
}

/** Notes what a survey of the window came to; two in a row that name the same recordings agree. */
export function noteListing(
  before: Ledger['listed'],
  listing: Pick<Listing, 'digest' | 'nameless' | 'strays'>,
  fault: string | undefined,
): Ledger['listed'] {
  const digest = listing.digest()
  return {
    digest,
    complete: fault === undefined,
    ...(fault !== undefined && { fault }),
    agreed: fault !== undefined ? 0 : before.digest === digest ? before.agreed + 1 : 1,
    strays: listing.strays.size,
    nameless: listing.nameless,
  }
}

/**
 * Whether a new survey of an attested window says what it said then: nothing is to be done. What it says of an item that
 * cannot be read nobody knows, so that is looked at unless it is archived.
 */
export function isUnchanged(
  before: Ledger,
  listed: Ledger['listed'],
  { unreadable }: Pick<Listing, 'unreadable'>,
): boolean {
  const isSame = listed.digest === before.listed.digest && listed.nameless === 0
  if (before.attestation === null || !listed.complete || !isSame) return false
  const inBucket = knownIds({ ...before, open: [] })
  return [...unreadable.keys()].every((id) => inBucket.has(id))
}

/**
 * What a part of a window that is split takes over into its own ledger; undefined if that is nothing.
 * @param createdAt of what is archived, by id
 */
export function inherit(
  whole: Ledger,
  createdAt: ReadonlyMap<string, Date>,
  part: Window,
): ((ledger: Ledger) => Ledger) | undefined {
  const home = windowNamed(whole.window) ?? part
  // What was created outside of the window, or nobody knows when, goes to the first part.
  const isOfPart = (moment = home.from): boolean =>
    isWithin(isWithin(moment, home) ? moment : home.from, part)
  const archived = whole.archived.filter((id) => isOfPart(createdAt.get(id)))
  const open = whole.open.filter((entry) => isOfPart(entry.createdAt))
  if (archived.length + open.length === 0) return undefined
  return (ledger) => {
    const known = knownIds(ledger)
    const inBucket = archived.filter((id) => !known.has(id))
    const others = open.filter(({ recordingId }) => !known.has(recordingId))
    if (inBucket.length + others.length === 0) return ledger
    return {
      ...ledger,
      archived: [...ledger.archived, ...inBucket].toSorted(),
      open: [...ledger.open, ...others],
      attestation: null,
    }
  }
}

/** Takes recordings out of what is archived: their sidecars are not what they have to be. */
export function noteLost(ledger: Ledger, lost: ReadonlyMap<string, string>, now: Date): Ledger {
  const entries = [...lost].map(([recordingId, reason]): Entry => ({
    recordingId,
    line: 'refused',
    reason,
    firstSeenAt: now,
  }))
  return {
    ...ledger,
    archived: ledger.archived.filter((id) => !lost.has(id)),
    open: [...ledger.open, ...entries],
    attestation: null,
  }
}

/** Takes recordings out of what is archived: the sidecars put them into other windows. */
export function noteElsewhere(ledger: Ledger, createdAt: ReadonlyMap<string, Date>): Ledger {
  const added = [...createdAt].map(([recordingId, moment]) => ({ recordingId, createdAt: moment }))
  return {
    ...ledger,
    archived: ledger.archived.filter((id) => !createdAt.has(id)),
    elsewhere: [...ledger.elsewhere, ...added],
  }
}

/** Whether an entry needs nothing more: Bird has no audio, or a person has given it up. */
export function isExplained({ line, reason }: { readonly line: Line; readonly reason: string }): boolean {
  return line === 'nothing-to-archive' || (line === 'dead-lettered' && reason === GIVEN_UP)
}

/** Whether nothing of a window is left open, and nothing more is to be expected of it. */
export function isSettled(ledger: Ledger, window: Window, now: Date): boolean {
  return (
    isClosed(window, now) &&
    ledger.listed.complete &&
    ledger.listed.nameless === 0 &&
    ledger.open.every(isExplained)
  )
}

/** Whether a window is to be looked at again. */
export function isPending(ledger: Ledger): boolean {
  return !ledger.split && ledger.attestation === null
}

/** How long an entry may stay `sent`, or a window unlisted, before a person should look: as long as a message waits. */
const OVERDUE_MS = 24 * 3_600_000

/** Whether a person has to look at an entry, for time alone will not mend it. */
export function isUnexplained(entry: Entry, now: Date): boolean {
  if (isExplained(entry) || entry.line === 'not-yet') return false
  return entry.line !== 'sent' || now.getTime() - entry.firstSeenAt.getTime() > OVERDUE_MS
}
