import {
  BYTES_PER_SECOND,
  estimate,
  type Plan,
  type PlannedDay,
  RECORDINGS_PER_SECOND,
} from '../backfill/plan.ts'
import type { BackfillEnd } from '../backfill/order.ts'
import { describeLeft } from './backfill-report.ts'
import { alignColumns, count, formatBytes, formatDuration, style } from './print.ts'

/** More days than these are shown by the month. */
const MOST_DAYS = 40

/** What a backfill would do, for people: by day, what it would take, and what a person has to look at. */
export function describePlan(plan: Plan, { report, why }: BackfillEnd): string[] {
  const byMonth = plan.days.size > MOST_DAYS
  const groups = new Map<string, PlannedDay[]>()
  for (const [name, day] of plan.days) {
    const group = byMonth ? name.slice(0, 7) : name
    groups.set(group, [...(groups.get(group) ?? []), day])
  }
  const { bytes, ms, dollars } = estimate(plan)
  const cost = dollars < 0.005 ? 'less than a cent' : `$${dollars.toFixed(2)}`
  return [
    style('bold', `Workspace ${report.workspaceId}`),
    ...alignColumns([
      [byMonth ? 'month' : 'day', 'to send', 'archived', 'sent', 'not yet', 'nothing', 'dead', 'refused', ''],
      ...[...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, days]) => rowOf(name, days)),
      rowOf('in all', [...plan.days.values()]),
    ]),
    '',
    `${style('bold', `${count(plan.toSend, 'recording')} would be sent`)}: about ${formatBytes(bytes)}, ${formatDuration(ms)} and ${cost}.`,
    `  Reckoned with ${(BYTES_PER_SECOND * 8) / 1000} kbit/s, ${RECORDINGS_PER_SECOND} recordings a second (two requests to Bird each), and us-east-1's prices without storage.`,
    'Nothing was sent, and nothing written.',
    ...(why === 'finished' ? [] : ['Not all of the time was looked at; a dry run begins anew each time.']),
    ...describeLeft(report),
  ]
}

function rowOf(name: string, days: readonly PlannedDay[]): string[] {
  const sum = (value: (day: PlannedDay) => number): string =>
    days.reduce((total, day) => total + value(day), 0).toLocaleString('en')
  const reasons = new Map<string, number>()
  for (const day of days)
    for (const [reason, number] of day.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + number)
  const lines = ['archived', 'sent', 'not-yet', 'nothing-to-archive', 'dead-lettered', 'refused'] as const
  return [
    name,
    sum(({ toSend }) => toSend),
    ...lines.map((line) => sum((day) => day.lines.get(line) ?? 0)),
    [...reasons].map(([reason, number]) => `${reason} ${number.toLocaleString('en')}`).join(', '),
  ]
}
