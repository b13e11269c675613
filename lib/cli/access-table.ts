import type { AccessRecord } from '../retrieve/access.ts'
import { printJson, printLine, style } from './print.ts'

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
  printLine(CSV_COLUMNS.join(','))
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
      printLine(CSV_COLUMNS.map((column) => csvCell(cells[column])).join(','))
    },
    end: () => undefined,
  }
}

/** A text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection"). */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const MIN_WIDTHS = { action: 16, actor: 14, what: 36 } as const
/** Columns in front of the reason: time, action, actor and the recording with two spaces behind each. */
const TIME_WIDTH = 20
const MAX_ACTOR = 24

/** A table whose lines come at once, so that a long log needs no memory; the reason is cut to fit the terminal. */
export function createAccessTable(): AccessPrinter {
  const width = process.stdout.columns
  let isFirst = true
  const row = (time: string, action: string, actor: string, what: string, why: string): string => {
    const line = [
      time.padEnd(TIME_WIDTH),
      action.padEnd(MIN_WIDTHS.action),
      cut(actor, MAX_ACTOR).padEnd(MIN_WIDTHS.actor),
      what.padEnd(MIN_WIDTHS.what),
      why,
    ].join('  ')
    return (width === undefined ? line : cut(line, width)).trimEnd()
  }
  return {
    add(record) {
      if (isFirst) printLine(style('bold', row('when (UTC)', 'action', 'who', 'recording', 'why')))
      isFirst = false
      const time = record.at.toISOString().slice(0, 19).replace('T', ' ')
      const why = [
        record.reason ?? '(no reason)',
        record.caseNumber === undefined ? undefined : `[case ${record.caseNumber}]`,
        record.detail === undefined ? undefined : `(${record.detail})`,
      ]
      printLine(
        row(
          time,
          record.action,
          record.actor,
          nameWhat(record),
          why.filter((part) => part !== undefined).join(' '),
        ),
      )
    },
    end: () => undefined,
  }
}

function nameWhat({ recordingIds, criteria }: AccessRecord): string {
  const [only] = recordingIds
  if (only !== undefined) return recordingIds.length === 1 ? only : `${recordingIds.length} recordings`
  return criteria === undefined ? '' : cut(JSON.stringify(criteria), MIN_WIDTHS.what)
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}
