import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isKnownCountry, readNumber } from '../../lib/catalog/phone-number.ts'

const BERLIN = ['4930123456', '004930123456', '030123456']

describe('one number, however it is written', () => {
  it.each([
    ['+49 30 123456', undefined],
    ['+49 (0)30 123456', undefined],
    ['+49-30-123.456', undefined],
    ['tel:+49-30-123456', undefined],
    ['0049 30 123456', undefined],
    ['0049 30 123456', 'DE'],
    ['011 49 30 123456', 'US'],
    ['+49 30 123456', 'US'],
    ['4930123456', undefined],
    ['4930123456', 'DE'],
    ['4930123456', 'US'],
    ['(030) 123 456', 'DE'],
    ['030/123456', 'DE'],
    ['030 123456', 'DE'],
    ['030 123456 ext. 12', 'DE'],
    ['\uff0b\uff14\uff19 30 123456', undefined],
    ['\u202a+49 30 123456\u202c', undefined],
    ['\u2068tel:+49\u00ad30\u200b123456\u2069', undefined],
    ['(+49) 30 123456', undefined],
    ['(0049) 30 123456', 'DE'],
  ])('%s in %s has the same forms', (text, country) => {
    expect(readNumber(text, country)).toEqual({ ok: true, forms: BERLIN })
  })

  it.each([
    ['(202) 555-0123', 'US'],
    ['202-555-0123', 'CA'],
    ['2025550123', 'US'],
    ['1-202-555-0123', 'US'],
    ['+1 202 555 0123', 'DE'],
    ['12025550123', 'DE'],
  ])('%s in %s, which has no digit in front to be left out abroad', (text, country) => {
    const read = readNumber(text, country)
    expect(read).toMatchObject({ ok: true, forms: expect.arrayContaining(['12025550123', '0012025550123']) })
  })

  it('is digits alone that Bird may have, too, where it is bare', () => {
    expect(readNumber('2025550123', 'US')).toEqual({
      ok: true,
      forms: ['12025550123', '0012025550123', '2025550123'],
    })
  })

  it('keeps the zero that belongs to it', () => {
    for (const text of ['+39 06 1234 5678', '390612345678', '0039 06 12345678'])
      expect(readNumber(text)).toEqual({ ok: true, forms: ['390612345678', '00390612345678'] })
  })

  it.each(['12', '110', '5678', '123456'])('%s is short, and only itself', (text) => {
    expect(readNumber(text, 'DE')).toEqual({ ok: true, forms: [text] })
    expect(readNumber(text)).toEqual({ ok: true, forms: [text] })
  })
})

describe('what is refused', () => {
  it.each(['', 'x', '+', '7', '1'.repeat(21), 'call 030 123456', "'; drop table", '030 123456 or 1=1'])(
    '%j is no number',
    (text) => {
      expect(readNumber(text, 'DE')).toEqual({
        ok: false,
        reason: 'is not a telephone number, such as +49 30 123456',
        lacksCountry: false,
      })
    },
  )

  it.each(['030 123456', '(030) 123456', '030123456', '(202) 555-0123'])(
    '%s, as long as nobody says of which country',
    (text) => {
      expect(readNumber(text)).toEqual({
        ok: false,
        reason: "has no country's code: write it as +49 30 123456",
        lacksCountry: true,
      })
    },
  )

  it.each([
    ['+1 202 555 018', undefined],
    ['+1 202 555 018', 'DE'],
    ['\u202a+1 202 555 018', undefined],
    ['001 202 555 018', undefined],
    ['(+1) 202 555 018', undefined],
    ['+999 123456', 'DE'],
  ])('%s in %s, which names its country and is too short, or of no country', (text, country) => {
    expect(readNumber(text, country)).toEqual({
      ok: false,
      reason: 'is no number that can be called: is a digit missing?',
      lacksCountry: false,
    })
  })

  it('a number that is none anywhere', () => {
    expect(readNumber('(202) 555 018', 'US')).toEqual({
      ok: false,
      reason: 'is no number that can be called, neither in US nor abroad',
      lacksCountry: false,
    })
  })
})

describe('any text', () => {
  it('gives forms of digits, or a reason that does not repeat it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: fc.constantFrom('0', '1', '4', '9', '+', '(', ')', '-', ' ') }),
        ),
        fc.constantFrom(undefined, 'DE', 'US', 'IT'),
        (text, country) => {
          const read = readNumber(text, country)
          const strange = read.ok
            ? read.forms.filter((form) => !/^\d{2,22}$/.test(form))
            : [read.reason].filter((reason) => !/^(?:is not? |has no )/.test(reason))
          expect(strange).toEqual([])
        },
      ),
    )
  })

  it('gives the same forms written as E.164, dialled from abroad and as bare digits', () => {
    const number = fc
      .tuple(fc.constantFrom('49', '44', '33', '31'), fc.integer({ min: 200_000_000, max: 799_999_999 }))
      .map(([code, rest]) => `${code}${rest}`)
    fc.assert(
      fc.property(number, (digits) => {
        const forms = readNumber(`+${digits}`)
        expect(readNumber(`00${digits}`)).toEqual(forms)
        expect(readNumber(digits)).toEqual(forms)
      }),
    )
  })
})

it('knows countries by their two capital letters', () => {
  expect(['DE', 'US', 'XX', 'de', ''].map(isKnownCountry)).toEqual([true, true, false, false, false])
})
