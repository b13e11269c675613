import { decide } from '../archive/decide.ts'
import { redact } from '../errors.ts'
import { GIVEN_UP, isUnderway, judge, NEVER_AVAILABLE, type Facts } from './judge.ts'
import { type Entry, knownIds, type Ledger } from './ledger.ts'
import type { Listed } from './listed.ts'
import type { Listing } from './listing.ts'

/** What all windows of a run share. Ids are of the workspace that is swept. */
export interface Known {
  /** Reasons of what lies in the dead-letter queue, by recording id. */
  readonly deadLetters: ReadonlyMap<string, string>
  /** Recordings that a person has given up. */
  readonly givenUp: ReadonlySet<string>
  readonly queueIsEmpty: boolean
}

/** What Bird said of a recording that was asked for by its id. */
export type Asked =
  | { readonly status: string; readonly createdAt: Date; readonly durationSeconds: number | undefined }
  | { readonly fault: string }

type Said = { readonly status: string; readonly createdAt?: Date } | { readonly fault: string }

/** How a sidecar was found: it cannot be read where there is a fault. */
export interface InBucket {
  readonly kind: string
  readonly fault?: string
}

/** The recordings to be looked for in the bucket: all that are known or listed, less what is known to be there. */
export function idsToFind(ledger: Ledger, listing: Listing | undefined): string[] {
  const there = knownIds({ ...ledger, open: [] })
  const named = new Set([
    ...ledger.open.map(({ recordingId }) => recordingId),
    ...(listing === undefined ? [] : [...listing.own.keys(), ...listing.unreadable.keys()]),
  ])
  return [...named].filter((id) => !there.has(id))
}

/**
 * The recordings that Bird must be asked for one by one: what the list had in a form that cannot be read, what it should have
 * named and did not, and, where nothing was listed, what may have changed by itself.
 */
export function idsToAsk(
  ledger: Ledger,
  listing: Listing | undefined,
  inBucket: ReadonlyMap<string, InBucket>,
): string[] {
  const forgotten = ledger.open.filter(({ recordingId, line, reason }) =>
    listing === undefined
      ? line === 'not-yet' || line === 'refused' || reason === NEVER_AVAILABLE
      : !listing.own.has(recordingId),
  )
  const unreadable = [...(listing?.unreadable.keys() ?? [])].filter((id) => listing?.own.has(id) !== true)
  const ids = new Set([...forgotten.map(({ recordingId }) => recordingId), ...unreadable])
  return [...ids].filter((id) => !inBucket.has(id))
}

/** Recordings that the list had in a form that cannot be read, and that may be another window's for all that is known here. */
export function idsToPlace(ledger: Ledger, listing: Listing | undefined): string[] {
  const known = knownIds(ledger)
  return [...(listing?.unreadable.keys() ?? [])].filter((id) => !known.has(id) && !listing?.own.has(id))
}

/** Both, each once. */
export function idsToAskFor(...known: Parameters<typeof idsToAsk>): ReadonlySet<string> {
  const [ledger, listing] = known
  return new Set([...idsToAsk(...known), ...idsToPlace(ledger, listing)])
}

export interface Account {
  /** Sorted. */
  readonly archived: readonly string[]
  readonly open: readonly Entry[]
  /** Those of `open` that are to be sent now, and are entered as sent. */
  readonly toSend: readonly Entry[]
}

/** Puts every recording of a window in exactly one line. */
export function drawUp(
  ledger: Ledger,
  listing: Listing | undefined,
  inBucket: ReadonlyMap<string, InBucket>,
  asked: ReadonlyMap<string, Asked>,
  known: Known,
  now: Date,
): Account {
  const remembered = new Map(ledger.open.map((entry) => [entry.recordingId, entry]))
  const archived = new Set(ledger.archived)
  const open: Entry[] = []
  const toSend: Entry[] = []
  for (const id of idsToFind(ledger, listing)) {
    const before = remembered.get(id)
    const said: Said = asked.get(id) ?? listing?.own.get(id) ?? recall(before)
    const verdict = judge(factsOf(id, said, inBucket.get(id), before, known, now))
    if (verdict.line === 'archived') {
      archived.add(id)
      continue
    }
    const createdAt = ('fault' in said ? undefined : said.createdAt) ?? before?.createdAt
    const sentAt = verdict.send ? now : verdict.line === 'sent' ? before?.sentAt : undefined
    const entry: Entry = {
      recordingId: id,
      ...(createdAt !== undefined && { createdAt }),
      line: verdict.line,
      // Bird's enum is open, and a dead letter's reason may be anybody's words.
      reason: redact(verdict.reason),
      firstSeenAt: before?.firstSeenAt ?? now,
      ...(sentAt !== undefined && { sentAt }),
    }
    open.push(entry)
    if (verdict.send) toSend.push(entry)
  }
  return { archived: [...archived].toSorted(), open, toSend }
}

function factsOf(
  id: string,
  said: Said,
  sidecar: InBucket | undefined,
  before: Entry | undefined,
  known: Known,
  now: Date,
): Facts {
  const { sentAt } = before ?? {}
  return {
    archived: sidecar !== undefined && sidecar.fault === undefined,
    bird:
      sidecar?.fault !== undefined
        ? { fault: sidecar.fault }
        : 'fault' in said
          ? said
          : { status: said.status },
    deadLetter: known.deadLetters.get(id),
    givenUp: known.givenUp.has(id),
    sentAt: sentAt !== undefined && isUnderway(sentAt, known.queueIsEmpty, now) ? sentAt : undefined,
  }
}

/** What Bird said last, as far as the entry tells; where it does not, the archiver finds out. */
function recall(before: Entry | undefined): Said {
  if (before === undefined) return { fault: 'nothing is known of it' }
  const { line, reason } = before
  if (line === 'refused') return { fault: reason }
  const keepsItsStatus = line === 'not-yet' || line === 'nothing-to-archive'
  return { status: keepsItsStatus && reason !== GIVEN_UP ? reason : 'available' }
}

/** Enters what the queue did not take, with the reason; the next sweep sends it again. */
export function enterUnsent(open: readonly Entry[], unsent: ReadonlyMap<string, Unsent>): readonly Entry[] {
  return open.map((entry) => {
    const why = unsent.get(entry.recordingId)
    if (why === undefined) return entry
    const { sentAt: _, ...rest } = entry
    return { ...rest, ...why }
  })
}

const WAITS_FOR_ROOM = 'waits-for-room-in-the-queue'

/** Whether a window has recordings that are still to be sent, as the queue had no room for them. */
export function isUnfed({ open }: Pick<Ledger, 'open'>): boolean {
  return open.some(({ reason }) => reason === WAITS_FOR_ROOM)
}

/** Why a message was not sent: the queue was full for too long, or SQS refused it. */
export type Unsent =
  | { readonly line: 'not-yet'; readonly reason: typeof WAITS_FOR_ROOM }
  | { readonly line: 'refused'; readonly reason: string }

/**
 * Remembers recordings in the window that they belong to, unless they are known there; what had no audio there, and has some
 * now, is no longer explained. Where anything is new the window is to be looked at again.
 */
export function remember(ledger: Ledger, strangers: readonly Listed[], now: Date): Ledger {
  const held = new Map(ledger.open.map((entry) => [entry.recordingId, entry]))
  const known = knownIds(ledger)
  const entries = strangers.flatMap(({ recordingId, createdAt, status }): Entry[] => {
    const before = held.get(recordingId)
    const isExplained = before?.line === 'nothing-to-archive' && decide(status) !== 'nothing-to-archive'
    if (known.has(recordingId) && !isExplained) return []
    const { firstSeenAt } = before ?? { firstSeenAt: now }
    return [{ recordingId, createdAt, line: 'not-yet', reason: redact(status), firstSeenAt }]
  })
  if (entries.length === 0) return ledger
  for (const entry of entries) held.set(entry.recordingId, entry)
  return { ...ledger, open: [...held.values()], attestation: null }
}
