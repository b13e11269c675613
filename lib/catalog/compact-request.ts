import * as v from 'valibot'
import type { Days } from './sql.ts'

const Day = v.optional(v.pipe(v.string(), v.isoDate('from and to must be days, such as 2024-03-01')))

const CompactRequest = v.strictObject({ compact: v.literal('all'), from: Day, to: Day })

/**
 * Reads a schedule's event: `{"compact": "all"}`, where wanted with the first day (`from`) and the first that is left out
 * (`to`). Today is left out in any case: its segments still come.
 * @param today UTC, as `YYYY-MM-DD`
 */
export function readCompactRequest(
  event: unknown,
  today: string,
): { ok: true; days: Days } | { ok: false; faults: readonly string[] } {
  const parsed = v.safeParse(CompactRequest, event)
  if (!parsed.success)
    return {
      ok: false,
      faults: parsed.issues.map(({ message }) => `the event {"compact": "all"} is expected: ${message}`),
    }
  const { from = '0001-01-01', to = today } = parsed.output
  return { ok: true, days: { first: from, last: dayBefore(to < today ? to : today) } }
}

function dayBefore(day: string): string {
  return new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)
}
