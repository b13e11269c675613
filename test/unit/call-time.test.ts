import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCallTime } from '../../lib/archive/call-time.ts'

const NOW = new Date('2026-03-09T12:00:00Z')

describe('a time of a call', () => {
  it.each([
    ['2026-03-09T10:00:00Z', '2026-03-09T10:00:00.000Z'],
    ['2026-03-09T10:00:00.123456789Z', '2026-03-09T10:00:00.123Z'],
    ['2026-03-09T10:00:00+05:30', '2026-03-09T04:30:00.000Z'],
    ['2026-03-09t10:00:00z', '2026-03-09T10:00:00.000Z'],
    ['2024-02-29T23:59:59-00:00', '2024-02-29T23:59:59.000Z'],
    ['2000-01-01T00:00:00Z', '2000-01-01T00:00:00.000Z'],
    ['2026-03-10T12:00:00Z', '2026-03-10T12:00:00.000Z'],
  ])('is read: %s', (text, iso) => {
    expect(readCallTime(text, NOW)).toEqual(new Date(iso))
  })

  it.each([
    'call 7',
    'yesterday',
    '7',
    '',
    '2026-03-09',
    '2026-03-09T10:00Z',
    '2026-03-09T10:00:00',
    '2026-03-09 10:00:00Z',
    '2026-02-29T10:00:00Z',
    '2026-02-30T10:00:00Z',
    '2026-13-01T10:00:00Z',
    '2026-03-09T24:00:00Z',
    '2026-03-09T23:59:60Z',
    '2026-03-09T10:00:00+24:00',
    '+002026-03-09T10:00:00Z',
    ' 2026-03-09T10:00:00Z',
    '2026-03-09T10:00:00Z\n',
    'Mon, 09 Mar 2026 10:00:00 GMT',
  ])('is not guessed out of %j', (text) => {
    expect(readCallTime(text, NOW)).toBe('it is no date-time with its zone (RFC 3339)')
  })

  it.each([
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z is before the year 2000'],
    ['2000-01-01T00:00:00+00:01', '1999-12-31T23:59:00.000Z is before the year 2000'],
    ['2026-03-10T12:00:00.001Z', '2026-03-10T12:00:00.001Z lies in the future'],
    ['2926-03-09T10:00:00Z', '2926-03-09T10:00:00.000Z lies in the future'],
  ])('is none that a call can have: %s', (text, reason) => {
    expect(readCallTime(text, NOW)).toBe(reason)
  })

  it('may lie in the future where there is no clock', () => {
    expect(readCallTime('2926-03-09T10:00:00Z')).toEqual(new Date('2926-03-09T10:00:00Z'))
  })

  it('is every moment that has been, however it is written', () => {
    const moment = fc.date({ min: new Date('2000-01-01T00:00:00Z'), max: NOW, noInvalidDate: true })
    fc.assert(
      fc.property(moment, (at) => {
        expect(readCallTime(at.toISOString(), NOW)).toEqual(at)
      }),
    )
  })

  it('is repeated only as far as it was understood', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(readCallTime(text, NOW)).toBe('it is no date-time with its zone (RFC 3339)')
      }),
    )
  })
})
