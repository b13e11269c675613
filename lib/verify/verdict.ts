import type { Lock, RetentionPolicy } from '../archive/retention.ts'
import { type Entry, newestOf } from './entry.ts'
import { type Facts, type Finding, judge } from './judge.ts'
import { findOrphans, type Orphan } from './orphans.ts'

/**
 * What a check of one recording came to. `on-its-way`: its audio has only just come. `no-sidecar`: its audio lies there
 * without one, see `orphans`. `unread` is never as good as `ok`.
 */
export interface Verdict {
  readonly recordingId: string
  readonly outcome: 'ok' | 'mismatch' | 'unread' | 'on-its-way' | 'no-sidecar'
  /** Read of its audio; 0 where none was. */
  readonly bytes: number
  readonly sha256: string | undefined
  /** Of the audio. */
  readonly lock: Lock | undefined
  readonly isHeld: boolean
  readonly findings: readonly Finding[]
  readonly orphans: readonly Orphan[]
  /** Why it could not be read. */
  readonly reason?: string | undefined
}

/** What is to be told of a recording of which all is known that could be read. */
export function toVerdict(facts: Facts, policy: RetentionPolicy, now: Date): Verdict {
  const { entry, sidecar, audio } = facts
  const claim = sidecar !== undefined && 'claim' in sidecar ? sidecar.claim : undefined
  const findings = judge(facts, policy, now)
  const orphans = findOrphans(entry, claim, now)
  const isBare = sidecar === undefined && newestOf(entry.audio) !== undefined
  const outcome =
    findings.length > 0 ? 'mismatch' : !isBare ? 'ok' : orphans.length > 0 ? 'no-sidecar' : 'on-its-way'
  return {
    recordingId: entry.recordingId,
    outcome,
    bytes: audio?.bytes ?? 0,
    sha256: audio?.sha256,
    lock: audio?.lock,
    isHeld: audio?.legalHold === true,
    findings,
    orphans,
  }
}

/** What is to be told of a recording that could not be read. */
export function toUnread({ recordingId }: Pick<Entry, 'recordingId'>, reason: string): Verdict {
  return {
    recordingId,
    outcome: 'unread',
    bytes: 0,
    sha256: undefined,
    lock: undefined,
    isHeld: false,
    findings: [],
    orphans: [],
    reason,
  }
}

/** Counts of a check. */
export interface Tally {
  /** Recordings that were looked at. */
  readonly recordings: number
  /** Recordings whose audio was read from its first to its last byte. */
  readonly read: number
  readonly bytes: number
  readonly mismatches: number
  readonly unread: number
  readonly orphans: number
  readonly onItsWay: number
  /** Under legal hold. */
  readonly held: number
}

export const NOTHING: Tally = {
  recordings: 0,
  read: 0,
  bytes: 0,
  mismatches: 0,
  unread: 0,
  orphans: 0,
  onItsWay: 0,
  held: 0,
}

/** What a check has come to so far; names the first 1,000 of each kind, and counts all. */
export interface Account {
  tally: Tally
  readonly mismatches: Verdict[]
  readonly unread: Verdict[]
  readonly orphans: Orphan[]
}

/** A report that names more is not read by anybody; the rest is counted. */
const MOST_NAMED = 1000

export function startAccount(): Account {
  return { tally: NOTHING, mismatches: [], unread: [], orphans: [] }
}

export function addVerdict(account: Account, verdict: Verdict): void {
  const { outcome, bytes, orphans, isHeld, sha256 } = verdict
  const count = (is: boolean): number => (is ? 1 : 0)
  account.tally = addTallies(account.tally, {
    recordings: 1,
    read: count(sha256 !== undefined),
    bytes,
    mismatches: count(outcome === 'mismatch'),
    unread: count(outcome === 'unread'),
    orphans: 0,
    onItsWay: count(outcome === 'on-its-way'),
    held: count(isHeld),
  })
  if (outcome === 'mismatch' && account.mismatches.length < MOST_NAMED) account.mismatches.push(verdict)
  if (outcome === 'unread' && account.unread.length < MOST_NAMED) account.unread.push(verdict)
  for (const orphan of orphans) addOrphan(account, orphan)
}

export function addOrphan(account: Account, orphan: Orphan): void {
  account.tally = { ...account.tally, orphans: account.tally.orphans + 1 }
  if (account.orphans.length < MOST_NAMED) account.orphans.push(orphan)
}

export function addTallies(one: Tally, other: Tally): Tally {
  return {
    recordings: one.recordings + other.recordings,
    read: one.read + other.read,
    bytes: one.bytes + other.bytes,
    mismatches: one.mismatches + other.mismatches,
    unread: one.unread + other.unread,
    orphans: one.orphans + other.orphans,
    onItsWay: one.onItsWay + other.onItsWay,
    held: one.held + other.held,
  }
}

/** Whether nothing is left that a person has to look at. */
export function isAllGood({ mismatches, unread, orphans }: Tally): boolean {
  return mismatches === 0 && unread === 0 && orphans === 0
}
