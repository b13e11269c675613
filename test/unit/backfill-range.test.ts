import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Range, readRange, wholeDays } from '../../lib/backfill/window.ts'

const NOW = new Date('2026-11-23T12:00:00.000Z')
const LATER = new Date('9000-01-01T00:00:00.000Z')
const FORMS = 'is neither a day (2024-03-01, UTC) nor a date-time with its zone (2024-03-01T09:00:00+01:00)'

function read(from: string, to?: string, now = NOW): Range {
  const result = readRange(from, to, now)
  if (!result.ok) throw new Error(result.reason)
  return result.range
}
function faultOf(from: string, to?: string): string {
  const result = readRange(from, to, NOW)
  return result.ok ? 'none' : result.reason
}

describe('a range', () => {
  it.each([
    ['2024-02-29', '2024-03-01', '2024-02-29T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    ['2023-12-31', '2024-01-01', '2023-12-31T00:00:00.000Z', '2024-01-01T00:00:00.000Z'],
    ['2000-02-29', '2000-03-01', '2000-02-29T00:00:00.000Z', '2000-03-01T00:00:00.000Z'],
    [
      '2024-03-01T09:00:00+01:00',
      '2024-03-01T09:00:00Z',
      '2024-03-01T08:00:00.000Z',
      '2024-03-01T09:00:00.000Z',
    ],
    ['2024-03-01T00:30+01:00', '2024-03-01', '2024-02-29T23:30:00.000Z', '2024-03-01T00:00:00.000Z'],
    ['2023-12-31T23:00-05:30', '2024-01-02', '2024-01-01T04:30:00.000Z', '2024-01-02T00:00:00.000Z'],
    // As they come from a table or a page.
    [' 2024-02-29 ', '2024-03-01\n', '2024-02-29T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    ['2024-03-01T09:00:00.5Z', '2024-03-02', '2024-03-01T09:00:00.500Z', '2024-03-02T00:00:00.000Z'],
    ['2024-03-01T09:00:00.123999Z', '2024-03-02', '2024-03-01T09:00:00.123Z', '2024-03-02T00:00:00.000Z'],
    // One millisecond is enough; so is a beginning of just now.
    ['2024-03-01', '2024-03-01T00:00:00.001Z', '2024-03-01T00:00:00.000Z', '2024-03-01T00:00:00.001Z'],
    ['2026-11-23T12:00:00Z', '2026-11-24', '2026-11-23T12:00:00.000Z', '2026-11-24T00:00:00.000Z'],
  ])('from %s to %s begins at %s and ends before %s', (from, to, start, end) => {
    expect(read(from, to)).toEqual({ from: new Date(start), to: new Date(end) })
  })

  it.each(['9999-12-31', '9999-12-31T23:59:59Z', '9999-12-31T23:59:59-05:00', '9999-12-31T00:00:00+14:00'])(
    'to %s has an end that sorts behind all days, and so do the whole days of it',
    (end) => {
      const range = read('2024-03-01', end)
      for (const { to } of [range, wholeDays(range)])
        expect(to.toISOString()).toMatch(/^9999-12-3[01]T\d\d:00:00\.000Z$/)
    },
  )

  it.each(['0000-01-01', '0000-01-01T00:00:00+14:00'])('from %s sorts before all days', (start) => {
    const range = read(start, '2024-03-01')
    for (const { from } of [range, wholeDays(range)])
      expect(from.toISOString()).toBe('0000-01-01T00:00:00.000Z')
  })

  it.each(['2026-11-01', '2026-11-23', '2026-11-23T12:00:00Z'])(
    'from %s without an end goes to the end of today',
    (from) => {
      expect(read(from)).toEqual({ from: new Date(from), to: new Date('2026-11-24T00:00:00.000Z') })
    },
  )

  it('means the same in whatever zone its moments are written', () => {
    const moments = fc.date({
      min: new Date('1970-01-02T00:00:00Z'),
      max: new Date('2999-12-30T00:00:00Z'),
      noInvalidDate: true,
    })
    const offsets = fc.integer({ min: -14 * 60, max: 14 * 60 })
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 1e12 }), offsets, offsets, (from, ms, one, other) => {
        const to = new Date(from.getTime() + ms)
        const zoned = read(write(from, one), write(to, other), LATER)
        expect(zoned).toEqual({ from, to })
        expect(zoned).toEqual(read(from.toISOString(), to.toISOString(), LATER))
        const days = wholeDays(zoned)
        expect(days.from <= from && to <= days.to).toBe(true)
      }),
    )
  })
})

describe('a moment is refused that', () => {
  it.each([
    ['is no day of the calendar', '2024-02-30'],
    ['is no day of the calendar, with a time', '2024-02-30T12:00:00Z'],
    ['is no day of the calendar, in a zone where it is another', '2024-02-30T00:30:00+01:00'],
    ['is a leap day of a year without one', '2023-02-29'],
    ['is a leap day of a century without one', '2100-02-29'],
    ['has a 13th month', '2024-13-01'],
    ['has a day 0', '2024-03-00'],
    ['has an hour 25', '2024-03-01T25:00:00Z'],
    ['has a minute 60', '2024-03-01T09:60:00Z'],
    ['has a second 60', '2024-03-01T09:00:60Z'],
    ['has a zone a day away', '2024-03-01T09:00:00+24:00'],
    ['names no zone', '2024-03-01T09:00:00'],
    ['has a zone without a colon', '2024-03-01T09:00:00+0100'],
    ['has a blank for the T', '2024-03-01 09:00:00Z'],
    ['has a day of one figure', '2024-3-1'],
    ['is only a month', '2024-03'],
    ['is only a year', '2024'],
    ['is a number', '1709251200000'],
    ['is written in words', 'yesterday'],
    ['is written as Americans do', '03/01/2024'],
    ['has something behind it', '2024-03-01Z'],
    ['has something in front of it', 'x2024-03-01'],
    ['is parted by a newline', '2024-03\n-01'],
    ['has a fraction without seconds', '2024-03-01T09:00.5Z'],
    ['is empty', ''],
  ])('%s: %j', (_, text) => {
    expect(faultOf(text, '2024-04-01')).toBe(`--from ${text} ${FORMS}`)
    expect(faultOf('2020-01-01', text)).toBe(`--to ${text} ${FORMS}`)
  })

  it('is longer than anybody means, of which no more than the beginning is repeated', () => {
    expect(faultOf('9'.repeat(5_000))).toBe(`--from ${'9'.repeat(40)} ${FORMS}`)
  })
})

describe('a range is refused that', () => {
  it.each([
    ['2024-03-02', '2024-03-01'],
    ['2024-03-01', '2024-03-01'],
    ['2024-03-01T09:00:00+01:00', '2024-03-01T08:00:00Z'],
    ['0000-01-01T00:00:00+02:00', '0000-01-01T00:00:00+01:00'],
  ])('does not end after it begins: %s to %s', (from, to) => {
    expect(faultOf(from, to)).toBe(
      `--to ${to} is not after --from ${from}; the day of --to is the first that is left out`,
    )
  })

  it.each([
    ['2026-11-23T12:00:00.001Z', undefined],
    ['2026-11-24', undefined],
    ['2026-11-24', '2026-12-01'],
    ['2027-01-01', undefined],
  ])('begins in the future: %s to %s', (from, to) => {
    expect(faultOf(from, to)).toBe(`--from ${from} lies in the future`)
  })

  it('has a bad end, although its beginning is good', () => {
    expect(faultOf('2024-03-01', 'now')).toBe(`--to now ${FORMS}`)
  })
})

/** A moment as a clock shows it that is `offset` minutes ahead of UTC. */
function write(moment: Date, offset: number): string {
  const local = new Date(moment.getTime() + offset * 60_000).toISOString().slice(0, -1)
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60]
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${local}${offset < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`
}
