import { utcDay } from '../archive/keys.ts'
import type { Criteria } from './criteria.ts'
import type { CatalogEntry } from './entry.ts'
import { MAX_PAGE_ROWS, type Page } from './search.ts'

/** An SQL text, and what stands in the places of its question marks, in their order. */
export interface Statement {
  readonly text: string
  readonly parameters: readonly Parameter[]
}

export type Parameter = string | number

/** Days of a catalog, both inclusive, as `YYYY-MM-DD`. */
export interface Days {
  readonly first: string
  readonly last: string
}

/** All columns of a row, in their order; the table has `workspace` and `day` beside them. */
export const COLUMNS = [
  'recording_id',
  'workspace_id',
  'created_at',
  'started_at',
  'ended_at',
  'source',
  'source_id',
  'conference_id',
  'channel_id',
  'direction',
  'from_number',
  'to_number',
  'duration_ms',
  'channels',
  'findings',
  'audio_key',
  'audio_bytes',
  'audio_sha256',
  'audio_version_id',
  'retain_until',
  'archived_at',
] as const satisfies readonly (keyof CatalogEntry)[]

const ALL_DAYS: Days = { first: '0000-01-01', last: '9999-12-31' }

/** The days that hold what the criteria ask for: the only ones that have to be read. */
export function daysOf({ range }: Pick<Criteria, 'range'>): Days {
  if (range === undefined) return ALL_DAYS
  return { first: utcDay(range.from), last: utcDay(new Date(range.to.getTime() - 1)) }
}

/**
 * Writes the search for one page, with one row more to see whether another page follows: one text for DuckDB and for
 * Athena. Every value is a parameter, and stands in a WHERE clause, the only place where Athena takes one (Athena User
 * Guide, "Use parameterized queries"); the rest of the text is made of this file's own words.
 *
 * Times are ISO 8601 in UTC, so their order is that of their letters. Several rows of a recording say the same, and the
 * one that was archived first stands for them. `contains` and `cardinality` are Trino's; DuckDB has the former and is
 * given the latter as a macro.
 */
export function toStatement(criteria: Criteria, { limit, after }: Page): Statement {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_PAGE_ROWS)
    throw new RangeError(`a page has 1 to ${MAX_PAGE_ROWS} rows, not ${limit}`)
  const conditions = conditionsOf(criteria, after?.createdAt)
  const columns = COLUMNS.join(', ')
  const place: Condition =
    after === undefined
      ? ['copy = 1']
      : [
          'copy = 1 and (created_at < ? or (created_at = ? and recording_id > ?))',
          after.createdAt,
          after.createdAt,
          after.recordingId,
        ]
  const text = `select ${columns}
from (
  select ${columns}, row_number() over (partition by recording_id order by archived_at) as copy
  from catalog
  where ${conditions.map(([condition]) => condition).join('\n    and ')}
) as found
where ${place[0]}
order by created_at desc, recording_id
limit ${limit + 1}`
  return { text, parameters: [...conditions, place].flatMap(([, ...values]) => values) }
}

/** A condition and the values for its question marks. */
type Condition = readonly [condition: string, ...values: Parameter[]]

function conditionsOf(criteria: Criteria, before: string | undefined): readonly Condition[] {
  const { range, sourceId, numbers, channelId, direction, findings } = criteria
  const { first, last } = daysOf(criteria)
  // What comes after a page is older than its last row.
  const lastDay = before === undefined || before.slice(0, 10) > last ? last : before.slice(0, 10)
  const conditions: (Condition | undefined)[] = [
    ['workspace = ?', criteria.workspaceId],
    ['day between ? and ?', first, lastDay],
    range && ['created_at >= ? and created_at < ?', range.from.toISOString(), range.to.toISOString()],
    criteria.recordingIds && isOneOf('recording_id', criteria.recordingIds),
    sourceId === undefined ? undefined : ['(source_id = ? or conference_id = ?)', sourceId, sourceId],
    numbers && either(isOneOf('from_number', numbers), isOneOf('to_number', numbers)),
    channelId === undefined ? undefined : ['channel_id = ?', channelId],
    direction === undefined ? undefined : ['direction = ?', direction],
    criteria.minDurationMs === undefined ? undefined : ['duration_ms >= ?', criteria.minDurationMs],
    criteria.maxDurationMs === undefined ? undefined : ['duration_ms <= ?', criteria.maxDurationMs],
    findings === undefined ? undefined : findingCondition(findings),
  ]
  return conditions.filter((condition) => condition !== undefined)
}

function isOneOf(column: (typeof COLUMNS)[number], values: readonly string[]): Condition {
  // Nothing is one of nothing.
  if (values.length === 0) return ['1 = 0']
  return [`${column} in (${values.map(() => '?').join(', ')})`, ...values]
}

function either([one, ...its]: Condition, [other, ...others]: Condition): Condition {
  return [`(${one} or ${other})`, ...its, ...others]
}

function findingCondition(findings: string): Condition {
  if (findings === 'any') return ['cardinality(findings) > 0']
  if (findings === 'none') return ['cardinality(findings) = 0']
  return ['contains(findings, ?)', findings]
}
