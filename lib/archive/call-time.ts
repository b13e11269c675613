/** RFC 3339, 5.6, less the leap second, which no `Date` holds. */
const DATE_TIME =
  /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i

/** Bird is younger; what is before it is a zero that somebody took for a time. */
const EARLIEST = new Date('2000-01-01T00:00:00Z')
const MAX_CLOCK_ERROR_MS = 86_400_000

/**
 * Reads when something of a call was, as Bird tells it: a date-time of RFC 3339 that names its zone, not before the year 2000
 * and not more than a day after `now`. On it hang the lock and the day of the catalog, so nothing is guessed. Returns what is
 * wrong with it as text, fit for a log.
 * @param now by what clock; left out, the future is not looked at
 */
export function readCallTime(text: string, now?: Date): Date | string {
  const day = DATE_TIME.exec(text)?.[1]
  if (day === undefined || !isRealDay(day)) return 'it is no date-time with its zone (RFC 3339)'
  const moment = new Date(text)
  if (moment < EARLIEST) return `${moment.toISOString()} is before the year 2000`
  if (now !== undefined && moment.getTime() > now.getTime() + MAX_CLOCK_ERROR_MS)
    return `${moment.toISOString()} lies in the future`
  return moment
}

/** `Date` takes 2026-02-30 for the second of March. */
function isRealDay(day: string): boolean {
  const moment = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(day)
}
