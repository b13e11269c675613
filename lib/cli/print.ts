import { styleText } from 'node:util'
import { EXIT } from './exit-codes.ts'
import { printable, printableJson } from './printable.ts'

const STYLES = ['bold', 'dim', 'red', 'green', 'yellow', 'cyan'] as const
/** A colour or weight; shown on a terminal only, and not where NO_COLOR is set. */
type Style = (typeof STYLES)[number]

/** Writes one line of results for people. Nothing in it can steer the terminal, wherever it came from. */
export function printLine(line = ''): void {
  process.stdout.write(`${toPrint(line, process.stdout)}\n`)
}

/** Writes one JSON object as a line of results. */
export function printJson(value: object): void {
  printJsonText(JSON.stringify(value))
}

/** The same where it is text already. It is on one line. */
export function printJsonText(json: string): void {
  process.stdout.write(`${printableJson(json)}\n`)
}

/** Writes one record of CSV, just as it is; on a terminal, like any other line. */
export function printCsv(record: string): void {
  if (process.stdout.isTTY) printLine(record)
  else process.stdout.write(`${record}\n`)
}

/** Writes one line for people beside the results. Nothing in it can steer the terminal. */
export function printHint(line: string): void {
  process.stderr.write(`${toPrint(line, process.stderr)}\n`)
}

export function printProblem(line: string): void {
  printHint(`${styleText('red', 'bird-archive:', { stream: process.stderr })} ${line}`)
}

export function printFaults(title: string, faults: readonly string[]): void {
  printProblem(title)
  for (const fault of faults) printHint(`  · ${fault}`)
}

/** Styles text that is meant for stdout. */
export function style(format: Style | Style[], text: string): string {
  return styleText(format, text, { stream: process.stdout })
}

/** What {@link style} would write to this stream passes, and no other sequence. */
function toPrint(line: string, stream: NodeJS.WriteStream): string {
  return printable(line, (sequence) =>
    STYLES.some((each) => styleText(each, ' ', { stream }).split(' ').includes(sequence)),
  )
}

/**
 * Ends the program when its results cannot be written: quietly where their reader has left, as in `bird-archive … | head`. What had not
 * been written by then nobody has seen, so it is never the exit code of success.
 */
export function quitWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.cutOff)
    printProblem(
      `the results cannot be written on (${error.code ?? error.message}): free room, or send them elsewhere`,
    )
    process.exit(EXIT.incomplete)
  })
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes as people read them, in decimal units: `57.6 MB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power] ?? 'B'}`
}

/** Milliseconds as people read them: `0.4 s`, `12.3 s`, `4 min 05 s`, `15 h 52 min`. */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const minutes = Math.round(ms / 60_000)
  if (seconds >= 7_200) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

/** A count and its noun: `1 recording`, `3 recordings`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}

/** Rows of a name, a number and a remark, aligned; numbers to the right. Styling is up to the caller, after aligning. */
export function alignRows(
  rows: readonly (readonly [name: string, number: string, remark?: string])[],
): string[] {
  const names = Math.max(...rows.map(([name]) => name.length))
  const numbers = Math.max(...rows.map(([, number]) => number.length))
  return rows.map(([name, number, remark = '']) =>
    `  ${name.padEnd(names)}  ${numbers === 0 ? '' : `${number.padStart(numbers)}  `}${remark}`.trimEnd(),
  )
}

/** Rows of a table: the first and the last column to the left, numbers between them to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column === 0 || column === row.length - 1 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd(),
  )
}
