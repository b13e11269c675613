import { redact } from '../errors.ts'
import { numberOf } from './compact-counts.ts'
import { type CatalogDay, describeReplaced, findReplaced, isVouchedFor } from './coverage.ts'
import { isRewritten } from './rebuild.ts'
import type { FoundRow } from './rows.ts'
import { type ListedSegment, locationOf } from './segments.ts'

const NAMED = 5

/**
 * Says what Athena could not read of some days, and what to do. Where it did not name it, all is named that no compaction
 * vouches for.
 * @param said Athena's own words, which may hold anything
 */
export function describeUnreadable(said: string, days: readonly CatalogDay[]): string {
  const files = days.flatMap((day) => day.files)
  const named = files.filter(({ key }) => said.includes(key))
  // One key may be the beginning of another.
  const exact = named.filter(({ key }) => !named.some((file) => file.key !== key && file.key.startsWith(key)))
  const replaced = new Set(days.flatMap(findReplaced))
  if (exact.length > 0)
    return exact
      .map((file) => (replaced.has(file) ? describeReplaced(file) : describeBroken(file)))
      .join(' · ')
  const suspects = days.flatMap((day) =>
    day.files.filter((file) => file.format === 'parquet' && !isVouchedFor(file, day)),
  )
  if (suspects.length === 0) return `Athena cannot read something of the catalog: ${redact(said)}`
  const keys = suspects.slice(0, NAMED).map(({ key }) => key)
  const more = suspects.length > NAMED ? ` and ${suspects.length - NAMED} more` : ''
  return `Athena cannot read something of the catalog, and does not say what: look at ${keys.join(', ')}${more}, which no compaction vouches for`
}

/** How many lines of an object of the catalog are no rows. */
export interface BrokenLines {
  /** Where Athena says that it lies. */
  readonly location: string
  readonly lines: number
}

/**
 * Reads what counts them.
 * @throws StoreError where it counts nothing
 */
export function toBrokenLines(rows: readonly FoundRow[]): readonly BrokenLines[] {
  return rows.map((row) => ({ location: String(row['path']), lines: numberOf(row, 'lines') }))
}

/**
 * Says of which objects lines could not be read.
 * @param rebuiltFrom what was written before counts no more: a rebuild has written the rows of all sidecars since
 */
export function describeLines(
  broken: readonly BrokenLines[],
  {
    bucket,
    days,
    rebuiltFrom,
  }: {
    readonly bucket: string
    readonly days: readonly CatalogDay[]
    readonly rebuiltFrom: Date | undefined
  },
): readonly string[] {
  const files = new Map(days.flatMap((day) => day.files).map((file) => [locationOf(bucket, file), file]))
  const left = broken.filter(({ location }) => {
    const file = files.get(location)
    return file === undefined || !isRewritten(file, rebuiltFrom)
  })
  if (left.length === 0) return []
  const lines = left.reduce((sum, each) => sum + each.lines, 0)
  const keys = left
    .slice(0, NAMED)
    .map(({ location }) => location.slice(locationOf(bucket, { key: '' }).length))
  const more = left.length > NAMED ? ` and ${left.length - NAMED} more` : ''
  const what = lines === 1 ? '1 line of the catalog' : `${lines} lines of the catalog`
  return [
    `${what} cannot be read, in ${keys.join(', ')}${more}: bird-archive catalog rebuild writes the rows of all sidecars again`,
  ]
}

function describeBroken({ key }: ListedSegment): string {
  return `Athena cannot read ${key}: move it away, and have bird-archive catalog rebuild write the rows of all sidecars again`
}
