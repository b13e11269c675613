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
      /** What was left out because it cannot be read; a search goes on saying so. */
      readonly reasons: readonly string[]
    }
  /** Not more than one file has to be read for it. */
  | { readonly kind: 'compact-already'; readonly day: string }
  /** So much of it cannot be read that there is nothing to put together. */
  | { readonly kind: 'failed'; readonly day: string; readonly reasons: readonly string[] }

/** Puts the rows of each day that has several files together as Parquet. Nothing is deleted. */
export interface Compactor {
  /** @throws StoreError or ConfigurationError if the bucket fails; the days until then are done */
  compact(workspaceId: string, days: Days, signal: AbortSignal): AsyncGenerator<CompactedOf, void, undefined>
}

export interface CompactedOf {
  readonly end: Compacted
  readonly done: number
  readonly total: number
}
