import { createHash } from 'node:crypto'
import { utcDay } from '../archive/keys.ts'
import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import type { AthenaQueries } from './athena-queries.ts'
import type { PatientCatalog, SearchEnd, Wait } from './catalog.ts'
import { type CatalogDay, dropCovered, findReplaced } from './coverage.ts'
import type { Criteria } from './criteria.ts'
import { toEntries } from './rows.ts'
import { cutPage, type Page } from './search.ts'
import { locationOf } from './segments.ts'
import { type Days, daysOf, type Extent, toStatement, toUnreadableStatement } from './sql.ts'
import { type BrokenLines, describeLines, describeUnreadable, toBrokenLines } from './unreadable.ts'

/** The days of a workspace of which the bucket holds anything, and what lies there that is not read. */
export interface ListedDays {
  readonly days: readonly CatalogDay[]
  readonly reasons: readonly string[]
  /** What was written before is in rows that a rebuild has written since. */
  readonly rebuiltFrom: Date | undefined
}

export type ListDays = (workspaceId: string, days: Days, signal: AbortSignal) => Promise<ListedDays>

export interface AthenaCatalogOptions {
  readonly queries: AthenaQueries
  readonly listDays: ListDays
  readonly bucket: string
  /** The first day of the tables' partition projection. */
  readonly firstDay: string
  readonly clock: Clock
}

/** Days after today that the tables' partition projection has; infra/search.yml says the same. */
const DAYS_AHEAD = 2
const DAY_MS = 86_400_000
/** More loose days than this are not named one by one: then all segments of the days are read. */
const MAX_LOOSE_DAYS = 400
/** More files than this are not left out one by one. */
const MAX_LEFT_OUT = 100

/**
 * Searches with Athena. The bucket is listed first: days that are not there cost nothing, segments are read of those days
 * alone that have some which no compact covers, and what Athena would not see is told.
 */
export function createAthenaCatalog(options: AthenaCatalogOptions): PatientCatalog {
  const { queries } = options

  const begin = async (
    criteria: Criteria,
    page: Page,
    extent: PlannedExtent,
    label: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> => {
    const statements = [toStatement(criteria, page, extent)]
    if (extent.looseDays?.length !== 0) statements.push(toUnreadableStatement(extent))
    const labels = labelsOf(label, statements.length)
    const ids: string[] = []
    try {
      for (const [at, statement] of statements.entries())
        ids.push(await queries.begin(statement, labels[at] ?? label, signal))
      return ids
    } catch (error) {
      // What it reads is paid for.
      await Promise.all(ids.map(queries.stop))
      throw error
    }
  }

  const explain = async (said: string, criteria: Criteria, signal: AbortSignal): Promise<SearchEnd> => {
    const { days } = await options.listDays(criteria.workspaceId, daysOf(criteria), signal)
    return { kind: 'unreadable', detail: describeUnreadable(said, days) }
  }

  const explainLines = async (
    broken: readonly BrokenLines[],
    criteria: Criteria,
    rebuiltFrom: Date | undefined,
    signal: AbortSignal,
  ): Promise<readonly string[]> => {
    if (broken.length === 0) return []
    const { days } = await options.listDays(criteria.workspaceId, daysOf(criteria), signal)
    return describeLines(broken, { bucket: options.bucket, days, rebuiltFrom })
  }

  const searchFor: PatientCatalog['searchFor'] = async (criteria, page, wait, signal) => {
    const label = labelOf(wait.caller, criteria, page)
    const taken = wait.query === undefined ? undefined : readQuery(wait.query)
    if (wait.query !== undefined && !(taken && (await areOurs(taken, label, queries, signal))))
      return { kind: 'unknown-query' }
    const { extent, reasons, rebuiltFrom } = await planSearch(criteria, options, signal)
    if (extent === undefined)
      return { kind: 'found', result: { rows: [], next: undefined, complete: reasons.length === 0, reasons } }
    const ids = taken ?? (await begin(criteria, page, extent, label, signal))
    const [search = '', unreadable] = ids
    const states = await settleAll(ids.map((id) => queries.wait(id, wait.until, signal)))
    const unread = states.find((state) => state.kind === 'unreadable')
    if (unread !== undefined) return await explain(unread.said, criteria, signal)
    const kinds = states.map(({ kind }) => kind)
    if (kinds.includes('too-wide')) return { kind: 'too-wide', detail: TOO_WIDE }
    if (kinds.includes('waiting')) return { kind: 'searching', query: ids.join('.') }
    const rows = await queries.rows(search, signal)
    const broken = unreadable === undefined ? [] : await queries.rows(unreadable, signal)
    if (rows === undefined || broken === undefined) {
      if (taken !== undefined) return { kind: 'unknown-query' }
      throw new StoreError('search: Athena does not have what it has just found')
    }
    const faults = [...reasons, ...(await explainLines(toBrokenLines(broken), criteria, rebuiltFrom, signal))]
    return {
      kind: 'found',
      result: { ...cutPage(toEntries(rows), page), complete: faults.length === 0, reasons: faults },
    }
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

type PlannedExtent = Extent & { readonly days: Days }

interface Plan {
  /** Undefined where there is nothing to search in. */
  readonly extent: PlannedExtent | undefined
  readonly reasons: readonly string[]
  readonly rebuiltFrom: Date | undefined
}

async function planSearch(
  criteria: Criteria,
  { listDays, bucket, firstDay, clock }: AthenaCatalogOptions,
  signal: AbortSignal,
): Promise<Plan> {
  const { workspaceId } = criteria
  const listed = await listDays(workspaceId, daysOf(criteria), signal)
  const lastDay = utcDay(new Date(clock.now().getTime() + DAYS_AHEAD * DAY_MS))
  const isSeen = ({ day }: CatalogDay): boolean => day >= firstDay && day <= lastDay
  const unseen = listed.days.filter((day) => !isSeen(day))
  const reasons = [...listed.reasons, ...unseen.map(({ day }) => describeUnseen(day, firstDay, lastDay))]
  const seen = listed.days.filter(isSeen)
  const [first, last] = [seen.at(0)?.day, seen.at(-1)?.day]
  const { rebuiltFrom } = listed
  if (first === undefined || last === undefined) return { extent: undefined, reasons, rebuiltFrom }
  const loose = seen.filter((day) => dropCovered(day).some(({ format }) => format === 'ndjson'))
  const looseDays = loose.length > MAX_LOOSE_DAYS ? undefined : loose.map(({ day }) => day)
  const replaced = seen.flatMap(findReplaced)
  const extent = { workspaceId, days: { first, last }, looseDays }
  if (replaced.length > MAX_LEFT_OUT)
    return {
      extent,
      reasons: [...reasons, describeMany(replaced.length, replaced[0]?.key ?? '')],
      rebuiltFrom,
    }
  const leftOut = replaced.map((file) => locationOf(bucket, file))
  return { extent: { ...extent, leftOut }, reasons, rebuiltFrom }
}

function describeMany(count: number, key: string): string {
  return `${count} objects among the compacts are not what was written there (${key}, …), and what they hold is among what is found: bird-archive catalog compact looks at them again, and names what is to be moved away`
}

function describeUnseen(day: string, firstDay: string, lastDay: string): string {
  return `recordings of ${day} are not looked at here, which knows ${firstDay} to ${lastDay}: bird-archive find reads them`
}

/** Waits for all, also where one fails: what is given up is stopped. */
async function settleAll<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises)
  return await Promise.all(promises)
}

/** What a search is known by again: it says nothing of what is looked for. */
function labelOf(caller: string, criteria: Criteria, page: Page): string {
  return createHash('sha256')
    .update(JSON.stringify([caller, criteria, page]))
    .digest('hex')
}

/** Whoever takes up the rows alone, without what tells whether they are all, has not that search. */
function labelsOf(label: string, statements: number): readonly string[] {
  return Array.from({ length: statements }, (_, at) => `${label} ${at + 1} of ${statements}`)
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const QUERY = new RegExp(`^${UUID}(?:\\.${UUID})?$`)

/** Ids of Athena's, of what was begun for one search. */
function readQuery(text: string): readonly string[] | undefined {
  return QUERY.test(text) ? text.split('.') : undefined
}

async function areOurs(
  ids: readonly string[],
  label: string,
  queries: AthenaQueries,
  signal: AbortSignal,
): Promise<boolean> {
  const labels = labelsOf(label, ids.length)
  const ours = await Promise.all(ids.map((id, at) => queries.isLabelled(id, labels[at] ?? label, signal)))
  return ours.every(Boolean)
}
