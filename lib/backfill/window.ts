/**
 * A stretch of time whose recordings are counted together: a whole UTC day, hour or minute, from its beginning up to, not
 * including, its end. A recording belongs to the window that holds its `createdAt`, so to exactly one of a size.
 */
export interface Window {
  /** `2024-03-01`, `2024-03-01T05` or `2024-03-01T0507`; sorts by time. */
  readonly name: string
  readonly size: Size
  readonly from: Date
  readonly to: Date
}

/** From its beginning up to, not including, its end. */
export interface Range {
  readonly from: Date
  readonly to: Date
}

type Size = 'day' | 'hour' | 'minute'

const LENGTH_MS = { day: 86_400_000, hour: 3_600_000, minute: 60_000 } as const
const NAME_LENGTH = { day: 10, hour: 13, minute: 15 } as const
const SMALLER = { day: 'hour', hour: 'minute', minute: undefined } as const

/**
 * Bird does not document whether `startAt` and `endAt` are inclusive, nor whether they mean `createdAt` or `startedAt`, which
 * is earlier or later by a little: more is asked for than the window, and what lies outside is told apart by `createdAt`.
 */
const OVERLAP_MS = { day: 3_600_000, hour: 600_000, minute: 60_000 } as const

/** A recording that was created before a window's end may come into the list a little later. */
const SETTLING_MS = 3_600_000

/**
 * The window of a size that holds a moment.
 * @throws RangeError outside of the years 0000 to 9999: their windows have no name that could be read again
 */
export function windowAt(moment: Date, size: Size): Window {
  const year = moment.getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`no window has a name in the year ${year}`)
  const lengthMs = LENGTH_MS[size]
  const from = new Date(Math.floor(moment.getTime() / lengthMs) * lengthMs)
  const name = from.toISOString().slice(0, 16).replace(/:/, '')
  return {
    name: name.slice(0, NAME_LENGTH[size]),
    size,
    from,
    to: new Date(from.getTime() + lengthMs),
  }
}

/** The window of a name; undefined for anything that is none. */
export function windowNamed(name: string): Window | undefined {
  const [, day = '', hour = '00', minute = '00'] = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(\d\d)?)?$/.exec(name) ?? []
  const moment = new Date(`${day}T${hour}:${minute}:00Z`)
  if (Number.isNaN(moment.getTime())) return undefined
  const window = windowAt(moment, name.length === 10 ? 'day' : name.length === 13 ? 'hour' : 'minute')
  return window.name === name ? window : undefined
}

/** The next smaller windows that make up this one; none for a minute. */
export function splitWindow(window: Window): readonly Window[] {
  const size = SMALLER[window.size]
  if (size === undefined) return []
  const count = LENGTH_MS[window.size] / LENGTH_MS[size]
  return Array.from({ length: count }, (_, index) =>
    windowAt(new Date(window.from.getTime() + index * LENGTH_MS[size]), size),
  )
}

/** What to ask Bird for, so that nothing of the window can be missing in the answer. */
export function queryOf(window: Window): { readonly startAt: Date; readonly endAt: Date } {
  const overlapMs = OVERLAP_MS[window.size]
  return {
    startAt: new Date(window.from.getTime() - overlapMs),
    endAt: new Date(window.to.getTime() + overlapMs),
  }
}

export function isWithin(moment: Date, { from, to }: Range): boolean {
  return moment.getTime() >= from.getTime() && moment.getTime() < to.getTime()
}

/** Whether no more recordings are to be expected in a window. */
export function isClosed(window: Range, now: Date): boolean {
  return now.getTime() >= window.to.getTime() + SETTLING_MS
}

/** The whole UTC days that a range touches. */
export function wholeDays({ from, to }: Range): Range {
  const last = new Date(Math.max(to.getTime() - 1, from.getTime()))
  return { from: windowAt(from, 'day').from, to: windowAt(last, 'day').to }
}

/** The days of a range, one after another. */
export function* daysOf(range: Range): Generator<Window, void, undefined> {
  for (let from = windowAt(range.from, 'day').from; from < range.to;) {
    const day = windowAt(from, 'day')
    yield day
    from = day.to
  }
}

export function countDays({ from, to }: Range): number {
  return Math.round((to.getTime() - from.getTime()) / LENGTH_MS.day)
}

/** The last `days` UTC days, the day of `now` included. */
export function lastDays(days: number, now: Date): Range {
  const { to } = windowAt(now, 'day')
  return { from: new Date(to.getTime() - days * LENGTH_MS.day), to }
}

export type ReadRange =
  | { readonly ok: true; readonly range: Range }
  | { readonly ok: false; readonly reason: string }

const DATE = /^\d{4}-\d\d-\d\d$/
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/

/** Days are told apart by their names, which have four digits for the year: before and after these nothing is looked for. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00Z')
const LAST_MS = Date.parse('9999-12-31T00:00:00Z')

/**
 * Reads two moments: UTC days (`2024-03-01`), or date-times that name their zone (RFC 3339). The range goes from the first
 * up to, not including, the second, which may be left out: then it is the end of today. Whatever of it lies before the year 0
 * or after the last day of 9999, in UTC, is left out.
 */
export function readRange(fromText: string, toText: string | undefined, now: Date): ReadRange {
  const [from, to] = [fromText.trim(), toText?.trim()]
  const [start, end] = [readMoment(from), to === undefined ? windowAt(now, 'day').to : readMoment(to)]
  if (start === undefined) return { ok: false, reason: notAMoment('--from', from) }
  if (end === undefined) return { ok: false, reason: notAMoment('--to', to ?? '') }
  if (start > now) return { ok: false, reason: `--from ${from} lies in the future` }
  if (start >= end)
    return {
      ok: false,
      reason: `--to ${to ?? end.toISOString()} is not after --from ${from}; the day of --to is the first that is left out`,
    }
  return { ok: true, range: { from: start, to: end } }
}

function readMoment(text: string): Date | undefined {
  if (!DATE.test(text) && !DATE_TIME.test(text)) return undefined
  const moment = new Date(text)
  // Date takes 2024-02-30 for the first of March.
  const isReal = !Number.isNaN(moment.getTime()) && isRealDay(text.slice(0, 10))
  return isReal ? new Date(Math.min(Math.max(moment.getTime(), FIRST_MS), LAST_MS)) : undefined
}

function isRealDay(day: string): boolean {
  const moment = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(day)
}

function notAMoment(option: string, text: string): string {
  return `${option} ${text.slice(0, 40)} is neither a day (2024-03-01, UTC) nor a date-time with its zone (2024-03-01T09:00:00+01:00)`
}
