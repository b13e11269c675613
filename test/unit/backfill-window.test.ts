import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  countDays,
  daysOf,
  isClosed,
  isWithin,
  lastDays,
  queryOf,
  splitWindow,
  wholeDays,
  type Window,
  windowAt,
  windowNamed,
} from '../../lib/backfill/window.ts'

const SIZES = ['day', 'hour', 'minute'] as const
const LENGTH_MS = { day: 86_400_000, hour: 3_600_000, minute: 60_000 }
const HOUR_MS = 3_600_000
/** Behind it no window has a name. */
const END_MS = Date.parse('9999-12-31T23:59:59.999Z') + 1

const at = (text: string): Date => new Date(text)
const range = (from: string, to: string) => ({ from: at(from), to: at(to) })
function named(name: string): Window {
  const window = windowNamed(name)
  if (window === undefined) throw new Error(`${name} is no window`)
  return window
}

/** Moments on both sides of 1970, leap days and turns of years among them, often right at a window's edge. */
const moments = fc
  .oneof(
    fc.date({ min: at('0002-01-01T00:00:00Z'), max: at('9998-12-31T23:59:59.999Z'), noInvalidDate: true }),
    fc.date({ min: at('2023-12-30T00:00:00Z'), max: at('2024-03-02T00:00:00Z'), noInvalidDate: true }),
  )
  .chain((date) => fc.constantFrom(...[1, 60_000, HOUR_MS, 86_400_000].map((unit) => roundTo(date, unit))))
  .chain((date) => fc.constantFrom(-1, 0, 1).map((ms) => new Date(date.getTime() + ms)))

function roundTo(date: Date, unitMs: number): Date {
  return new Date(Math.floor(date.getTime() / unitMs) * unitMs)
}

describe('the window that holds a moment', () => {
  it.each([
    ['2024-03-01T05:07:59.999Z', 'day', '2024-03-01', '2024-03-01T00:00Z', '2024-03-02T00:00Z'],
    ['2024-03-01T05:07:59.999Z', 'hour', '2024-03-01T05', '2024-03-01T05:00Z', '2024-03-01T06:00Z'],
    ['2024-03-01T05:07:59.999Z', 'minute', '2024-03-01T0507', '2024-03-01T05:07Z', '2024-03-01T05:08Z'],
    ['2024-03-01T00:00:00.000Z', 'day', '2024-03-01', '2024-03-01T00:00Z', '2024-03-02T00:00Z'],
    ['2024-02-29T23:59:59.999Z', 'day', '2024-02-29', '2024-02-29T00:00Z', '2024-03-01T00:00Z'],
    ['2023-12-31T23:59:59.999Z', 'hour', '2023-12-31T23', '2023-12-31T23:00Z', '2024-01-01T00:00Z'],
    ['1969-12-31T23:59:59.999Z', 'minute', '1969-12-31T2359', '1969-12-31T23:59Z', '1970-01-01T00:00Z'],
    ['2024-03-01T00:30:00+01:00', 'day', '2024-02-29', '2024-02-29T00:00Z', '2024-03-01T00:00Z'],
  ] as const)('of %s, a %s, is %s', (moment, size, name, from, to) => {
    expect(windowAt(at(moment), size)).toEqual({ name, size, from: at(from), to: at(to) })
    expect(windowNamed(name)).toEqual({ name, size, from: at(from), to: at(to) })
  })

  it('is found by its name again, is as long as its size says, and holds the moment', () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(...SIZES), (moment, size) => {
        const window = windowAt(moment, size)
        expect(isWithin(moment, window)).toBe(true)
        expect(window.to.getTime() - window.from.getTime()).toBe(LENGTH_MS[size])
        expect(windowNamed(window.name)).toEqual(window)
      }),
    )
  })

  it.each(['-000001-12-31T23:59:59.999Z', '+010000-01-01T00:00:00.000Z', '+012026-03-09T10:00:00.000Z'])(
    'has no name for %s, and is refused',
    (moment) => {
      for (const size of SIZES) expect(() => windowAt(at(moment), size)).toThrow(RangeError)
    },
  )

  it.each(['0000-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'])('has one still for %s', (moment) => {
    for (const size of SIZES)
      expect(windowNamed(windowAt(at(moment), size).name)).toEqual(windowAt(at(moment), size))
  })

  it('is the only one of its size: its neighbours begin where it ends, and do not hold the moment', () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(...SIZES), (moment, size) => {
        const window = windowAt(moment, size)
        const before = windowAt(new Date(window.from.getTime() - 1), size)
        const after = windowAt(window.to, size)
        expect([before.to, after.from]).toEqual([window.from, window.to])
        expect([before, after].map((other) => isWithin(moment, other))).toEqual([false, false])
      }),
    )
  })

  it('has a name that sorts by time among those of its size', () => {
    fc.assert(
      fc.property(moments, moments, fc.constantFrom(...SIZES), (one, other, size) => {
        const [a, b] = [windowAt(one, size), windowAt(other, size)]
        expect(Math.sign(a.name < b.name ? -1 : a.name > b.name ? 1 : 0)).toBe(
          Math.sign(a.from.getTime() - b.from.getTime()),
        )
      }),
    )
  })
})

describe('a name of no window', () => {
  it.each([
    ['too short or too long', ['', '2024', '2024-03', '2024-03-01T', '2024-03-01T5', '2024-03-01T05070']],
    ['no day of the calendar', ['2024-02-30', '2023-02-29', '2024-13-01', '2024-00-01', '2024-03-00']],
    ['no time of the day', ['2024-03-01T24', '2024-03-01T2400', '2024-03-01T0560']],
    ['written otherwise', ['2024-3-1', '2024-03-01T05:07', '2024-03-01T0507Z', '+010000-01', 'recent']],
    ['framed by something', [' 2024-03-01', '2024-03-01\n', 'x2024-03-01', '2024-03-01.json']],
  ])('is refused that is %s: %j', (_, names) => {
    expect(names.map(windowNamed)).toEqual(names.map(() => undefined))
  })

  it('is told from the names of windows, whatever the text', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^\d{4}-\d\d-\d\d(?:T\d{0,5})?$/))
    fc.assert(fc.property(texts, (text) => [text, undefined].includes(windowNamed(text)?.name)))
  })
})

describe('the parts of a window', () => {
  it.each([
    ['2024-03-01', 24, '2024-03-01T00', '2024-03-01T23'],
    ['2024-03-01T05', 60, '2024-03-01T0500', '2024-03-01T0559'],
  ])('of %s are %i, from %s to %s', (name, count, first, last) => {
    const names = splitWindow(named(name)).map((part) => part.name)
    expect([names.length, names[0], names.at(-1)]).toEqual([count, first, last])
  })

  it('are none for a minute', () => {
    expect(splitWindow(named('2024-03-01T0507'))).toEqual([])
  })

  it('follow one another from its beginning to its end, in order of time and of name', () => {
    fc.assert(
      fc.property(moments, fc.constantFrom('day', 'hour'), (moment, size) => {
        const window = windowAt(moment, size)
        const parts = splitWindow(window)
        expect(parts[0]?.from).toEqual(window.from)
        expect(parts.at(-1)?.to).toEqual(window.to)
        expect(parts.slice(1).map(({ from }) => from)).toEqual(parts.slice(0, -1).map(({ to }) => to))
        expect(parts.map(({ name }) => name)).toEqual(parts.map(({ name }) => name).toSorted())
        expect(parts.filter((part) => isWithin(moment, part))).toHaveLength(1)
      }),
    )
  })
})

describe('what Bird is asked for', () => {
  it.each([
    ['2024-03-01', '2024-02-29T23:00:00Z', '2024-03-02T01:00:00Z'],
    ['2024-03-01T05', '2024-03-01T04:50:00Z', '2024-03-01T06:10:00Z'],
    ['2024-03-01T0507', '2024-03-01T05:06:00Z', '2024-03-01T05:09:00Z'],
  ])('is more than the window %s: from %s to %s', (name, startAt, endAt) => {
    expect(queryOf(named(name))).toEqual({ startAt: at(startAt), endAt: at(endAt) })
  })

  it('is always more than the window on either side', () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(...SIZES), (moment, size) => {
        const window = windowAt(moment, size)
        const { startAt, endAt } = queryOf(window)
        expect(startAt < window.from && window.to < endAt).toBe(true)
      }),
    )
  })
})

describe('a window', () => {
  it('goes from its beginning up to, not including, its end', () => {
    const day = named('2024-03-01')
    expect(isWithin(day.from, day)).toBe(true)
    expect(isWithin(new Date(day.from.getTime() - 1), day)).toBe(false)
    expect(isWithin(new Date(day.to.getTime() - 1), day)).toBe(true)
    expect(isWithin(day.to, day)).toBe(false)
  })

  it('is closed an hour after its end, not a millisecond sooner', () => {
    const day = named('2024-03-01')
    expect(isClosed(day, at('2024-03-02T00:59:59.999Z'))).toBe(false)
    expect(isClosed(day, at('2024-03-02T01:00:00.000Z'))).toBe(true)
  })
})

describe('the days of a range', () => {
  it.each([
    ['2024-02-28T12:00:00Z', '2024-03-01T00:00:00Z', ['2024-02-28', '2024-02-29']],
    ['2024-02-28T12:00:00Z', '2024-03-01T00:00:00.001Z', ['2024-02-28', '2024-02-29', '2024-03-01']],
    ['2023-12-31T23:59:59.999Z', '2024-01-01T00:00:00.001Z', ['2023-12-31', '2024-01-01']],
    ['2024-03-01T05:00:00Z', '2024-03-01T05:00:00.001Z', ['2024-03-01']],
  ])('from %s up to %s are %j', (from, to, names) => {
    expect([...daysOf(range(from, to))].map(({ name }) => name)).toEqual(names)
    const whole = wholeDays(range(from, to))
    expect([...daysOf(whole)].map(({ name }) => name)).toEqual(names)
    expect(countDays(whole)).toBe(names.length)
  })

  it('are those of a moment where both ends are the same', () => {
    const moment = at('2024-03-01T00:00:00Z')
    expect(wholeDays({ from: moment, to: moment })).toEqual(range('2024-03-01', '2024-03-02'))
  })

  it('follow one another without a gap, and hold every moment of the range', () => {
    const spans = fc.integer({ min: 1, max: 400 * LENGTH_MS.day })
    fc.assert(
      fc.property(moments, spans, fc.double({ min: 0, max: 1, noNaN: true }), (from, spanMs, where) => {
        const to = new Date(Math.min(from.getTime() + spanMs, END_MS))
        fc.pre(from < to)
        const whole = { from, to }
        const within = new Date(from.getTime() + Math.floor(where * (to.getTime() - from.getTime() - 1)))
        const days = [...daysOf(whole)]
        expect(days.filter((day) => isWithin(within, day))).toEqual([windowAt(within, 'day')])
        expect(days.slice(1).map((day) => day.from)).toEqual(days.slice(0, -1).map((day) => day.to))
        expect(wholeDays(whole)).toEqual({ from: days[0]?.from, to: days.at(-1)?.to })
        expect(countDays(wholeDays(whole))).toBe(days.length)
      }),
    )
  })
})

it('days go on to the last that has a name', () => {
  expect([...daysOf(range('9999-12-30', '9999-12-31T12:00:00Z'))].map(({ name }) => name)).toEqual([
    '9999-12-30',
    '9999-12-31',
  ])
})

describe('the last days', () => {
  it.each([
    [1, '2024-03-01T00:00:00Z', '2024-03-01', '2024-03-02'],
    [3, '2024-03-01T23:59:59.999Z', '2024-02-28', '2024-03-02'],
    [366, '2024-12-31T12:00:00Z', '2024-01-01', '2025-01-01'],
  ])('%i at %s go from %s up to %s', (days, now, from, to) => {
    expect(lastDays(days, at(now))).toEqual(range(from, to))
  })
})
