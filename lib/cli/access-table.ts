import type { AccessRecord } from '../retrieve/access.ts'
import { printCsv, printJson, printLine, style } from './print.ts'

/** Takes lines of the access log and prints them, at once or in the end. */
export interface AccessPrinter {
  add(this: void, record: AccessRecord): void
  end(this: void): void
}

export function printAccessJson(): AccessPrinter {
  return { add: printJson, end: () => undefined }
}

const CSV_COLUMNS = [
  'at',
  'action',
  'actor',
  'reason',
  'caseNumber',
  'via',
  'workspaceId',
  'recordingIds',
  'criteria',
  'detail',
  'id',
] as const

/** RFC 4180; several recordings of one line are parted by spaces. */
export function printAccessCsv(): AccessPrinter {
  printCsv(CSV_COLUMNS.join(','))
  return {
    add(record) {
      const cells: Record<(typeof CSV_COLUMNS)[number], string> = {
        ...record,
        at: record.at.toISOString(),
        reason: record.reason ?? '',
        caseNumber: record.caseNumber ?? '',
        recordingIds: record.recordingIds.join(' '),
        criteria: record.criteria === undefined ? '' : JSON.stringify(record.criteria),
        detail: record.detail ?? '',
      }
      printCsv(CSV_COLUMNS.map((column) => csvCell(cells[column])).join(','))
    },
    end: () => undefined,
  }
}

/** A text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection"). */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const WIDTHS = { time: 20, action: 16, actor: 14, what: 36, why: 20 } as const
/** What a line takes with two spaces between its columns, and some room for the reason. */
const ONE_LINE = Object.values(WIDTHS).reduce((sum, width) => sum + width + 2, -2)
const MAX_ACTOR = 24

/** How lines of the access log are laid out on a terminal. */
export interface AccessLayout {
  readonly head: readonly string[]
  lines(this: void, record: AccessRecord): readonly string[]
}

/**
 * One line each where there is room, the reason cut to fit; else three, of which nothing is cut: who and why are what the
 * log is for.
 * @param width of the terminal in characters; undefined where nobody cuts lines off
 */
export function layAccess(width: number | undefined): AccessLayout {
  if (width !== undefined && width < ONE_LINE)
    return {
      head: [],
      lines: (record) => [
        [writeTime(record), record.action, record.actor].join('  '),
        `    ${nameWhat(record)}`.trimEnd(),
        `    ${writeWhy(record)}`,
      ],
    }
  const row = (time: string, action: string, actor: string, what: string, why: string): string => {
    const line = [
      time.padEnd(WIDTHS.time),
      action.padEnd(WIDTHS.action),
      cut(actor, MAX_ACTOR).padEnd(WIDTHS.actor),
      what.padEnd(WIDTHS.what),
      why,
    ].join('  ')
    return (width === undefined ? line : cut(line, width)).trimEnd()
  }
  return {
    head: [row('when (UTC)', 'action', 'who', 'recording', 'why')],
    lines: (record) => [
      row(writeTime(record), record.action, shortenArn(record.actor), nameWhat(record), writeWhy(record)),
    ],
  }
}

/** A table whose lines come at once, so that a long log needs no memory. */
export function createAccessTable(): AccessPrinter {
  const { head, lines } = layAccess(process.stdout.columns)
  let isFirst = true
  return {
    add(record) {
      if (isFirst) for (const line of head) printLine(style('bold', line))
      isFirst = false
      for (const line of lines(record)) printLine(line)
    },
    end: () => undefined,
  }
}

function writeTime({ at }: AccessRecord): string {
  return at.toISOString().slice(0, 19).replace('T', ' ')
}

function writeWhy({ reason, caseNumber, detail }: AccessRecord): string {
  const parts = [
    reason ?? '(no reason)',
    caseNumber === undefined ? undefined : `[case ${caseNumber}]`,
    detail === undefined ? undefined : `(${detail})`,
  ]
  return parts.filter((part) => part !== undefined).join(' ')
}

/** All ARNs of an account begin alike; what tells people apart stands behind it: `assumed-role/Support/anna`. */
function shortenArn(actor: string): string {
  return actor.replace(/^arn:(?:[^:]*:){4}/, '')
}

function nameWhat({ recordingIds, criteria }: AccessRecord): string {
  const [only] = recordingIds
  if (only !== undefined) return recordingIds.length === 1 ? only : `${recordingIds.length} recordings`
  return criteria === undefined ? '' : cut(JSON.stringify(criteria), WIDTHS.what)
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}
