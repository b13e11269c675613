import type { FailureReason, Outcome, RefusalReason } from './archive/outcome.ts'
import { writeEmbeddedMetrics } from './embedded-metrics.ts'

/** What a batch came to, counted. */
export interface BatchCount {
  readonly functionName: string
  readonly outcomes: readonly {
    readonly outcome: Outcome
    readonly action: 'acknowledge' | 'defer' | 'dead-letter' | 'fail'
  }[]
  readonly now: Date
  /** Milliseconds that the invocation had left when it answered. */
  readonly remainingMs: number
}

/** CloudWatch takes at most 100 values of one metric in one line. */
const MAX_VALUES = 100

const FAILURES: readonly FailureReason[] = [
  'not-found',
  'bird-unavailable',
  'bad-metadata',
  'redirect-refused',
  'bad-body',
  'storage',
  'time-limit',
  'out-of-time',
  'misconfigured',
  'unexpected',
]
const REFUSALS: readonly RefusalReason[] = [
  'unreadable-message',
  'unprocessable',
  'conflict',
  'never-available',
]

/** A batch's metrics as one line. Zero counts are written, so that an alarm can tell "none" from "no data". */
export function toEmbeddedMetrics({ functionName, outcomes, now, remainingMs }: BatchCount): string {
  const archived = outcomes.flatMap(({ outcome, action }) =>
    outcome.kind === 'archived' && action === 'acknowledge' ? [outcome] : [],
  )
  const count = (matches: (entry: BatchCount['outcomes'][number]) => boolean): number =>
    outcomes.filter(matches).length
  const since = (dates: readonly (Date | undefined)[]): number[] =>
    dates
      .flatMap((date) => (date === undefined ? [] : [Math.max(0, now.getTime() - date.getTime())]))
      .slice(0, MAX_VALUES)

  const counts: Record<string, number> = {
    Archived: archived.length,
    AlreadyArchived: count(({ outcome }) => outcome.kind === 'already-archived'),
    SkippedAbsent: count(
      ({ outcome }) => outcome.kind === 'nothing-to-archive' && outcome.status === 'absent',
    ),
    SkippedFailed: count(
      ({ outcome }) => outcome.kind === 'nothing-to-archive' && outcome.status === 'failed',
    ),
    NotYet: count(({ outcome }) => outcome.kind === 'not-yet'),
    Throttled: count(({ outcome }) => outcome.kind === 'throttled'),
    Deferred: count(({ action }) => action === 'defer'),
    DeadLettered: count(({ action }) => action === 'dead-letter'),
    Failed: count(({ action }) => action === 'fail'),
    ...Object.fromEntries(
      FAILURES.map((reason) => [
        `Failed${pascal(reason)}`,
        count(
          ({ outcome, action }) =>
            action === 'fail' && outcome.kind === 'failed' && outcome.reason === reason,
        ),
      ]),
    ),
    ...Object.fromEntries(
      REFUSALS.map((reason) => [
        `Refused${pascal(reason)}`,
        count(({ outcome, action }) =>
          // Whoever waited in vain is not refused by Bird, but by our patience: see disposeOf.
          reason === 'never-available'
            ? outcome.kind === 'not-yet' && action === 'dead-letter'
            : outcome.kind === 'refused' && outcome.reason === reason,
        ),
      ]),
    ),
  }
  const times: Record<string, number | number[]> = {
    RemainingTime: Math.max(0, Math.round(remainingMs)),
    TimeSinceCreated: since(archived.map(({ createdAt }) => createdAt)),
    TimeSinceEnded: since(archived.map(({ endedAt }) => endedAt)),
  }
  const present = Object.entries(times).filter(([, value]) => !Array.isArray(value) || value.length > 0)
  return writeEmbeddedMetrics({
    functionName,
    now,
    counts,
    bytes: { ArchivedBytes: archived.reduce((sum, { bytes }) => sum + bytes, 0) },
    milliseconds: Object.fromEntries(present),
  })
}

function pascal(name: string): string {
  return name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
}
