import { EXIT } from './exit-codes.ts'
import { alignRows, count, printHint, printJson, printLine, printProblem, style } from './print.ts'

/** What became of one recording, or with a dry run would. */
export interface KeepResult {
  readonly recordingId: string
  /** Undefined where it is not known. */
  readonly workspaceId: string | undefined
  /** In a word or two: `held`. */
  readonly outcome: string
  readonly detail: string | undefined
  /** Whether a person has to look at it. */
  readonly isLeft: boolean
  /** Whether it is told although nothing is left to do: it may not be what was expected. */
  readonly isTold?: boolean
}

export interface KeepReport {
  /** In the order in which recordings were selected; those that were not begun are missing. */
  readonly results: readonly KeepResult[]
  /** How many were selected. */
  readonly all: number
  /** Why there may be more. */
  readonly reasons: readonly string[]
  readonly dryRun: boolean
  readonly json: boolean
}

/** Prints what a command came to. Returns the exit code: 0 if nothing is left to look at. */
export function reportKeep({ results, all, reasons, dryRun, json }: KeepReport): number {
  const counts = new Map<string, number>()
  for (const { outcome } of results) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const left = all - results.length
  if (json) {
    for (const { isLeft, isTold: _, ...result } of results) printJson({ ...result, ok: !isLeft })
    const summary = { recordings: all, dryRun, outcomes: Object.fromEntries(counts), left, reasons }
    printJson({ summary })
  } else {
    printLine(style('bold', count(all, 'recording')))
    const rows = [...counts, ...(left === 0 ? [] : [['not begun', left] as const])]
    if (rows.length > 0)
      for (const line of alignRows(rows.map(([name, number]) => [name, number.toLocaleString('en')])))
        printLine(line)
    for (const result of results.filter(({ isLeft, isTold }) => dryRun || isLeft || isTold))
      printLine(describe(result))
    if (dryRun) printHint('Nothing was changed.')
  }
  for (const reason of reasons) printProblem(`the search was not complete, there may be more: ${reason}`)
  if (all === 0 && reasons.length === 0) printHint('No recording found.')
  const isDone = all > 0 && left === 0 && reasons.length === 0 && !results.some(({ isLeft }) => isLeft)
  return isDone ? EXIT.done : EXIT.incomplete
}

function describe({ recordingId, outcome, detail, isLeft }: KeepResult): string {
  const id = isLeft ? style('yellow', recordingId) : recordingId
  return `  ${id}  ${outcome}${detail === undefined ? '' : `: ${detail}`}`
}
