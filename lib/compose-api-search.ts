import type { JsonObject } from './archive/recording.ts'
import { type Criteria, readCriteria } from './catalog/criteria.ts'
import { type Cursor, readCursor, type SearchResult, writeCursor } from './catalog/search.ts'
import type { ApiService } from './compose-api-service.ts'
import { type Deadline, limitTime } from './deadline.ts'
import type { Problem } from './retrieve/problem.ts'
import { changeQuery } from './retrieve/query.ts'
import { type ApiRequest, type RequestPolicy, writtenCriteria } from './retrieve/request.ts'
import { answer, type ApiAnswer, writePage, writeSearching } from './retrieve/response.ts'

/** What is looked for, and behind which row. */
export interface ApiSearch {
  readonly criteria: Criteria
  readonly after: Cursor | undefined
}

type SearchRequest = Extract<ApiRequest<ApiSearch>, { readonly name: 'search' }>

const RETRY_AFTER_SECONDS = 2
/** Of the time that is left: the rest is for writing down that something was found, and for answering. */
const PATIENCE_SHARE = 0.85
/** API Gateway lets an answer's headers have 10,240 bytes. */
const MAX_ADDRESS_CHARACTERS = 8_000

/** Reads criteria as a request writes them. */
export function searchReader(country: string | undefined): RequestPolicy<ApiSearch>['readSearch'] {
  return (written) => {
    const read = readCriteria({ country, ...written }, (name) => name)
    const after = written.cursor === undefined ? undefined : readCursor(written.cursor)
    const isStrange = written.cursor !== undefined && after === undefined
    const faults = [
      ...(read.ok ? [] : read.faults),
      ...(isStrange ? ['cursor is not what the page before has given as `next`'] : []),
    ]
    if (!read.ok || isStrange) return { ok: false, faults }
    return { ok: true, search: { criteria: read.criteria, after } }
  }
}

/**
 * One page of a search.
 *
 * The line in the access log is written before a search begins, and says for what. A search that is taken up again has that
 * line already (nobody else can take it up, and not for other criteria), but nothing was handed out then, it can be taken up
 * for as long as Athena keeps what it found, and the reason may be another one by now: so each answer that hands out what
 * was found later has a line of its own. Asking whether it is ready yet has none.
 */
export async function serveSearch(
  request: SearchRequest,
  service: ApiService,
  deadline: Deadline,
): Promise<ApiAnswer | Problem> {
  const { asker, query, limit, values } = request
  const { criteria, after } = request.search
  const { signal } = deadline
  if (query === undefined)
    await note(request, after === undefined ? undefined : 'a further page', service, signal)
  const patienceMs = Math.min(service.searchPatienceMs, PATIENCE_SHARE * deadline.patienceMs())
  using patience = limitTime(Math.max(0, patienceMs), signal)
  const wait = { caller: asker.actor, query, until: patience.signal }
  const end = await service.catalog.searchFor(criteria, { limit, after }, wait, signal)
  switch (end.kind) {
    case 'found':
      if (query !== undefined)
        await note(request, 'what a search has found that was begun before', service, signal)
      return answerPage(end.result, values)
    case 'searching':
      return answer(202, writeSearching(end.query, RETRY_AFTER_SECONDS), {
        'retry-after': String(RETRY_AFTER_SECONDS),
        ...addressHeader('location', changeQuery(values, { query: end.query }), (address) => address),
      })
    case 'too-wide':
      return { kind: 'search-too-wide', detail: end.detail }
    case 'unreadable':
      return { kind: 'index-damaged', detail: end.detail }
    case 'unknown-query':
      return {
        kind: 'unknown-search',
        detail:
          'begin it again, without query: it has failed or expired, or was begun by somebody else or for something else',
      }
  }
}

async function note(
  { asker, values, search: { criteria } }: SearchRequest,
  detail: string | undefined,
  { systems: { accessLog, clock, newId } }: ApiService,
  signal: AbortSignal,
): Promise<void> {
  const { workspaceId, recordingIds = [] } = criteria
  // The line names recordings in a place of its own.
  const { id: _, ...written } = writtenCriteria(values)
  const line = { ...asker, id: newId(), at: clock.now(), action: 'search' as const, detail }
  await accessLog.write({ ...line, workspaceId, recordingIds, criteria: written as JsonObject }, signal)
}

function answerPage(
  { rows, next, complete, reasons }: SearchResult,
  values: SearchRequest['values'],
): ApiAnswer {
  const cursor = next && writeCursor(next)
  return answer(200, writePage({ rows, next: cursor, complete, reasons }), {
    ...(cursor !== undefined &&
      addressHeader(
        'link',
        changeQuery(values, { cursor, query: undefined }),
        (address) => `<${address}>; rel="next"`,
      )),
  })
}

/**
 * A query alone, relative to the address that was asked (RFC 3986, 5.2.2): what stands in front of it, a stage or a custom
 * domain's mapping, nobody has to know. One too long for a header is left out; the body has what it is made of.
 */
function addressHeader(
  name: string,
  query: string,
  write: (address: string) => string,
): Readonly<Record<string, string>> {
  return query.length > MAX_ADDRESS_CHARACTERS ? {} : { [name]: write(`?${query}`) }
}
