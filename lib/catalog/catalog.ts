import type { Criteria } from './criteria.ts'
import type { Page, SearchResult } from './search.ts'

/** The search index, whatever engine reads it. */
export interface Catalog {
  /** @throws ConfigurationError or StoreError where it could not be searched at all */
  search(criteria: Criteria, page: Page, signal: AbortSignal): Promise<SearchResult>
}
