import { utcDay } from '../archive/keys.ts'
import type { Days } from './sql.ts'

/** What became of a day. */
export type Compacted =
  | {
      readonly kind: 'compacted'
      readonly day: string
      /** Of the Parquet files: one, or several that Athena has written together. */
      readonly keys: readonly string[]
      /** Files that a search need not read any more. */
      readonly files: number
      readonly rows: number
      readonly bytes: number
      /** What was left out, and what is to be done about it. */
      readonly reasons: readonly string[]
    }
  /** Not more than one file has to be read for it. */
  | { readonly kind: 'compact-already'; readonly day: string }
  /** It is read as before. */
  | { readonly kind: 'failed'; readonly day: string; readonly reasons: readonly string[] }

/** Puts the rows of each day that has several files together as Parquet. Nothing is deleted. */
export interface Compactor {
  /**
   * What is wrong with one day keeps no other from being put together: it ends as `failed`.
   * @throws StoreError if the bucket cannot be listed, ConfigurationError if a right is missing; the days until then are done
   */
  compact(workspaceId: string, days: Days, signal: AbortSignal): AsyncGenerator<Compacted, void, undefined>
}

const DAY_MS = 86_400_000

/** Divides days into spans of so many at most, in their order; none where the last is before the first. */
export function spansOf({ first, last }: Days, length: number): readonly Days[] {
  const [from, to] = [Date.parse(first), Date.parse(last)]
  const starts = Math.ceil(((to - from) / DAY_MS + 1) / length)
  return Array.from({ length: Math.max(0, starts) }, (_, index) => {
    const start = from + index * length * DAY_MS
    return { first: dayOf(start), last: dayOf(Math.min(to, start + (length - 1) * DAY_MS)) }
  })
}

/** A span of two days or more as two, the first of which is not the shorter. */
export function halvesOf(days: Days): readonly Days[] {
  const length = (Date.parse(days.last) - Date.parse(days.first)) / DAY_MS + 1
  return spansOf(days, Math.ceil(length / 2))
}

function dayOf(time: number): string {
  return utcDay(new Date(time))
}
