import { utcDay } from '../archive/keys.ts'
import type { Criteria } from './criteria.ts'
import type { CatalogEntry } from './entry.ts'
import { type Cursor, MAX_PAGE_ROWS, type Page } from './search.ts'

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

/** What a row has; one of a line that is no JSON, or of another type in these, has nulls in their places. */
const REQUIRED = [
  'recording_id',
  'workspace_id',
  'created_at',
  'duration_ms',
  'findings',
  'audio_key',
  'audio_bytes',
  'audio_sha256',
  'archived_at',
] as const satisfies readonly (keyof CatalogEntry)[]
/** Whether a line of a segment is a row. */
export const IS_READABLE = REQUIRED.map((column) => `${column} is not null`).join(' and ')
export const ALL = COLUMNS.join(', ')
/** Trino's way to write an array as text. */
const AS_TEXT = COLUMNS.map((column) =>
  column === 'findings' ? 'json_format(cast(findings as json)) as findings' : column,
).join(', ')

/** What has to be read of a workspace's catalog. */
export interface Extent {
  readonly workspaceId: string
  readonly days: Days
  /** Days that have rows which are not among the compacted ones; all days if not given. */
  readonly looseDays?: readonly string[] | undefined
  /** Locations, as `s3://…`, of what lies among the compacts and is not read. */
  readonly leftOut?: readonly string[] | undefined
}

/** Which row of a recording stands for it: the earliest. All columns are named, so that it is one and the same everywhere. */
const EARLIEST_FIRST = ['created_at', 'archived_at', ...COLUMNS]
  .filter((column, at, all) => column !== 'recording_id' && all.indexOf(column) === at)
  .join(', ')

/**
 * Writes the search for one page, with one row more to see whether another page follows: one text for DuckDB and for
 * Athena. Every value is a parameter, and stands in a WHERE clause, the only place where Athena takes one (Athena User
 * Guide, "Use parameterized queries"); the rest of the text is made of this file's own words. Each table is narrowed to its
 * partitions where it is named, which is what partition projection asks for.
 *
 * Times are ISO 8601 in UTC, so their order is that of their letters. Several rows of a recording say the same, as a rule;
 * where they do not, the earliest `created_at` counts, and of one `created_at` what was archived first. What a later page
 * leaves out is later than that, so that it neither loses a recording nor tells it again. `contains`, `cardinality` and
 * `json_format` are Trino's; DuckDB has the first and is given the others as macros.
 *
 * Recordings are cut to the page by two columns alone, for all columns of a whole catalog do not fit into DuckDB's memory. It
 * keeps what it finds in segments, which are slow to read, and in compacts, too, where there is no limit at the end: with one it
 * reads them twice, which is worth it unless what is looked for is named.
 */
export function toStatement(
  criteria: Criteria,
  { limit, after }: Page,
  known: Partial<Omit<Extent, 'workspaceId'>> = {},
): Statement {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_PAGE_ROWS)
    throw new RangeError(`a page has 1 to ${MAX_PAGE_ROWS} rows, not ${limit}`)
  const days = daysBefore(known.days ?? daysOf(criteria), after?.createdAt)
  const extent = { ...known, workspaceId: criteria.workspaceId, days }
  const conditions = [...conditionsOf(criteria), ...(after === undefined ? [] : [isAfter(after)])]
  const [loose, ...ofLoose] = allOf([segmentsOf(extent), [IS_READABLE], ...conditions])
  const [compact, ...ofCompact] = allOf([compactsOf(extent), ...conditions])
  const text = `with loose as (
  select ${ALL} from catalog_segment
  where ${loose}
), compact as (
  select ${ALL} from catalog_compact
  where ${compact}
), page as (
  select recording_id as id, min(created_at) as first_created_at
  from (select recording_id, created_at from loose union all select recording_id, created_at from compact) as found
  group by recording_id
  order by first_created_at desc, id
  limit ${limit + 1}
)
select ${AS_TEXT}
from (
  select ${ALL}, row_number() over (partition by recording_id order by ${EARLIEST_FIRST}) as copy
  from (select ${ALL} from loose union all select ${ALL} from compact) as found
  join page on recording_id = id and created_at = first_created_at
) as copies
where copy = 1
order by created_at desc, recording_id${isNamed(criteria) ? '' : `\nlimit ${limit + 1}`}`
  return { text, parameters: [...ofLoose, ...ofCompact] }
}

/** Counts, as `lines`, what is no row in each segment that has such lines, of which `path` is the location. */
export function toUnreadableStatement(extent: Extent): Statement {
  const [where, ...parameters] = segmentsOf(extent)
  return {
    text: `select "$path" as path, count(*) as lines from catalog_segment where ${where} and not (${IS_READABLE}) group by "$path"`,
    parameters,
  }
}

/** All rows of both tables. */
export const EVERY_ROW = `select ${ALL} from catalog_segment where ${IS_READABLE} union all select ${ALL} from catalog_compact`

function segmentsOf({ workspaceId, days, looseDays }: Extent): Condition {
  const [loose, ...values] = looseDays === undefined ? (['true'] as const) : isOneOf('day', looseDays)
  return [`workspace = ? and day between ? and ? and ${loose}`, workspaceId, days.first, days.last, ...values]
}

function compactsOf({ workspaceId, days, leftOut }: Extent): Condition {
  const [kept, ...ofKept] = isElsewhere(leftOut)
  return [`workspace = ? and day between ? and ? and ${kept}`, workspaceId, days.first, days.last, ...ofKept]
}

/**
 * Whether a row lies in none of these files. Only Athena tells of a row where it lies; it does not even open a file that is left
 * out so (Trino, `InternalHiveSplitFactory`: a split whose path does not match is none).
 */
export function isElsewhere(locations: readonly string[] = []): Condition {
  if (locations.length === 0) return ['true']
  return [`"$path" not in (${locations.map(() => '?').join(', ')})`, ...locations]
}

/** What comes after a page is older than its last row. */
function daysBefore(days: Days, before: string | undefined): Days {
  const day = before?.slice(0, 10)
  return day === undefined || day > days.last ? days : { ...days, last: day }
}

/** A condition and the values for its question marks. */
export type Condition = readonly [condition: string, ...values: Parameter[]]

/** Whether little is found, as a rule. */
function isNamed({ recordingIds, sourceId, numbers }: Criteria): boolean {
  return (recordingIds ?? sourceId ?? numbers) !== undefined
}

function isAfter({ createdAt, recordingId }: Cursor): Condition {
  return ['(created_at < ? or (created_at = ? and recording_id > ?))', createdAt, createdAt, recordingId]
}

function conditionsOf(criteria: Criteria): readonly Condition[] {
  const { range, sourceId, numbers, channelId, direction, findings } = criteria
  const conditions: (Condition | undefined)[] = [
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

export function isOneOf(column: (typeof COLUMNS)[number] | 'day', values: readonly string[]): Condition {
  // Nothing is one of nothing.
  if (values.length === 0) return ['1 = 0']
  return [`${column} in (${values.map(() => '?').join(', ')})`, ...values]
}

function allOf(conditions: readonly Condition[]): Condition {
  const [texts, values] = [conditions.map(([text]) => text), conditions.flatMap(([, ...its]) => its)]
  return [texts.join('\n    and '), ...values]
}

function either([one, ...its]: Condition, [other, ...others]: Condition): Condition {
  return [`(${one} or ${other})`, ...its, ...others]
}

function findingCondition(findings: string): Condition {
  if (findings === 'any') return ['cardinality(findings) > 0']
  if (findings === 'none') return ['cardinality(findings) = 0']
  return ['contains(findings, ?)', findings]
}
