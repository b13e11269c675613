import { InvalidArgumentError } from '@commander-js/extra-typings'
import type { RefusalReason } from '../archive/outcome.ts'
import { type DeadLetter, FAILED_TOO_OFTEN } from '../sqs/dead-letter.ts'
import { readRecordings } from './read-recordings.ts'

/** Which letters a command is for; several options narrow it down together. */
export interface FilterOptions {
  /** Any of these. */
  readonly reason?: readonly string[]
  /** Any of these, beside those that are named as arguments. */
  readonly id?: readonly string[]
  /** Milliseconds. */
  readonly olderThan?: number
}

export interface LetterFilter {
  readonly wants: (letter: DeadLetter) => boolean
  /** Whether it leaves any letter out. */
  readonly isNarrow: boolean
  /** Recordings that were named and of which no letter was seen. */
  missing(this: void): readonly string[]
  /** Reasons that were named, that no letter had, and that this archiver never gives: they may be misspelt. */
  strange(this: void): readonly string[]
}

/** All reasons that this archiver gives. */
const REASONS: ReadonlySet<string> = new Set<RefusalReason | typeof FAILED_TOO_OFTEN>([
  FAILED_TOO_OFTEN,
  'conflict',
  'never-available',
  'unprocessable',
  'unreadable-message',
])

/** @throws UsageError with everything that is named and is no recording id */
export async function createLetterFilter(
  ids: readonly string[],
  { reason, id = [], olderThan }: FilterOptions,
  now: Date,
): Promise<LetterFilter> {
  const named = [...ids, ...id]
  const asked = named.length === 0 ? [] : (await readRecordings(named, undefined)).recordings
  const wanted = new Set(asked.map(({ recordingId }) => recordingId))
  const missing = new Set(wanted)
  const reasons = new Set(reason)
  const strange = new Set(reason?.filter((each) => !REASONS.has(each)))
  return {
    wants({ recordingId = '', reason: why, sentAt }) {
      missing.delete(recordingId)
      strange.delete(why)
      return (
        (wanted.size === 0 || wanted.has(recordingId)) &&
        (reasons.size === 0 || reasons.has(why)) &&
        (olderThan === undefined || now.getTime() - sentAt.getTime() >= olderThan)
      )
    },
    isNarrow: wanted.size > 0 || reasons.size > 0 || olderThan !== undefined,
    missing: () => [...missing],
    strange: () => [...strange],
  }
}

const UNITS_MS = { min: 60_000, h: 3_600_000, d: 86_400_000 } as const
type Unit = keyof typeof UNITS_MS

/** Reads a duration as it is typed, such as `30min`, `6h` or `2d`, in milliseconds. */
export function readDuration(text: string): number {
  const [, amount, unit] = /^(\d{1,5})(min|h|d)$/.exec(text) ?? []
  if (amount === undefined) throw new InvalidArgumentError('It must be a duration like 30min, 6h or 2d.')
  return Number(amount) * UNITS_MS[unit as Unit]
}

/** How long ago something was, in one unit: `12 min`, `6 h`, `3 d`. */
export function formatAge(ms: number): string {
  const unit: Unit = ms >= 2 * UNITS_MS.d ? 'd' : ms >= UNITS_MS.h ? 'h' : 'min'
  return `${Math.max(Math.floor(ms / UNITS_MS[unit]), 0)} ${unit}`
}
