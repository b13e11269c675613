import type { BirdFaults } from '../../lib/sandbox/bird-faults.ts'
import {
  type ListedWorld,
  onList,
  readOffsetPage,
  readPage,
  showOffsetPage,
  whenever,
  without,
} from './list-pages.ts'
import { callAt } from './listed-calls.ts'

/** For `world.birdFaults`; each holds its own state, so a new one begins anew. */
type Tracked<Notes> = BirdFaults & Notes

/** From page `fromPage` of any listing on, every page gives the same token: it never ends. */
export function repeatingToken(world: ListedWorld, fromPage = 1): BirdFaults {
  return strayingTokens(world, (tokens) => tokens[fromPage - 1])
}

/** `length` tokens are given, then the first again, and so on: A, B, A, B … It takes a listing of more pages than that and one. */
export function circlingTokens(world: ListedWorld, length = 2): BirdFaults {
  return strayingTokens(world, (tokens) => (tokens.length > length ? tokens[0] : undefined))
}

/**
 * Bird counts places, and after page `afterPage` of the first listing that is so long, a recording that this listing has
 * shown (the first one) is deleted: what follows moves up, and the first of the next page is skipped in this listing only.
 */
export function shrinking(
  world: ListedWorld,
  afterPage = 1,
): Tracked<{ readonly deleted: string[]; readonly skipped: string[] }> {
  const notes = { deleted: [] as string[], skipped: [] as string[] }
  const fault = onList((asked) => {
    const page = readOffsetPage(world, asked)
    if (page === undefined) return undefined
    const answer = showOffsetPage(world, page)
    const next = page.matching[page.offset + page.limit]
    if (notes.deleted.length === 0 && next && page.offset === (afterPage - 1) * page.limit) {
      const [first] = page.matching
      world.setCalls(world.calls.filter((call) => call !== first))
      notes.deleted.push(first?.recordingId ?? '')
      notes.skipped.push(next.recordingId)
    }
    return answer
  })
  return Object.assign(fault, notes)
}

/**
 * Whenever a following page is asked for, `perPage` calls have come in meanwhile (`created`), under Bird's clock or at
 * `createdAt`. Bird counts places, so that what follows moves down and is shown twice. A page must hold more than `perPage`.
 */
export function growing(
  world: ListedWorld,
  options: { readonly perPage?: number; readonly createdAt?: Date } = {},
): Tracked<{ readonly created: string[] }> {
  const { perPage = 1, createdAt } = options
  const notes = { created: [] as string[] }
  const fault = onList((asked) => {
    if (asked.has('pageToken')) {
      const calls = Array.from({ length: perPage }, () => callAt(createdAt ?? world.now()))
      world.setCalls([...world.calls, ...calls])
      notes.created.push(...calls.map(({ recordingId }) => recordingId))
    }
    const page = readOffsetPage(world, asked)
    return page && showOffsetPage(world, page)
  })
  return Object.assign(fault, notes)
}

/** Every page begins with the last `items` of the page before. */
export function duplicating(world: ListedWorld, items = 1): BirdFaults {
  return onList((asked) => {
    const page = readOffsetPage(world, asked)
    return page && showOffsetPage(world, page, items)
  })
}

/** Recordings of `ids`, or all, have a status that nobody has heard of. */
export function unknownStatus(
  world: ListedWorld,
  status = 'quarantined',
  ids?: readonly string[],
): BirdFaults {
  return alteredItems(world, ids, (item) => ({ ...item, status }))
}

/** What an item of the list can lack. */
export type Unreadable = 'no-id' | 'no-createdAt' | 'no-status' | 'null' | 'text'

/** Recordings of `ids`, or the first of each listing, can not be read, always in the same way. */
export function unreadableItem(world: ListedWorld, how: Unreadable, ids?: readonly string[]): BirdFaults {
  const spoil = ({ id, createdAt, status, ...rest }: Item): unknown => {
    if (how === 'null') return null
    if (how === 'text') return 'recording'
    return {
      ...rest,
      ...(how !== 'no-id' && { id }),
      ...(how !== 'no-createdAt' && { createdAt }),
      ...(how !== 'no-status' && { status }),
    }
  }
  if (ids !== undefined) return alteredItems(world, ids, spoil)
  return onList((asked) => {
    const page = asked.has('pageToken') ? undefined : readPage(world, asked)
    return page && { ...page, results: page.results.map((item, at) => (at > 0 ? item : spoil(item as Item))) }
  })
}

/** `startAt` and `endAt` are accepted and passed over: every window shows everything. */
export function ignoringFilters(world: ListedWorld): BirdFaults {
  return onList((asked) => readPage(world, without(asked, 'startAt', 'endAt')))
}

/**
 * 429 for so many requests, or for as long as Bird's clock has not come to a moment; with the Retry-After that is given.
 * It strikes all requests, not those of the list alone.
 */
export function throttledFor(
  lasts: number | { readonly world: ListedWorld; readonly until: Date },
  retryAfter?: string,
): BirdFaults {
  return whenever(typeof lasts === 'number' ? times(lasts) : () => lasts.world.now() < lasts.until, {
    kind: 'respond',
    status: 429,
    ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }),
    body: { code: 'TooManyRequests', message: 'Too many requests' },
  })
}

/** Status 200, and a page for people in place of JSON. */
export function notJson(count = Infinity): BirdFaults {
  return whenever(times(count), {
    kind: 'respond',
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<!DOCTYPE html><html><body>We will be back soon</body></html>',
  })
}

/** An error of the server's for so many requests. */
export function serverErrors(count: number, status = 503): BirdFaults {
  return whenever(times(count), {
    kind: 'respond',
    status,
    body: { code: 'ServiceUnavailable', message: 'The service is temporarily unavailable' },
  })
}

type Item = Readonly<Record<string, unknown>>

function times(count: number): () => boolean {
  let left = count
  return () => left-- > 0
}

function alteredItems(
  world: ListedWorld,
  ids: readonly string[] | undefined,
  alter: (item: Item) => unknown,
): BirdFaults {
  return onList((asked) => {
    const page = readPage(world, asked)
    const results = page?.results.map((each) => {
      const item = each as Item
      return ids === undefined || ids.includes(String(item['id'])) ? alter(item) : item
    })
    return page && results && { ...page, results }
  })
}

/**
 * Bird's pages, but where `stray` names another token that one is given. It is told all tokens that the listing has been
 * given so far, in the order of its pages; a listing is known by its filters and begins without a token.
 */
function strayingTokens(
  world: ListedWorld,
  stray: (tokens: readonly string[]) => string | undefined,
): BirdFaults {
  const listings = new Map<string, string[]>()
  return onList((asked) => {
    const page = readPage(world, asked)
    if (page === undefined) return undefined
    const listing = without(asked, 'pageToken').toString()
    const token = asked.get('pageToken')
    const before = listings.get(listing) ?? []
    // Asked again for a page that it has had, it gets the same answer.
    const tokens = token === null ? [] : before.slice(0, before.indexOf(token) + 1)
    if (page.nextPageToken !== undefined) tokens.push(page.nextPageToken)
    listings.set(listing, tokens)
    const nextPageToken = stray(tokens) ?? page.nextPageToken
    return { ...page, ...(nextPageToken !== undefined && { nextPageToken }) }
  })
}
