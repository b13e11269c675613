import type { Criteria } from './criteria.ts'
import type { Page, SearchResult } from './search.ts'

/** The search index, whatever engine reads it. */
export interface Catalog {
  /** @throws ConfigurationError or StoreError where it could not be searched at all */
  search(criteria: Criteria, page: Page, signal: AbortSignal): Promise<SearchResult>
}

/** One that goes on searching when whoever asks cannot wait any longer, and can be asked again. */
export interface PatientCatalog extends Catalog {
  /** @throws ConfigurationError or StoreError where it could not be searched at all */
  searchFor(criteria: Criteria, page: Page, wait: Wait, signal: AbortSignal): Promise<SearchEnd>
}

/** How long somebody waits for a search. */
export interface Wait {
  /** Who asks: nobody else can take the search up again. */
  readonly caller: string
  /** A search that was begun, from {@link SearchEnd}; it is taken up again. */
  readonly query?: string | undefined
  /** Aborted when the asker cannot wait any longer; the search goes on. */
  readonly until: AbortSignal
}

export type SearchEnd =
  | { readonly kind: 'found'; readonly result: SearchResult }
  /** Not ready yet; `query`, of characters that an address takes, takes it up again. */
  | { readonly kind: 'searching'; readonly query: string }
  /** More would have to be read than a search may; `detail` says what to do. */
  | { readonly kind: 'too-wide'; readonly detail: string }
  /** Something lies there that cannot be read and cannot be passed over; `detail` names it, and says what to do. */
  | { readonly kind: 'unreadable'; readonly detail: string }
  /** There is no such search of this caller for these criteria. */
  | { readonly kind: 'unknown-query' }
