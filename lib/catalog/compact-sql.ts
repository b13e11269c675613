import { ALL, IS_READABLE, isElsewhere, isOneOf, type Statement } from './sql.ts'

/** Days that are put together at once. */
export interface CompactExtent {
  readonly workspaceId: string
  readonly days: readonly string[]
  /** Locations, as `s3://…`, of what lies among their compacts and is not read. */
  readonly leftOut: readonly string[]
}

/** Counts, for each `day`, its `rows`, each once, and whether there is anything `unreadable`. */
export function toCountStatement(extent: CompactExtent): Statement {
  const { text, parameters } = ofDays(extent, 'true')
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
export function toInsertStatement(extent: CompactExtent): Statement {
  const { text, parameters } = ofDays(extent, IS_READABLE)
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
export function toFilesStatement({ workspaceId, days, leftOut }: CompactExtent): Statement {
  const [condition, ...values] = isOneOf('day', days)
  const [kept, ...ofKept] = isElsewhere(leftOut)
  return {
    text: `select day, "$path" as path, count(*) as rows
from catalog_compact
where workspace = ? and ${condition} and ${kept}
group by day, "$path"`,
    parameters: [workspaceId, ...values, ...ofKept],
  }
}

/** Each row once: `union` leaves out what is the same in all columns. */
function ofDays({ workspaceId, days, leftOut }: CompactExtent, segments: string): Statement {
  const [condition, ...values] = isOneOf('day', days)
  const [kept, ...ofKept] = isElsewhere(leftOut)
  const where = `workspace = ? and ${condition}`
  return {
    text: `  select ${ALL}, workspace, day from catalog_segment where ${where} and ${segments}
  union
  select ${ALL}, workspace, day from catalog_compact where ${where} and ${kept}`,
    parameters: [workspaceId, ...values, workspaceId, ...values, ...ofKept],
  }
}
