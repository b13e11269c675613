import { ALL, IS_READABLE, isOneOf, type Statement } from './sql.ts'

/** Counts, for each `day`, its `rows`, each once, and whether there is anything `unreadable`. */
export function toCountStatement(workspaceId: string, days: readonly string[]): Statement {
  const { text, parameters } = ofDays(workspaceId, days, 'true')
  return {
    text: `select day, count_if(${IS_READABLE}) as rows,
  count_if(not (${IS_READABLE})) as unreadable
from (
${text}
) as catalog
group by day`,
    parameters,
  }
}

/**
 * Writes the rows of days, segments' and compacts', into one compact for each day, each once. Rows of a recording that are
 * not the same are all kept: a rebuild by a later version may know more, and a search must find it by that.
 */
export function toInsertStatement(workspaceId: string, days: readonly string[]): Statement {
  const { text, parameters } = ofDays(workspaceId, days, IS_READABLE)
  return {
    text: `insert into catalog_compact
select ${ALL}, workspace, day
from (
${text}
) as catalog`,
    parameters,
  }
}

/** Tells which files the compacts of days are, as `path`, and how many `rows` each has. */
export function toFilesStatement(workspaceId: string, days: readonly string[]): Statement {
  const [condition, ...values] = isOneOf('day', days)
  return {
    text: `select day, "$path" as path, count(*) as rows
from catalog_compact
where workspace = ? and ${condition}
group by day, "$path"`,
    parameters: [workspaceId, ...values],
  }
}

/** Each row once: `union` leaves out what is the same in all columns. */
function ofDays(workspaceId: string, days: readonly string[], segments: string): Statement {
  const [condition, ...values] = isOneOf('day', days)
  const where = `workspace = ? and ${condition}`
  return {
    text: `  select ${ALL}, workspace, day from catalog_segment where ${where} and ${segments}
  union
  select ${ALL}, workspace, day from catalog_compact where ${where}`,
    parameters: [workspaceId, ...values, workspaceId, ...values],
  }
}
