import {
  type CountryCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
  type PhoneNumber,
} from 'libphonenumber-js/min'

/** Forms of digits in which a number may stand in the catalog, or why a text is no number. */
export type ReadNumber =
  | { readonly ok: true; readonly forms: readonly string[] }
  | {
      readonly ok: false
      readonly reason: string
      /** Whether it may be a number once its country is named. */
      readonly lacksCountry: boolean
    }

/** Extensions and short codes have their digits only, and mean the same everywhere in a company. */
const SHORT_MAX_DIGITS = 6
const MIN_DIGITS = 2
/** ITU-T E.164: 15 at most; a prefix for calls abroad comes in front. */
const MAX_DIGITS = 20

/** Whether numbers can be read as this country's (ISO 3166, two capital letters). */
export function isKnownCountry(country: string): boolean {
  return isSupportedCountry(country)
}

/**
 * Reads a telephone number in any common notation: `+49 30 123456`, `0049 30 123456`, `+49 (0)30 123456`; with a country
 * also `(030) 123 456`; bare digits as Bird writes them, `4930123456`. All notations of a number give the same forms.
 * Bare digits that are a number both here and abroad give the forms of both.
 * @param country to which a number without a country's code belongs: ISO 3166, two capital letters
 */
export function readNumber(text: string, country?: string): ReadNumber {
  const written = tidy(text)
  const digits = written.replace(/\D/g, '')
  if (digits.length < MIN_DIGITS || digits.length > MAX_DIGITS || /\p{L}/u.test(withoutExtension(written)))
    return { ok: false, reason: 'is not a telephone number, such as +49 30 123456', lacksCountry: false }
  const isBare = /^\d+$/.test(written)
  if (isBare && digits.length <= SHORT_MAX_DIGITS) return { ok: true, forms: [digits] }
  const forms = new Set(interpret(written, digits, isBare, country).flatMap(formsOf))
  if (isBare && !digits.startsWith('0')) forms.add(digits)
  if (forms.size > 0) return { ok: true, forms: [...forms] }
  if (/^(?:\+|00)/.test(written))
    return { ok: false, reason: 'is no number that can be called: is a digit missing?', lacksCountry: false }
  if (country === undefined)
    return {
      ok: false,
      reason: "has no country's code: write it as +49 30 123456",
      lacksCountry: true,
    }
  const reason = `is no number that can be called, neither in ${country} nor abroad`
  return { ok: false, reason, lacksCountry: false }
}

/**
 * The number without what only looks: forms of characters, marks that nobody sees and that come with whatever is copied from
 * a page or a contact (such as U+202A), brackets around the country's code.
 */
function tidy(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .trim()
    .replace(/^tel:/i, '')
    .replace(/^\(((?:\+|00)[\d ]+)\)/, '$1')
}

/** `12 34 56 ext. 7`, `… x7`: the extension is not part of what Bird calls. */
function withoutExtension(written: string): string {
  return written.replace(/[\s,;]*(?:ext(?:ension)?|x)\.?\s*\d{1,6}$/i, '')
}

function interpret(
  written: string,
  digits: string,
  isBare: boolean,
  country: string | undefined,
): PhoneNumber[] {
  if (written.startsWith('+')) return [parse(written)].filter((number) => number !== undefined)
  // Most of the world dials 00 for abroad; where it is something else (011, 0011), the country's rules know it.
  if (written.startsWith('00') && country === undefined)
    return [parse(`+${written.slice(2)}`)].filter((number) => number !== undefined)
  const here = country === undefined ? undefined : parse(written, country)
  const abroad = isBare && !digits.startsWith('0') ? parse(`+${digits}`) : undefined
  const both = [abroad, here].filter((number) => number !== undefined)
  const valid = both.filter((number) => number.isValid())
  return valid.length > 0 ? valid : both
}

function parse(text: string, country?: string): PhoneNumber | undefined {
  const number = parsePhoneNumberFromString(text, {
    extract: false,
    ...(country !== undefined && { defaultCountry: country as CountryCode }),
  })
  return number?.isPossible() === true ? number : undefined
}

/**
 * The digits of E.164, which is how Bird writes a number, and what else its digits can have been: dialled from abroad, or
 * from within the country. Neither can be taken for another country's number, for no country's code begins with 0.
 */
function formsOf(number: PhoneNumber): string[] {
  const e164 = number.number.slice(1)
  const national = number
    .formatNational()
    .replace(/[^\d]*(?:ext|x).*$/i, '')
    .replace(/\D/g, '')
  return [e164, `00${e164}`, ...(national.startsWith('0') && !e164.endsWith(national) ? [national] : [])]
}
