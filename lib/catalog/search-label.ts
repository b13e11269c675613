import { createHash } from 'node:crypto'
import * as v from 'valibot'
import type { Criteria } from './criteria.ts'
import type { Page } from './search.ts'
import type { SearchPlan } from './search-plan.ts'

/** What was known of a search when it was begun: its rows are of then, whatever is known when it is taken up again. */
export type Beginning = Pick<SearchPlan, 'reasons' | 'rebuiltFrom'>

/** A statement takes 262,144 bytes (Athena API Reference). */
const MAX_REASON_CHARACTERS = 20_000

/** What a search is known by again: it says nothing of what is looked for. */
export function digestSearch(caller: string, criteria: Criteria, page: Page): string {
  return createHash('sha256')
    .update(JSON.stringify([caller, criteria, page]))
    .digest('hex')
}

/**
 * Labels the statements of a search, in one line each. Whoever takes up the rows alone, without what tells whether they are all,
 * has not that search. What was known at the beginning is written in characters that mean nothing in SQL.
 */
export function writeLabels(digest: string, statements: number, beginning: Beginning): readonly string[] {
  const { rebuiltFrom } = beginning
  const notes = JSON.stringify([fit(beginning.reasons), rebuiltFrom?.toISOString() ?? null])
  return Array.from({ length: statements }, (_, at) => {
    const label = `${digest} ${at + 1} of ${statements}`
    return at === 0 ? `${label} ${Buffer.from(notes).toString('base64url')}` : label
  })
}

const Notes = v.tuple([v.array(v.string()), v.nullable(v.pipe(v.string(), v.isoTimestamp()))])

/** What was known when a search was begun; undefined where the labels are not those of the statements of this search, all of them. */
export function readLabels(labels: readonly (string | undefined)[], digest: string): Beginning | undefined {
  const [first = '', ...others] = labels
  const [, label, notes = ''] = /^(\S+ 1 of \d) (\S+)$/.exec(first) ?? []
  const isOurs = (found: string | undefined, at: number): boolean =>
    found === `${digest} ${at + 1} of ${labels.length}`
  if (![label, ...others].every(isOurs)) return undefined
  return readNotes(notes)
}

function readNotes(text: string): Beginning | undefined {
  try {
    const read = v.safeParse(Notes, JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    if (!read.success) return undefined
    const [reasons, rebuiltFrom] = read.output
    return { reasons, rebuiltFrom: rebuiltFrom === null ? undefined : new Date(rebuiltFrom) }
  } catch {
    return undefined
  }
}

/** As many as a statement takes: that there are more is never left out. */
function fit(reasons: readonly string[]): readonly string[] {
  let characters = 0
  const fitting = reasons.filter((reason) => (characters += reason.length) <= MAX_REASON_CHARACTERS)
  const more = reasons.length - fitting.length
  return more === 0 ? reasons : [...fitting, `and ${more} more: search fewer days at once`]
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const QUERY = new RegExp(`^${UUID}(?:\\.${UUID})?$`)

/** Ids of Athena's, of what was begun for one search; undefined where they are none. */
export function readQuery(text: string): readonly string[] | undefined {
  return QUERY.test(text) ? text.split('.') : undefined
}
