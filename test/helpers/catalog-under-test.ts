import type { Catalog } from '../../lib/catalog/catalog.ts'
import type { Criteria } from '../../lib/catalog/criteria.ts'
import type { CatalogEntry } from '../../lib/catalog/entry.ts'
import type { Cursor, SearchResult } from '../../lib/catalog/search.ts'

/** A catalog over segments that a test has put where it reads them. */
export interface CatalogUnderTest {
  readonly catalog: Catalog
  /** Puts one object of the catalog; all rows are of this day. */
  put(
    this: void,
    day: string,
    name: string,
    rows: readonly CatalogEntry[],
    workspaceId?: string,
  ): Promise<void>
}

const NEVER = new AbortController().signal

/** All pages of a search, one after another. */
export async function readPages(
  catalog: Catalog,
  criteria: Criteria,
  limit: number,
): Promise<readonly SearchResult[]> {
  const pages: SearchResult[] = []
  let after: Cursor | undefined
  do {
    const page = await catalog.search(criteria, { limit, after }, NEVER)
    pages.push(page)
    after = page.next
  } while (after !== undefined)
  return pages
}
