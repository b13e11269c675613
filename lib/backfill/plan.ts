import type { Account } from './account.ts'
import type { Line } from './judge.ts'
import type { Ledger } from './ledger.ts'
import type { Listing } from './listing.ts'
import type { Window } from './window.ts'

/** What a day would come to. */
export interface PlannedDay {
  /** Recordings by line, and those not archived also by reason. */
  readonly lines: Map<Line, number>
  readonly reasons: Map<string, number>
  toSend: number
}

/** What a backfill would do, gathered window by window; grows with days, not with recordings. */
export interface Plan {
  readonly days: Map<string, PlannedDay>
  toSend: number
  /** Of the recordings to be sent, as far as Bird tells. */
  seconds: number
  withoutDuration: number
}

export function startPlan(): Plan {
  return { days: new Map(), toSend: 0, seconds: 0, withoutDuration: 0 }
}

/** Adds a window. `account` and `listing` are undefined where nothing would be done. */
export function addToPlan(
  plan: Plan,
  window: Window,
  ledger: Ledger,
  account: Account | undefined,
  listing: Listing | undefined,
): void {
  const name = window.name.slice(0, 10)
  const day = plan.days.get(name) ?? { lines: new Map(), reasons: new Map(), toSend: 0 }
  plan.days.set(name, day)
  increase(day.lines, 'archived', ledger.archived.length)
  const toSend = new Set(account?.toSend.map(({ recordingId }) => recordingId))
  for (const { recordingId, line, reason } of ledger.open) {
    if (toSend.has(recordingId)) continue
    increase(day.lines, line, 1)
    increase(day.reasons, reason, 1)
  }
  day.toSend += toSend.size
  plan.toSend += toSend.size
  for (const id of toSend) {
    const seconds = listing?.own.get(id)?.durationSeconds
    if (seconds === undefined) plan.withoutDuration += 1
    else plan.seconds += seconds
  }
}

function increase<Name>(counts: Map<Name, number>, name: Name, by: number): void {
  if (by > 0) counts.set(name, (counts.get(name) ?? 0) + by)
}

/** What archiving a plan would take. */
export interface Estimate {
  readonly bytes: number
  readonly ms: number
  /** US dollars in us-east-1, without storage. */
  readonly dollars: number
}

/** 32 kbit/s, as telephone calls mostly have. */
export const BYTES_PER_SECOND = 4_000
/** What the deployed archiver does at most: two requests to Bird for each, of 35 a second (infra/numbers.yml). */
export const RECORDINGS_PER_SECOND = 17.5
/** A recording of 200 KB archived in batches (docs/deploy.md, "What it costs"). */
const DOLLARS_PER_MILLION = 12.5

/** Reckons with what is known of the durations; recordings without one count as long as the others are on average. */
export function estimate({ toSend, seconds, withoutDuration }: Plan): Estimate {
  const known = toSend - withoutDuration
  const average = known === 0 ? 0 : seconds / known
  return {
    bytes: Math.round((seconds + withoutDuration * average) * BYTES_PER_SECOND),
    ms: (toSend / RECORDINGS_PER_SECOND) * 1000,
    dollars: (toSend * DOLLARS_PER_MILLION) / 1_000_000,
  }
}
