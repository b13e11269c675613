import { StoreError } from '../errors.ts'
import type { CatalogDay } from './coverage.ts'
import type { FoundRow } from './rows.ts'
import type { ListedSegment } from './segments.ts'

export function byDay(rows: readonly FoundRow[]): ReadonlyMap<string, readonly FoundRow[]> {
  return Map.groupBy(rows, (row) => String(row['day']))
}

/** @throws StoreError where the row has no such number */
export function numberOf(row: FoundRow | undefined, column: string): number {
  const value = Number(row?.[column] ?? Number.NaN)
  if (!Number.isSafeInteger(value)) throw new StoreError(`Athena counted no ${column}`)
  return value
}

/** The files of a compact that Athena has written. */
export interface Written {
  readonly files: readonly ListedSegment[]
  readonly rows: number
}

/** What has come to a day that was not there when it was listed, and the table knows of. */
export function findWritten(
  day: CatalogDay,
  told: readonly FoundRow[],
  listed: readonly CatalogDay[],
): Written {
  const before = new Set(day.files.map(({ name }) => name))
  const now = new Map(listed.find((each) => each.day === day.day)?.files.map((file) => [file.name, file]))
  const files: ListedSegment[] = []
  let rows = 0
  for (const row of told) {
    const path = String(row['path'])
    const file = now.get(path.slice(path.lastIndexOf('/') + 1))
    if (file === undefined || before.has(file.name)) continue
    files.push(file)
    rows += numberOf(row, 'rows')
  }
  return { files: files.toSorted((one, other) => (one.name < other.name ? -1 : 1)), rows }
}
