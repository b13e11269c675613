import * as v from 'valibot'
import type { RetentionMode, RetentionPolicy } from './archive/retention.ts'
import { isLoopback, type OriginPattern, parseOrigin } from './bird/redirect.ts'

/** One named setting: how its text is read, and the text that stands for it when it is not set. */
export const required = (name: string, hint: string) =>
  // A missing key has a message of valibot's own; and what is empty is looked at no further.
  v.pipe(v.optional(v.string(), ''), v.nonEmpty(`${name} is not set: ${hint}`), v.trim())

export const wholeNumber = (name: string, fallback: string, min: number, max: number) =>
  v.pipe(
    v.optional(v.string(), fallback),
    v.trim(),
    v.regex(/^\d{1,9}$/, `${name} must be a whole number from ${min} to ${max}`),
    v.transform(Number),
    v.check((value) => value >= min && value <= max, `${name} must be a whole number from ${min} to ${max}`),
  )

export const webUrl = (name: string, fallback: string) =>
  v.pipe(
    v.optional(v.string(), fallback),
    v.trim(),
    v.check((text) => URL.canParse(text), `${name} is not a URL`),
    v.transform((text) => new URL(URL.canParse(text) ? text : fallback)),
    v.check(
      (url) => url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)),
      `${name} must be https (plain http is allowed for this machine itself only)`,
    ),
    v.check(
      (url) => url.username === '' && url.password === '' && url.search === '' && url.hash === '',
      `${name} must hold no credentials, query or fragment`,
    ),
  )

export const origins = v.pipe(
  v.optional(v.string(), 'https://*.amazonaws.com'),
  v.transform((text) =>
    text
      .split(',')
      .filter((entry) => entry.trim() !== '')
      .map(parseOrigin),
  ),
  v.rawTransform(({ dataset, addIssue }) => {
    const good: OriginPattern[] = []
    for (const [index, origin] of dataset.value.entries()) {
      if (typeof origin === 'string') addIssue({ message: `MEDIA_ORIGINS: entry ${index + 1} ${origin}` })
      else good.push(origin)
    }
    if (dataset.value.length === 0)
      addIssue({ message: 'MEDIA_ORIGINS names no origin: leave it unset for https://*.amazonaws.com' })
    return good
  }),
)

export const queueUrl = (name: string, hint: string) =>
  v.pipe(
    required(name, hint),
    v.check(
      (text) => /^https?:\/\//i.test(text) && URL.canParse(text),
      `${name} is not a URL: it is the queue's URL, not its ARN or name`,
    ),
    v.check(
      (text) => !text.endsWith('.fifo'),
      `${name} is a FIFO queue, which can delay no single message: use a standard queue`,
    ),
  )

/** Yes or no; no if it is not set. */
export const flag = (name: string) =>
  v.pipe(
    v.optional(v.picklist(['true', 'false', '1', '0'], `${name} must be true or false`), 'false'),
    v.transform((text) => text === 'true' || text === '1'),
  )

/** The settings that retrieving alone looks at. */
export const RetrievalEnvironment = v.object({
  RETRIEVE_COUNTRY: v.optional(
    v.pipe(
      v.string(),
      v.trim(),
      v.regex(
        /^[A-Za-z]{2}$/,
        'RETRIEVE_COUNTRY must be the two letters of a country (ISO 3166), such as DE',
      ),
      v.toUpperCase(),
    ),
  ),
  RETRIEVE_REASON_REQUIRED: flag('RETRIEVE_REASON_REQUIRED'),
})

/** Where the search index is searched at scale: what infra/search.yml creates. */
export const CatalogEnvironment = v.object({
  CATALOG_DATABASE: v.pipe(
    required('CATALOG_DATABASE', "the name of the search index's database in Glue"),
    v.regex(/^[a-z0-9_]{1,252}$/, 'CATALOG_DATABASE must be lower-case letters, digits and underscores'),
  ),
  CATALOG_WORK_GROUP: v.pipe(
    required('CATALOG_WORK_GROUP', 'the work group of Athena that searches run in'),
    v.regex(/^[\w.-]{1,128}$/, 'CATALOG_WORK_GROUP must be letters, digits, dots, dashes and underscores'),
  ),
  CATALOG_FIRST_DAY: v.pipe(
    required('CATALOG_FIRST_DAY', "the first day (YYYY-MM-DD) of the tables' partition projection"),
    v.isoDate('CATALOG_FIRST_DAY must be a day, such as 2020-01-01'),
  ),
})

/** Values by name; what is empty is not set. */
export type Settings = Readonly<Record<string, string | undefined>>

export function settingsIn(environment: Settings): Settings {
  return Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  )
}

/** Names that begin like ours but are none of ours: a misspelt RETENTION_DAYS must not switch retention off silently. */
const OUR_PREFIXES = /^(?:BIRD|ARCHIVE|BACKFILL|CATALOG|RETENTION|RETRIEVE|MEDIA|NOT_READY)_/

/** A fault for each name that begins like ours and is none of `known`, of retrieving or of searching. */
export function misspeltIn(set: Settings, known: Readonly<Record<string, unknown>>): string[] {
  const elsewhere = { ...RetrievalEnvironment.entries, ...CatalogEnvironment.entries }
  return Object.keys(set)
    .filter((name) => OUR_PREFIXES.test(name) && !(name in known) && !(name in elsewhere))
    .map((name) => `${name} is not a setting of this program: is it misspelt?`)
}

/** Mode and days make sense together only. */
export function retentionFaultsIn(set: Settings): string[] {
  const mode = set['RETENTION_MODE'] ?? 'off'
  const retains = mode !== 'off'
  // Any other mode is a fault of its own, and repeated nowhere.
  if ((mode === 'GOVERNANCE' || mode === 'COMPLIANCE') && set['RETENTION_DAYS'] === undefined)
    return [`RETENTION_MODE is ${mode}, so RETENTION_DAYS must say for how many days from the call`]
  if (!retains && set['RETENTION_DAYS'] !== undefined)
    return [
      'RETENTION_DAYS is set, but RETENTION_MODE is off: set it to GOVERNANCE or COMPLIANCE, or remove RETENTION_DAYS',
    ]
  return []
}

export function toRetention(mode: 'off' | RetentionMode, days: number | undefined): RetentionPolicy {
  return mode === 'off' || days === undefined ? { mode: 'off' } : { mode, days }
}
