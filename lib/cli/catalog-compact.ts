import { readArchiveConfig } from '../archive-config.ts'
import { utcDay } from '../archive/keys.ts'
import { daysOf } from '../catalog/sql.ts'
import { composeCatalog } from '../compose-catalog.ts'
import type { Compacted } from '../catalog/compaction.ts'
import { readWorkspaces } from './access-options.ts'
import { EXIT } from './exit-codes.ts'
import { cacheDirectory, readFindCriteria } from './find-options.ts'
import { count, formatBytes, printHint, printJson, printLine, printProblem } from './print.ts'
import { watchSignals } from './watch-signals.ts'

export interface CompactOptions {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly workspace?: string | undefined
  readonly cache?: string | undefined
  readonly json: boolean
}

/** Compacts the days asked for in each workspace. Resolves to the exit code: 1 if something cannot be read. */
export async function compactCatalog(options: CompactOptions): Promise<number> {
  const config = readArchiveConfig(process.env)
  const { from, to = utcDay(new Date()) } = options
  const searches = readWorkspaces(options.workspace, config).map((id) =>
    readFindCriteria({ from, to }, id, config),
  )
  const local = composeCatalog(config, { directory: cacheDirectory(config, options.cache) })
  const stop = new AbortController()
  using signals = watchSignals({ onFirst: () => stop.abort(), onSecond: () => stop.abort() })
  const tally = { compacted: 0, days: 0, isWhole: true }
  try {
    for (const criteria of searches)
      for await (const end of local.compactor.compact(criteria.workspaceId, daysOf(criteria), stop.signal)) {
        if (options.json) printJson({ workspaceId: criteria.workspaceId, ...end })
        else sayDay(end)
        tally.days += 1
        if (end.kind === 'compacted') tally.compacted += 1
        if (end.kind !== 'compact-already' && end.reasons.length > 0) tally.isWhole = false
      }
  } catch (error) {
    const exitCode = signals.exitCode()
    if (exitCode === undefined) throw error
    printProblem(`stopped; ${count(tally.compacted, 'day')} had been compacted, and nothing is half-written`)
    return exitCode
  } finally {
    await local.close()
  }
  printHint(`${count(tally.days, 'day')} looked at, ${tally.compacted.toLocaleString('en')} compacted.`)
  return tally.isWhole ? EXIT.done : EXIT.incomplete
}

function sayDay(end: Compacted): void {
  if (end.kind === 'compact-already') return
  if (end.kind === 'compacted')
    printLine(
      `${end.day}  ${count(end.files, 'file')}  →  ${count(end.rows, 'row')} in ${formatBytes(end.bytes)}`,
    )
  for (const reason of end.reasons) printProblem(`${end.day}: ${reason}`)
}
