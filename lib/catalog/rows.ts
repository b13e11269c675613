import type { CatalogEntry } from './entry.ts'
import type { Parameter } from './sql.ts'

/** A row of a search, whatever engine it comes from: numbers and `findings` may be texts. */
export type FoundRow = Readonly<Record<string, unknown>>

/** Reads the rows of a search. `findings` is JSON; a number may come as Trino writes it, such as `9.05E4`. */
export function toEntries(rows: readonly FoundRow[]): CatalogEntry[] {
  return rows.map(
    (row) =>
      ({
        ...row,
        duration_ms: Number(row['duration_ms']),
        channels: row['channels'] === null ? null : Number(row['channels']),
        audio_bytes: Number(row['audio_bytes']),
        findings: JSON.parse(String(row['findings'])) as unknown,
      }) as CatalogEntry,
  )
}

/** Names the values of a result whose first line has the names of its columns; what is not there is null. */
export function toFoundRows(lines: readonly (readonly (string | undefined)[])[]): readonly FoundRow[] {
  const [names = [], ...rows] = lines
  return rows.map((row): FoundRow =>
    Object.fromEntries(names.map((name, at) => [name ?? '', row[at] ?? null])),
  )
}

/**
 * Writes a value for `ExecutionParameters`, each of which Athena reads as an SQL literal: text in single quotes, quotes in it
 * doubled. Source: Athena User Guide, "Use parameterized queries"; Trino's only escape in a text is the doubled quote.
 */
export function toExecutionParameter(value: Parameter): string {
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`
}
