import { COLUMNS } from '../catalog/sql.ts'
import type { CatalogEntry } from '../catalog/entry.ts'

/** One column of the table: its title, its width, and what stands in it. */
type Column = readonly [title: string, width: number, cell: (entry: CatalogEntry) => string]

const TIME: readonly Column[] = [
  ['call (UTC)', 19, ({ created_at }) => created_at.slice(0, 19).replace('T', ' ')],
  ['length', 8, ({ duration_ms }) => writeLength(duration_ms).padStart(8)],
  ['', 3, ({ direction }) => DIRECTIONS[direction ?? ''] ?? ''],
]
const PARTIES: readonly Column[] = [
  ['from', 15, ({ from_number }) => from_number ?? 'withheld'],
  ['to', 15, ({ to_number }) => to_number ?? 'withheld'],
]
const CALL = [...TIME, ...PARTIES]
const RECORDING: Column = ['recording', 36, ({ recording_id }) => recording_id]
const FINDINGS: Column = ['findings', 8, ({ findings }) => findings.join(' ')]
const DIRECTIONS: Readonly<Record<string, string>> = { incoming: 'in', outgoing: 'out' }
const GAP = '  '

/** How rows are laid out on a terminal of this width: a recording in a line, or in two or three where that does not fit. */
export interface FindTable {
  readonly head: readonly string[]
  lines(this: void, entry: CatalogEntry): readonly string[]
}

/** @param width of the terminal in characters; undefined where nobody cuts lines off */
export function layTable(width: number | undefined): FindTable {
  const one = [...CALL, RECORDING, FINDINGS]
  const fit = (line: string): string => cut(line.trimEnd(), width)
  if (width === undefined || width >= widthOf([...CALL, RECORDING]) + GAP.length + FINDINGS[1])
    return { head: [fit(titles(one))], lines: (entry) => [fit(cells(one, entry))] }
  // Somebody will want to copy it: it stays whole, however narrow the terminal is.
  const indent = width >= 40 ? '    ' : ''
  const id = (entry: CatalogEntry): string => `${indent}${RECORDING[2](entry)}`
  if (width >= widthOf(CALL))
    return { head: [], lines: (entry) => [fit(cells([...CALL, FINDINGS], entry)), id(entry)] }
  return {
    head: [],
    lines: (entry) => [
      fit(cells([...TIME, FINDINGS], entry)),
      fit(`${indent}${cells(PARTIES, entry)}`),
      id(entry),
    ],
  }
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, [, width]) => sum + width, GAP.length * (columns.length - 1))
}

function titles(columns: readonly Column[]): string {
  return columns.map(([title, width]) => title.padEnd(width)).join(GAP)
}

function cells(columns: readonly Column[], entry: CatalogEntry): string {
  return columns.map(([, width, cell]) => cell(entry).padEnd(width)).join(GAP)
}

function cut(line: string, width: number | undefined): string {
  return width === undefined || line.length <= width ? line : `${line.slice(0, width - 1)}…`
}

/** `1:05`, `2:00:07`. */
function writeLength(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

export const CSV_HEAD = COLUMNS.join(',')

/** One record after RFC 4180; several findings are parted by spaces. */
export function toCsv(entry: CatalogEntry): string {
  return COLUMNS.map((column) => {
    const value = entry[column]
    return csvField(typeof value === 'object' ? (value ?? []).join(' ') : String(value))
  }).join(',')
}

/** A spreadsheet would take text with one of these in front for a formula (OWASP, "CSV Injection"). */
function csvField(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
