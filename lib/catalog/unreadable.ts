import { redact } from '../errors.ts'
import { type CatalogDay, describeReplaced, findReplaced, isVouchedFor } from './coverage.ts'
import type { ListedSegment } from './segments.ts'

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

function describeBroken({ key }: ListedSegment): string {
  return `Athena cannot read ${key}: move it away, and have bird-archive catalog rebuild write the rows of all sidecars again`
}
