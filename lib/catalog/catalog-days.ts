import pLimit from 'p-limit'
import { utcDay } from '../archive/keys.ts'
import type { Sidecar } from '../archive/sidecar.ts'
import { ConfigurationError, StoreError } from '../errors.ts'
import type { Catalog, PatientCatalog } from './catalog.ts'
import type { Criteria } from './criteria.ts'
import { type CatalogEntry, toEntry } from './entry.ts'
import type { Page, SearchResult } from './search.ts'
import type { Days } from './sql.ts'

/** Reads a recording's sidecar; undefined where there is none, without `sidecar` where it is none of this recording. */
export type ReadSidecar = (
  workspaceId: string,
  recordingId: string,
  signal: AbortSignal,
) => Promise<{ readonly sidecar?: Sidecar | undefined } | undefined>

/** Where the rows of recordings that are looked for by their ids lie. */
interface KnownDays {
  /** UTC day of each recording of the workspace whose sidecar could be read. */
  readonly days: ReadonlyMap<string, string>
  /** Those whose sidecar lies in another workspace. */
  readonly elsewhere: readonly string[]
  /** Those of which no sidecar tells the day: they may be in any. */
  readonly unknown: readonly string[]
}

const READS_AT_ONCE = 32
const DAY_MS = 86_400_000

export interface KnownDaysOptions {
  readonly readSidecar: ReadSidecar
  /** All workspaces that the archive holds. */
  readonly workspaceIds: readonly string[]
  /** Makes a catalog of some ranges of days alone; of all that criteria ask for, if none are given. */
  readonly open: (ranges: readonly Days[] | undefined) => Catalog
  /** Told of recordings that no sidecar tells the day of: all of the workspace's catalog is searched for them. */
  readonly onUnknown?: ((workspaceId: string, recordingIds: readonly string[]) => void) | undefined
}

/** A catalog in which recordings that are looked for by their ids alone cost one GET each, and what lies on their days. */
export function createKnownDaysCatalog(options: KnownDaysOptions): Catalog {
  return {
    async search(criteria, page, signal) {
      const known = await findKnownDays(criteria, options.readSidecar, options.workspaceIds, signal)
      if (known === undefined) return await options.open(undefined).search(criteria, page, signal)
      const isNarrow = known.unknown.length === 0
      if (!isNarrow) options.onUnknown?.(criteria.workspaceId, known.unknown)
      const days = [...new Set(known.days.values())].map((day) => ({ first: day, last: day }))
      const result = await options.open(isNarrow ? days : undefined).search(criteria, page, signal)
      return withLost(result, criteria, page, known)
    },
  }
}

/** The same of a catalog that cannot be opened for some days alone: the search is narrowed to the days from the first to the last. */
export function createKnownDaysSearch(
  catalog: PatientCatalog,
  { readSidecar, workspaceIds }: Pick<KnownDaysOptions, 'readSidecar' | 'workspaceIds'>,
): PatientCatalog {
  return {
    async search(criteria, page, signal) {
      const known = await findKnownDays(criteria, readSidecar, workspaceIds, signal)
      if (isAllElsewhere(known)) return NOTHING
      const result = await catalog.search(narrow(criteria, known), page, signal)
      return withLost(result, criteria, page, known)
    },
    async searchFor(criteria, page, wait, signal) {
      const known = await findKnownDays(criteria, readSidecar, workspaceIds, signal)
      if (isAllElsewhere(known)) return { kind: 'found', result: NOTHING }
      const end = await catalog.searchFor(narrow(criteria, known), page, wait, signal)
      return end.kind === 'found'
        ? { kind: 'found', result: withLost(end.result, criteria, page, known) }
        : end
    },
  }
}

const NOTHING: SearchResult = { rows: [], next: undefined, complete: true, reasons: [] }

/** A recording belongs to one workspace. */
function isAllElsewhere(known: KnownDays | undefined): boolean {
  return known?.days.size === 0 && known.unknown.length === 0
}

/** What is archived never changes its day, so a search that is taken up again is narrowed as it was. */
function narrow(criteria: Criteria, known: KnownDays | undefined): Criteria {
  const days = [...(known?.days.values() ?? [])].toSorted()
  const [first, last] = [days.at(0), days.at(-1)]
  if (known === undefined || known.unknown.length > 0 || first === undefined || last === undefined)
    return criteria
  return { ...criteria, range: { from: new Date(first), to: new Date(Date.parse(last) + DAY_MS) } }
}

/** Tells on the last page what is archived and was not found. */
function withLost(
  result: SearchResult,
  criteria: Criteria,
  page: Page,
  known: KnownDays | undefined,
): SearchResult {
  if (known === undefined || page.after !== undefined || result.next !== undefined) return result
  const reasons = [...result.reasons, ...describeLost(criteria, known, result.rows)]
  return { ...result, reasons, complete: reasons.length === 0 }
}

/**
 * Asks the sidecars on which days the catalog has the recordings that the criteria name: one GET each, in place of all of
 * the catalog. A recording belongs to one workspace, so one whose sidecar lies in another is looked for there alone. A
 * sidecar that cannot be read says nothing.
 * @param workspaceIds all that the archive holds
 * @returns undefined where the criteria name no recordings, or narrow the days themselves
 */
async function findKnownDays(
  { workspaceId, recordingIds, range }: Criteria,
  readSidecar: ReadSidecar,
  workspaceIds: readonly string[],
  signal: AbortSignal,
): Promise<KnownDays | undefined> {
  if (recordingIds === undefined || range !== undefined) return undefined
  const limit = pLimit(READS_AT_ONCE)
  const read = async (place: string, id: string): Promise<Sidecar | undefined> => {
    try {
      return (await limit(() => readSidecar(place, id, signal)))?.sidecar
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof StoreError || error instanceof ConfigurationError) return undefined
      throw error
    }
  }
  const days = new Map<string, string>()
  const [elsewhere, unknown]: [string[], string[]] = [[], []]
  await Promise.all(
    recordingIds.map(async (id) => {
      const sidecar = await read(workspaceId, id)
      if (sidecar !== undefined) days.set(id, utcDay(new Date(toEntry(sidecar).created_at)))
      else if (await isElsewhere(id)) elsewhere.push(id)
      else unknown.push(id)
    }),
  )
  return { days, elsewhere, unknown }

  async function isElsewhere(id: string): Promise<boolean> {
    for (const place of workspaceIds)
      if (place !== workspaceId && (await read(place, id)) !== undefined) return true
    return false
  }
}

/**
 * Why rows of recordings that are archived are not among those that were found by their ids alone; empty where other
 * criteria may have left them out.
 */
function describeLost(
  criteria: Criteria,
  { days }: KnownDays,
  rows: readonly Pick<CatalogEntry, 'recording_id'>[],
): readonly string[] {
  const { workspaceId: _, recordingIds: __, ...others } = criteria
  if (Object.values(others).some((value) => value !== undefined)) return []
  const found = new Set(rows.map(({ recording_id: id }) => id))
  return [...days]
    .filter(([id]) => !found.has(id))
    .map(
      ([id, day]) =>
        `${id} is archived, but the catalog has no row of it on ${day}: bird-archive catalog rebuild writes it`,
    )
}
