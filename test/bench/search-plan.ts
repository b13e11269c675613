import type { LocalFile } from '../../lib/catalog/segments.ts'

/** What the searching process is told: the files, and what is asked for. */
export interface SearchPlan {
  readonly workspaceId: string
  readonly files: readonly LocalFile[]
  /** A number that is looked for, one search after another; `'all'` lists every row, page by page. */
  readonly numbers: readonly string[] | 'all'
  readonly resultFile: string
}

/** What it tells: milliseconds of each search or page, and the rows that were found. */
export interface SearchResults {
  readonly searches: readonly { readonly ms: number; readonly rows: number; readonly complete: boolean }[]
}
