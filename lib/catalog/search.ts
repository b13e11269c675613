import * as v from 'valibot'
import type { CatalogEntry } from './entry.ts'

/** Where a page ends: the next one begins with what comes after this row. Newest first; of one moment, by id. */
export interface Cursor {
  readonly createdAt: string
  readonly recordingId: string
}

export interface Page {
  /** Rows at most, from 1 to {@link MAX_PAGE_ROWS}. */
  readonly limit: number
  readonly after?: Cursor | undefined
}

export interface SearchResult {
  /** Each recording once, newest first. */
  readonly rows: readonly CatalogEntry[]
  /** Undefined on the last page. */
  readonly next: Cursor | undefined
  /** Whether all of the catalog that the criteria ask for could be read. */
  readonly complete: boolean
  /** Why it is not complete: what could not be read, and what to do. */
  readonly reasons: readonly string[]
}

export const MAX_PAGE_ROWS = 10_000

/** A cursor as a text for an address; it says nothing that the page before it did not. */
export function writeCursor({ createdAt, recordingId }: Cursor): string {
  return Buffer.from(JSON.stringify([createdAt, recordingId])).toString('base64url')
}

const CursorDocument = v.tuple([
  v.pipe(v.string(), v.isoTimestamp()),
  v.pipe(v.string(), v.regex(/^[0-9a-f-]{36}$/)),
])

/** Undefined for a text that is no cursor. */
export function readCursor(text: string): Cursor | undefined {
  try {
    const parsed = v.safeParse(CursorDocument, JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    if (!parsed.success) return undefined
    const [createdAt, recordingId] = parsed.output
    return { createdAt, recordingId }
  } catch {
    return undefined
  }
}

/** Divides one row more than a page has into the page and the cursor of the next. */
export function cutPage(rows: readonly CatalogEntry[], { limit }: Page): Pick<SearchResult, 'rows' | 'next'> {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const next =
    rows.length > limit && last !== undefined
      ? { createdAt: last.created_at, recordingId: last.recording_id }
      : undefined
  return { rows: page, next }
}
