import type { Line } from '../../backfill/judge.ts'
import { isExplained, type Ledger } from '../../backfill/ledger.ts'
import { countAll, countLine, LINES } from '../../backfill/report.ts'
import { isClosed, windowNamed } from '../../backfill/window.ts'
import { count, style } from '../print.ts'
import type { DemoSweep } from './sweep.ts'

const NAMES: Readonly<Record<Line, string>> = {
  archived: 'archived',
  sent: 'sent to the queue',
  'not-yet': 'not yet available',
  'nothing-to-archive': 'with nothing to archive',
  'dead-lettered': 'dead-lettered',
  refused: 'refused',
}

/** The sweep for people: its lines that are not empty, how many days are attested, and why the others are not. */
export function describeSweep({ report, listed, ledgers, violations, finishedAt }: DemoSweep): string[] {
  const lines = LINES.filter((line) => countLine(report, line) > 0).map(
    (line) => `${countLine(report, line).toLocaleString('en')} ${NAMES[line]}`,
  )
  const reasons = ledgers.flatMap((ledger) =>
    ledger.attestation === null ? [explainUnattested(ledger, finishedAt)] : [],
  )
  const why = REASONS.flatMap((reason) => {
    const days = reasons.filter((each) => each === reason).length
    return days === 0 ? [] : [SENTENCES[reason](days)]
  })
  return [
    style('bold', violations.length === 0 ? 'Nothing is missing' : 'What a sweep over all days found'),
    `  ${count(listed.length, 'recording')} listed by Bird: ${lines.join(', ')}`,
    `  ${report.attested.size} of ${count(ledgers.length, 'day')} attested${why.length === 0 ? '' : ` (${why.join('; ')})`}`,
  ]
}

const REASONS = ['today', 'just-over', 'dead-letter', 'other'] as const
type Reason = (typeof REASONS)[number]

const SENTENCES: Readonly<Record<Reason, (days: number) => string>> = {
  today: () => 'today is not over',
  'just-over': () => 'yesterday has been over for less than an hour',
  'dead-letter': (days) =>
    days === 1 ? 'a dead letter lies in one' : `dead letters lie in ${days.toLocaleString('en')}`,
  other: (days) => `${days.toLocaleString('en')} for a reason that should not be`,
}

function explainUnattested({ window: name, open }: Ledger, now: Date): Reason {
  const window = windowNamed(name)
  if (window !== undefined && now < window.to) return 'today'
  if (window !== undefined && !isClosed(window, now)) return 'just-over'
  const unexplained = open.filter((entry) => !isExplained(entry))
  const isDead = unexplained.length > 0 && unexplained.every(({ line }) => line === 'dead-lettered')
  return isDead ? 'dead-letter' : 'other'
}

/** The sweep for programs. */
export function toSweepSummary({ report }: DemoSweep): {
  readonly recordings: number
  readonly lines: Readonly<Record<string, number>>
  readonly windows: number
  readonly attested: number
} {
  const lines = Object.fromEntries(LINES.map((line) => [line, countLine(report, line)]))
  return { recordings: countAll(report), lines, windows: report.windows, attested: report.attested.size }
}
