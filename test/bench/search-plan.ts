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

/** What the process is told that brings objects here: which, and where their copies are kept. */
export interface CachePlan {
  readonly workspaceId: string
  readonly files: readonly { readonly key: string; readonly bytes: number }[]
  readonly directory: string
  readonly resultFile: string
}

/** What it tells: how long all of them took when none was here, when all were, and when this process had read them before. */
export interface CacheResults {
  readonly rounds: readonly {
    readonly form: 'fetch' | 'read' | 'look'
    readonly fetched: number
    readonly ms: number
    readonly cpuSeconds: number
  }[]
}
