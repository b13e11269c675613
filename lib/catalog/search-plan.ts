import { utcDay } from '../archive/keys.ts'
import { type CatalogDay, dropCovered, findReplaced } from './coverage.ts'
import { locationOf } from './segments.ts'
import type { Days, Extent } from './sql.ts'

/** The days of a workspace of which the bucket holds anything. */
export interface ListedDays {
  readonly days: readonly CatalogDay[]
  /** What lies there that is not read, and why rows may be missing. */
  readonly reasons: readonly string[]
  /** What was written before is in rows that a rebuild has written since. */
  readonly rebuiltFrom: Date | undefined
}

/** What Athena is to read, and what is known of it before it does. */
export interface SearchPlan extends Pick<ListedDays, 'reasons' | 'rebuiltFrom'> {
  /** Undefined where there is nothing to search in. */
  readonly extent: (Extent & { readonly days: Days }) | undefined
}

/** Days after today that the tables' partition projection has; infra/search.yml says the same. */
const DAYS_AHEAD = 2
const DAY_MS = 86_400_000
/** More loose days than this are not named one by one: then all segments of the days are read. */
const MAX_LOOSE_DAYS = 400
/** More files than this are not left out one by one. */
const MAX_LEFT_OUT = 100

/**
 * Narrows a search to what the bucket has: days that are not there cost nothing, segments are read of those days alone that
 * have some which no compact covers, and what Athena would not see is told.
 * @param tables where their objects lie, and the first day of their partition projection
 */
export function planSearch(
  { days, reasons, rebuiltFrom }: ListedDays,
  { workspaceId }: Pick<Extent, 'workspaceId'>,
  { bucket, firstDay }: { readonly bucket: string; readonly firstDay: string },
  now: Date,
): SearchPlan {
  const lastDay = utcDay(new Date(now.getTime() + DAYS_AHEAD * DAY_MS))
  const isSeen = ({ day }: CatalogDay): boolean => day >= firstDay && day <= lastDay
  const seen = days.filter(isSeen)
  const replaced = seen.flatMap(findReplaced)
  const isTooMany = replaced.length > MAX_LEFT_OUT
  const known = {
    rebuiltFrom,
    reasons: [
      ...reasons,
      ...days.filter((day) => !isSeen(day)).map(({ day }) => describeUnseen(day, firstDay, lastDay)),
      ...(isTooMany ? [describeMany(replaced.length, replaced[0]?.key ?? '')] : []),
    ],
  }
  const [first, last] = [seen.at(0)?.day, seen.at(-1)?.day]
  if (first === undefined || last === undefined) return { ...known, extent: undefined }
  const loose = seen.filter((day) => dropCovered(day).some(({ format }) => format === 'ndjson'))
  const looseDays = loose.length > MAX_LOOSE_DAYS ? undefined : loose.map(({ day }) => day)
  const leftOut = isTooMany ? [] : replaced.map((file) => locationOf(bucket, file))
  return { ...known, extent: { workspaceId, days: { first, last }, looseDays, leftOut } }
}

function describeMany(count: number, key: string): string {
  return `${count} objects among the compacts are not what was written there (${key}, …), and what they hold is among what is found: bird-archive catalog compact looks at them again, and names what is to be moved away`
}

function describeUnseen(day: string, firstDay: string, lastDay: string): string {
  return `recordings of ${day} are not looked at here, which knows ${firstDay} to ${lastDay}: bird-archive find reads them`
}
