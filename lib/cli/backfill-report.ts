import { digestOfWindows } from '../backfill/attest.ts'
import type { Line } from '../backfill/judge.ts'
import {
  type BirdCount,
  countAll,
  countLine,
  countUnexplained,
  isAttested,
  judgeCompleteness,
  LINES,
  type Report,
} from '../backfill/report.ts'
import { countDays, type Range } from '../backfill/window.ts'
import { alignRows, count, style } from './print.ts'

const NAMES: Readonly<Record<Line, string>> = {
  archived: 'archived',
  sent: 'sent',
  'not-yet': 'not yet',
  'nothing-to-archive': 'nothing to archive',
  'dead-lettered': 'dead-lettered',
  refused: 'refused',
}
/** What a line that is not empty asks for. */
const ADVICE: Readonly<Partial<Record<Line, string>>> = {
  sent: 'Sent ones are in the queue: sweep again when the archiver has had its time.',
  'not-yet': 'Not yet: Bird is not done with them; the next sweep looks again.',
  'dead-lettered': 'Dead letters: bird-archive dlq list says what to do about each reason.',
  refused: 'Refused: look at each by hand; the next sweep tries again.',
}
const MOST_SHOWN = 20
const MOST_SPANS = 6
const DAY_MS = 86_400_000

/** A range as people read it: `2024-01-01 up to, not including, 2024-07-01 (182 days, UTC)`. */
export function describeRange(range: Range): string {
  const day = (moment: Date): string => moment.toISOString().slice(0, 10)
  return `${day(range.from)} up to, not including, ${day(range.to)} (${count(countDays(range), 'day')}, UTC)`
}

/**
 * A report for people: the lines, what is attested, what is left and how sure it is that nothing is missing.
 * @param hasMore whether something else follows that asks for a person
 */
export function describeReport(report: Report, bird: BirdCount, hasMore = false): string[] {
  const advice = describeAdvice(report, hasMore)
  return [
    style('bold', `Workspace ${report.workspaceId}`),
    describeRange(report.range),
    '',
    ...describeLines(report),
    '',
    ...describeAttested(report),
    ...describeLeft(report),
    ...describeCompleteness(report, bird),
    ...(advice.length > 0 ? ['', ...advice] : []),
  ]
}

function describeLines(report: Report): string[] {
  const rows = LINES.map((line) => {
    const groups = [...(report.lines.get(line) ?? [])].toSorted(([, a], [, b]) => b.count - a.count)
    const reasons = groups
      .filter(([reason]) => line !== 'archived' && line !== 'sent' && reason !== line)
      .slice(0, 4)
      .map(([reason, group]) => `${reason} ${group.count.toLocaleString('en')}`)
    const oldest = groups.flatMap(([, group]) => group.oldest ?? []).toSorted((a, b) => +a - +b)[0]
    const since = oldest === undefined || line === 'nothing-to-archive' ? [] : [`since ${minute(oldest)}`]
    return [
      NAMES[line],
      countLine(report, line).toLocaleString('en'),
      [...reasons, ...since].join(', '),
    ] as const
  })
  const all = countAll(report).toLocaleString('en')
  return alignRows([...rows, ['in all', all, 'each in exactly one line']])
}

function minute(moment: Date): string {
  return moment.toISOString().slice(0, 16).replace('T', ' ')
}

function describeAttested(report: Report): string[] {
  const { attested, windows, unswept } = report
  if (isAttested(report))
    return [
      style('green', `Attested: every window (${windows.toLocaleString('en')}).`),
      `  digest ${digestOfWindows(attested)}`,
    ]
  // Of a day that was split, it may be parts.
  const days = [...new Set(unswept.map((name) => name.slice(0, 10)))]
  return [
    `Attested: ${attested.size.toLocaleString('en')} of ${count(windows, 'swept window')}.`,
    ...(days.length === 0 ? [] : [`Never swept: ${count(days.length, 'day')}, ${namesOf(days)}.`]),
  ]
}

/** Days as people name them: those in a row by the first and the last; not more than a few. */
function namesOf(days: readonly string[]): string {
  const spans: { readonly first: string; last: string }[] = []
  for (const day of days) {
    const span = spans.at(-1)
    if (span !== undefined && Date.parse(day) - Date.parse(span.last) === DAY_MS) span.last = day
    else spans.push({ first: day, last: day })
  }
  const shown = spans
    .slice(0, MOST_SPANS)
    .map(({ first, last }) => (first === last ? first : `${first} to ${last}`))
  return [...shown, ...(spans.length > MOST_SPANS ? ['…'] : [])].join(', ')
}

/** What a person has to look at, by name. */
export function describeLeft(report: Report): string[] {
  const { unexplained, unexplainedCount } = report
  const shown = unexplained.slice(0, MOST_SHOWN)
  const more = unexplainedCount - shown.length
  return [
    ...(shown.length > 0 ? ['', style('bold', 'To be looked at')] : []),
    ...shown.map(
      ({ recordingId, line, reason, window }) =>
        `  ${style('yellow', recordingId)}  ${NAMES[line]}: ${reason}  ${style('dim', window)}`,
    ),
    ...(more > 0 ? [`  … and ${more.toLocaleString('en')} more: --json names them`] : []),
    ...describeCutShort(report),
  ]
}

function describeCutShort({ cutShort }: Report): string[] {
  if (cutShort.size === 0) return []
  const shown = [...cutShort].slice(0, MOST_SHOWN)
  return [
    '',
    style('bold', 'Lists that did not come to their end'),
    ...shown.map(([window, reason]) => `  ${style('yellow', window)}  ${reason}`),
  ]
}

const MARKS = { yes: 'yes', no: 'NO ', unknown: '?  ' } as const

function describeCompleteness(report: Report, bird: BirdCount): string[] {
  const { sure, grounds } = judgeCompleteness(report, bird)
  // Of no window at all anything is true.
  const shown = report.windows > 0 ? grounds : grounds.filter(({ holds }) => holds !== 'yes')
  const verdict = sure
    ? style('green', 'Sure that no recording of this time is missing in this report:')
    : style('yellow', 'Not sure yet that no recording of this time is missing in this report:')
  return ['', verdict, ...shown.map(({ holds, text }) => `  ${MARKS[holds]}  ${text}`)]
}

function describeAdvice(report: Report, hasMore: boolean): string[] {
  const advice = LINES.filter((line) => countLine(report, line) > 0).flatMap((line) => ADVICE[line] ?? [])
  const { unswept, windows, attested } = report
  if (unswept.length > 0)
    return [...advice, 'Never swept: bird-archive backfill, with the same --from and --to, sweeps them.']
  const isAllSettled = !hasMore && advice.length === 0 && countUnexplained(report) === 0
  if (isAllSettled && attested.size < windows)
    return ['Nothing is left: what is not attested yet will be by a sweep an hour after its end, or later.']
  return advice
}
