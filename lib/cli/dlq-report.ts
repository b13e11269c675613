import { redact } from '../errors.ts'
import { type DeadLetter, FAILED_TOO_OFTEN } from '../sqs/dead-letter.ts'
import { formatAge } from './dlq-filter.ts'
import { alignRows, count, style } from './print.ts'

/** What a person can do, by reason; docs/operations.md says more. */
const ADVICE: Readonly<Record<string, string>> = {
  [FAILED_TOO_OFTEN]: 'find the last recording.failed of each in the log, mend what it says, then redrive',
  'never-available': 'ask Bird what became of them, then redrive: NOT_READY_HOURS starts anew',
  conflict:
    'what is stored already is in the way: the detail says how; redriving changes nothing before that is mended',
  unprocessable: 'Bird knows no such recording: find out where the id comes from, then drop',
  'unreadable-message': 'mend the sender, enqueue what it meant, then drop',
}
const FOREIGN = 'this archiver gives no such reason: ask whoever sent them'

/** Moments in our own details, which have as many digits as a telephone number. */
const MOMENT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z)/

/** Makes what a message says of itself fit to be printed: on one line, without numbers, links, keys or control characters. */
export function showText(text: string): string {
  return text
    .replaceAll(/\p{C}+/gu, ' ')
    .split(MOMENT)
    .map((piece, at) => (at % 2 === 1 ? piece : redact(piece)))
    .join('')
}

/** What a letter is called by: its recording, or its message where none can be read. */
export function nameLetter({ recordingId, messageId }: DeadLetter): string {
  return recordingId ?? `message ${messageId}`
}

/** One letter for programs; what stands in for an unreadable body is `unreadable`. */
export function toJsonLetter(letter: DeadLetter): object {
  const { messageId, recordingId, workspaceId, reason, detail, firstSeenAt, sentAt, unreadable } = letter
  return {
    messageId,
    recordingId: recordingId ?? null,
    workspaceId: workspaceId ?? null,
    reason: showText(reason),
    detail: detail === undefined ? null : showText(detail),
    firstSeenAt: firstSeenAt?.toISOString() ?? null,
    sentAt: sentAt.toISOString(),
    ...(unreadable !== undefined && { unreadable }),
  }
}

/** How many letters there are of each reason, most first. */
export function countReasons(letters: readonly DeadLetter[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { reason } of letters) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const sorted = [...counts].toSorted(([, one], [, other]) => other - one)
  return Object.fromEntries(sorted.map(([reason, number]) => [showText(reason), number]))
}

/**
 * The letters for people, oldest first, then what to do about each reason.
 * @param columns of the terminal; Infinity where lines may be as long as they like
 */
export function describeLetters(letters: readonly DeadLetter[], now: Date, columns: number): string[] {
  if (letters.length === 0) return [style('bold', 'No dead letters.')]
  const sorted = letters.toSorted((one, other) => one.sentAt.getTime() - other.sentAt.getTime())
  const reasons = Object.entries(countReasons(letters))
  return [
    style('bold', count(letters.length, 'dead letter')),
    ...describeRows(sorted, now, columns),
    '',
    style('bold', 'What to do'),
    ...alignRows(reasons.map(([reason, number]) => [reason, String(number), ADVICE[reason] ?? FOREIGN])),
  ]
}

const REASON_WIDTH = 20
/** Below it a detail gets a line of its own. */
const DETAIL_MIN = 30

function describeRows(letters: readonly DeadLetter[], now: Date, columns: number): string[] {
  const rows = letters.map((letter) => ({
    name: letter.recordingId ?? '(no recording id)',
    reason: cut(showText(letter.reason), REASON_WIDTH),
    age: formatAge(now.getTime() - letter.sentAt.getTime()),
    detail: showDetail(letter),
  }))
  const widest = (texts: readonly string[]): number => Math.max(...texts.map(({ length }) => length))
  const names = widest(rows.map(({ name }) => name))
  const reasons = widest(rows.map(({ reason }) => reason))
  const ages = widest(rows.map(({ age }) => age))
  const room = columns - names - reasons - ages - 8
  return rows.flatMap(({ name, reason, age, detail }) => {
    const start = `  ${style('yellow', name.padEnd(names))}  ${reason.padEnd(reasons)}  ${age.padStart(ages)}`
    if (detail === '') return [start]
    return room < DETAIL_MIN ? [start, `    ${cut(detail, columns - 4)}`] : [`${start}  ${cut(detail, room)}`]
  })
}

function showDetail({ detail, unreadable }: DeadLetter): string {
  const body =
    unreadable === undefined
      ? []
      : [`a body of ${count(unreadable.bytes, 'byte')}, SHA-256 ${unreadable.sha256}`]
  return [...(detail === undefined ? [] : [showText(detail)]), ...body].join(' · ')
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`
}
