import { redact } from '../errors.ts'
import { MAX_VALUE_CHARACTERS, type Parameters } from './parameters.ts'

/** What a query says, by names: at least one value each. */
export type Values = Readonly<Record<string, readonly string[]>>

const MAX_NAME_CHARACTERS = 40

/**
 * Reads a query string; what the address does not take is named, and no value is repeated.
 *
 * `rawQueryString` is read, not `queryStringParameters`: there API Gateway joins what is given several times with commas, and
 * "a,b" could have been one value. An unescaped `+` in front of a telephone number would be read as a blank, and the number
 * then as another one's, so there it stays what its writer meant.
 */
export function readQuery(
  rawQueryString: string,
  known: Parameters,
): { readonly values: Values; readonly faults: readonly string[] } {
  const given = new URLSearchParams(rawQueryString.replace(/(?<=(?:^|&)number=)\+/g, '%2B'))
  const faults: string[] = []
  const values: Record<string, readonly string[]> = {}
  for (const name of new Set(given.keys())) {
    const parameter = Object.hasOwn(known, name) ? known[name] : undefined
    if (parameter === undefined) {
      faults.push(`${quoteName(name)} is no parameter of this address`)
      continue
    }
    const all = given.getAll(name)
    const { most = 1 } = parameter
    if (all.length > most)
      faults.push(`${name} is given ${all.length} times: ${most === 1 ? 'once' : most} at most`)
    else if (all.some((value) => value.length > MAX_VALUE_CHARACTERS))
      faults.push(`${name} has more than ${MAX_VALUE_CHARACTERS} characters`)
    else values[name] = all
  }
  return { values, faults }
}

/** A name that somebody else has chosen, fit to be repeated: it is as foreign as a value. */
export function quoteName(name: string): string {
  return JSON.stringify(redact(name.slice(0, MAX_NAME_CHARACTERS)))
}

/**
 * The same query with other values in the place of some; undefined leaves one out. It is written as AWS signs it, so that whoever
 * follows it need not write it anew: in order, everything but unreserved characters escaped, blanks as %20
 * (IAM User Guide, "Create a signed AWS API request").
 */
export function changeQuery(values: Values, changes: Readonly<Record<string, string | undefined>>): string {
  const changed = Object.entries(changes).map(
    ([name, value]) => [name, value === undefined ? [] : [value]] as const,
  )
  return Object.entries({ ...values, ...Object.fromEntries(changed) })
    .flatMap(([name, all]) => all.map((value) => `${escape(name)}=${escape(value)}`))
    .toSorted()
    .join('&')
}

function escape(text: string): string {
  // An unpaired surrogate stands for no character, and would throw.
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
