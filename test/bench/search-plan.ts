import type { LocalFile } from '../../lib/catalog/segments.ts'

/** What the searching process is told: the files, and which number it looks for, one search after another. */
export interface SearchPlan {
  readonly workspaceId: string
  readonly files: readonly LocalFile[]
  readonly numbers: readonly string[]
  readonly resultFile: string
}

/** What it tells: milliseconds of each search, and the rows that were found. */
export interface SearchResults {
  readonly searches: readonly { readonly ms: number; readonly rows: number; readonly complete: boolean }[]
}
