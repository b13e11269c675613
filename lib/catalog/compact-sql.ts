import { ALL, IS_READABLE, isOneOf, type Statement } from './sql.ts'

/** Counts, for each `day`, its `recordings` and what is no row, as `unreadable`. */
export function toCountStatement(workspaceId: string, days: readonly string[]): Statement {
  const { text, parameters } = ofDays(workspaceId, days, 'true')
  return {
    text: `select day, count(distinct case when ${IS_READABLE} then recording_id end) as recordings,
  count_if(not (${IS_READABLE})) as unreadable
from (
${text}
) as catalog
group by day`,
    parameters,
  }
}

/** Writes the rows of days, segments' and compacts', into one compact for each day, each recording once. */
export function toInsertStatement(workspaceId: string, days: readonly string[]): Statement {
  const { text, parameters } = ofDays(workspaceId, days, IS_READABLE)
  return {
    text: `insert into catalog_compact
select ${ALL}, workspace, day
from (
  select ${ALL}, workspace, day, row_number() over (partition by day, recording_id order by archived_at) as copy
  from (
${text}
  ) as catalog
) as found
where copy = 1`,
    parameters,
  }
}

/** Tells which files the compacts of days are, as `path`, and how many `rows` each has, of how many `recordings`. */
export function toFilesStatement(workspaceId: string, days: readonly string[]): Statement {
  const [condition, ...values] = isOneOf('day', days)
  return {
    text: `select day, "$path" as path, count(*) as rows, count(distinct recording_id) as recordings
from catalog_compact
where workspace = ? and ${condition}
group by day, "$path"`,
    parameters: [workspaceId, ...values],
  }
}

function ofDays(workspaceId: string, days: readonly string[], segments: string): Statement {
  const [condition, ...values] = isOneOf('day', days)
  const where = `workspace = ? and ${condition}`
  return {
    text: `  select ${ALL}, workspace, day from catalog_segment where ${where} and ${segments}
  union all
  select ${ALL}, workspace, day from catalog_compact where ${where}`,
    parameters: [workspaceId, ...values, workspaceId, ...values],
  }
}
