import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import type { AthenaQueries } from './athena-queries.ts'
import type { PatientCatalog, SearchEnd, Wait } from './catalog.ts'
import type { Criteria } from './criteria.ts'
import type { CatalogEntry } from './entry.ts'
import { type FoundRow, toEntries } from './rows.ts'
import { cutPage, type Page } from './search.ts'
import { type Beginning, digestSearch, readLabels, readQuery, writeLabels } from './search-label.ts'
import { type ListedDays, planSearch, type SearchPlan } from './search-plan.ts'
import { type Days, daysOf, toStatement, toUnreadableStatement } from './sql.ts'
import { describeLines, describeUnreadable, toBrokenLines } from './unreadable.ts'

/** Lists what the bucket holds of some days, without reading it. */
export type ListDays = (workspaceId: string, days: Days, signal: AbortSignal) => Promise<ListedDays>

export interface AthenaCatalogOptions {
  readonly queries: AthenaQueries
  readonly listDays: ListDays
  readonly bucket: string
  /** The first day of the tables' partition projection. */
  readonly firstDay: string
  readonly clock: Clock
}

/** A search that Athena has: its rows, and where segments are read, what counts the lines of them that are none. */
interface Begun {
  readonly ids: readonly string[]
  readonly beginning: Beginning
}

/** Searches with Athena. The bucket is listed before a search begins, and not again when it is taken up. */
export function createAthenaCatalog(options: AthenaCatalogOptions): PatientCatalog {
  const { queries, listDays, bucket, clock } = options

  const list = (criteria: Criteria, signal: AbortSignal): Promise<ListedDays> =>
    listDays(criteria.workspaceId, daysOf(criteria), signal)

  const begin = async (
    asked: readonly [Criteria, Page],
    extent: NonNullable<SearchPlan['extent']>,
    beginning: Beginning,
    digest: string,
    signal: AbortSignal,
  ): Promise<Begun> => {
    const statements = [toStatement(...asked, extent)]
    if (extent.looseDays?.length !== 0) statements.push(toUnreadableStatement(extent))
    const labels = writeLabels(digest, statements.length, beginning)
    const ids: string[] = []
    try {
      for (const [at, statement] of statements.entries())
        ids.push(await queries.begin(statement, labels[at] ?? '', signal))
      return { ids, beginning }
    } catch (error) {
      // What it reads is paid for.
      await Promise.all(ids.map(queries.stop))
      throw error
    }
  }

  const takeUp = async (query: string, digest: string, signal: AbortSignal): Promise<Begun | undefined> => {
    const ids = readQuery(query)
    if (ids === undefined) return undefined
    const labels = await Promise.all(ids.map((id) => queries.labelOf(id, signal)))
    const beginning = readLabels(labels, digest)
    return beginning && { ids, beginning }
  }

  const explainLines = async (
    counted: readonly FoundRow[],
    criteria: Criteria,
    { rebuiltFrom }: Beginning,
    signal: AbortSignal,
  ): Promise<readonly string[]> => {
    if (counted.length === 0) return []
    const { days } = await list(criteria, signal)
    return describeLines(toBrokenLines(counted), { bucket, days, rebuiltFrom })
  }

  const searchFor: PatientCatalog['searchFor'] = async (criteria, page, { caller, query, until }, signal) => {
    const digest = digestSearch(caller, criteria, page)
    let begun: Begun | undefined
    if (query === undefined) {
      const { extent, ...beginning } = planSearch(
        await list(criteria, signal),
        criteria,
        options,
        clock.now(),
      )
      if (extent === undefined) return foundOf([], page, beginning.reasons)
      begun = await begin([criteria, page], extent, beginning, digest, signal)
    } else {
      begun = await takeUp(query, digest, signal)
      if (begun === undefined) return { kind: 'unknown-query' }
    }
    const { ids, beginning } = begun
    const states = await settleAll(ids.map((id) => queries.wait(id, until, signal)))
    const unread = states.find((state) => state.kind === 'unreadable')
    if (unread !== undefined)
      return {
        kind: 'unreadable',
        detail: describeUnreadable(unread.said, (await list(criteria, signal)).days),
      }
    const kinds = states.map(({ kind }) => kind)
    if (kinds.includes('too-wide')) return { kind: 'too-wide', detail: TOO_WIDE }
    if (kinds.includes('waiting')) return { kind: 'searching', query: ids.join('.') }
    const [search = '', counting] = ids
    const rows = await queries.rows(search, signal)
    const counted = counting === undefined ? [] : await queries.rows(counting, signal)
    if (rows === undefined || counted === undefined) {
      if (query !== undefined) return { kind: 'unknown-query' }
      throw new StoreError('search: Athena does not have what it has just found')
    }
    const reasons = [...beginning.reasons, ...(await explainLines(counted, criteria, beginning, signal))]
    if (query !== undefined && reasons.length > 0) reasons.push(BEGIN_AGAIN)
    return foundOf(toEntries(rows), page, reasons)
  }

  return {
    searchFor,
    async search(criteria, page, signal) {
      const wait: Wait = { caller: '', until: new AbortController().signal }
      const end: SearchEnd = await searchFor(criteria, page, wait, signal)
      if (end.kind === 'found') return end.result
      throw new StoreError(`search: ${'detail' in end ? end.detail : end.kind}`)
    },
  }
}

const TOO_WIDE =
  'more would have to be read than one search may: ask for fewer days, or raise searchScanGb of the deployment'
const BEGIN_AGAIN =
  'all this was so when the search was begun: where it has been mended since, begin it again'

function foundOf(rows: readonly CatalogEntry[], page: Page, reasons: readonly string[]): SearchEnd {
  return { kind: 'found', result: { ...cutPage(rows, page), complete: reasons.length === 0, reasons } }
}

/** Waits for all, also where one fails: what is given up is stopped. */
async function settleAll<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises)
  return await Promise.all(promises)
}
