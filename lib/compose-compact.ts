import type { Context } from 'aws-lambda'
import { utcDay } from './archive/keys.ts'
import { takeTurns } from './backfill/schedule.ts'
import { createAthenaCompactor } from './catalog/athena-compactor.ts'
import { readCompactRequest } from './catalog/compact-request.ts'
import type { Compactor } from './catalog/compaction.ts'
import { toCompactMetrics } from './compact-metrics.ts'
import { connectArchive } from './compose-retrieve.ts'
import { composeSearch } from './compose-search.ts'
import { type Clock, createDeadline, type Deadline, systemClock } from './deadline.ts'
import { tuneEngine } from './engine.ts'
import { ConfigurationError, StoppedError } from './errors.ts'
import { createJsonLog, type Log, writeLine } from './log.ts'
import { createCompactObjects } from './s3/compact-objects.ts'
import { createProgressReader, readRebuiltFrom } from './s3/rebuild-progress.ts'
import { readSearchConfig, type SearchConfig } from './search-config.ts'
import { explainFault, wireOrExplain } from './wire-or-explain.ts'

/** What may be set beside the environment: nothing that a deployment needs, all that a test does. */
export interface CompactOptions {
  readonly log?: Log
  readonly clock?: Clock
  readonly writeMetrics?: (line: string) => void
}

/** What the deployed function answers, for whoever calls it by hand. */
export interface CompactAnswer {
  readonly finished: boolean
  readonly workspaces: readonly ({ readonly workspaceId: string } & Tally)[]
}

interface Tally {
  /** Days of which there is anything. */
  readonly days: number
  readonly compacted: number
  /** Of which something is told that a person has to mend. */
  readonly failed: number
  /** Whether all of them were looked at. */
  readonly finished: boolean
}

/** A Lambda handler for a schedule's event. */
export type CompactHandler = (event: unknown, context: Context) => Promise<CompactAnswer>

/** The schedule comes once a day. */
const DAY_MS = 86_400_000

/** Wires the deployed compact function. The environment is read at the first event. */
export function composeCompactFunction(
  environment: Readonly<Record<string, string | undefined>>,
  options: CompactOptions = {},
): CompactHandler {
  let run: CompactHandler | undefined
  return async (event, context) => {
    run ??= wireOrExplain(() => wireCompact(readSearchConfig(environment), options), options.log)
    return await run(event, context)
  }
}

function wireCompact(config: SearchConfig, options: CompactOptions): CompactHandler {
  tuneEngine()
  const { clock = systemClock, writeMetrics = writeLine } = options
  const log = options.log ?? createJsonLog(writeLine, config.logLevel, clock.now)
  const connection = connectArchive(config, clock)
  const { queries, listing, keys } = composeSearch(config, connection)
  const readProgress = createProgressReader(connection.texts, keys)
  const compactor = createAthenaCompactor({
    queries,
    listDays: async (workspaceId, days, signal) => {
      const rebuiltFrom = await readRebuiltFrom(readProgress, workspaceId, signal)
      return { ...(await listing.list(workspaceId, days, signal)), rebuiltFrom }
    },
    bucket: config.bucket,
    ...createCompactObjects(connection.place, connection.texts, keys),
    firstDay: config.catalog.firstDay,
  })
  return async (event, context) => {
    const read = readCompactRequest(event, utcDay(clock.now()))
    if (!read.ok) {
      log.event('configuration.fault', { faults: read.faults })
      throw new ConfigurationError(read.faults)
    }
    using deadline = createDeadline(() => context.getRemainingTimeInMillis())
    const tallies: ({ workspaceId: string } & Tally)[] = []
    const faults: unknown[] = []
    for (const workspaceId of takeTurns(config.workspaceIds, clock.now(), DAY_MS)) {
      const tally = { workspaceId, days: 0, compacted: 0, failed: 0, finished: false }
      tallies.push(tally)
      let reasons: readonly string[] = []
      try {
        await compactWorkspace(compactor, tally, read.days, deadline, log)
      } catch (error) {
        // What is wrong in one workspace must not keep the others waiting.
        if (!(error instanceof StoppedError)) {
          faults.push(error)
          reasons = explainFault(error)
        }
      }
      log.event('compact.finished', { ...tally, ...(reasons.length > 0 && { reasons }) })
    }
    const finished = tallies.every((tally) => tally.finished)
    const sum = (count: 'compacted' | 'failed'): number =>
      tallies.reduce((all, tally) => all + tally[count], 0)
    writeMetrics(
      toCompactMetrics({
        functionName: context.functionName,
        finished,
        compacted: sum('compacted'),
        failed: sum('failed'),
        now: clock.now(),
      }),
    )
    const setUp = faults.filter((fault) => fault instanceof ConfigurationError)
    if (setUp.length > 0) {
      log.event('configuration.fault', { faults: setUp.flatMap(explainFault) })
      throw new ConfigurationError(setUp.flatMap(explainFault), { cause: setUp[0] })
    }
    if (faults.length > 0) throw faults[0]
    return { finished, workspaces: tallies }
  }
}

async function compactWorkspace(
  compactor: Compactor,
  tally: { workspaceId: string; days: number; compacted: number; failed: number; finished: boolean },
  days: Parameters<Compactor['compact']>[1],
  { signal }: Deadline,
  log: Log,
): Promise<void> {
  const { workspaceId } = tally
  for await (const end of compactor.compact(workspaceId, days, signal)) {
    tally.days += 1
    if (end.kind === 'compacted') tally.compacted += 1
    if (end.kind === 'compact-already' || end.reasons.length === 0) continue
    tally.failed += 1
    log.event('compact.failed', { workspaceId, day: end.day, reasons: end.reasons })
  }
  tally.finished = true
}
