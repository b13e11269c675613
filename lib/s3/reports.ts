import type { BackfillKeys } from '../backfill/keys.ts'
import type { WholeReport } from '../backfill/order.ts'
import {
  addLedger,
  type BirdCount,
  countAll,
  type Report,
  startReport,
  writeReport,
} from '../backfill/report.ts'
import { isWithin, type Range, windowNamed } from '../backfill/window.ts'
import { describeError } from '../errors.ts'
import type { Documents } from './documents.ts'
import type { Ledgers } from './ledgers.ts'
import type { Store } from './store.ts'

const JSON_TYPE = 'application/json'

interface CountTime {
  readonly signal: AbortSignal
  patienceMs(): number
}

interface BirdMetrics {
  readonly counter: number
  readonly updatedAt?: string | undefined
}

/** Reports over many windows, made from their ledgers. */
export interface Reports {
  gather(workspaceId: string, range: Range, now: Date, signal: AbortSignal): Promise<Report>
  /** Bird's own count beside ours; undefined where sweeps have seen more than the report covers. */
  count(report: Report, time: CountTime): Promise<BirdCount>
  /** Gathers, counts, and keeps the report in the bucket. `name` is the backfill's. */
  complete(workspaceId: string, name: string, range: Range, now: Date, time: CountTime): Promise<WholeReport>
}

export function createReports(options: {
  readonly ledgers: Pick<Ledgers, 'walk'>
  readonly documents: Pick<Documents, 'list'>
  readonly store: Pick<Store, 'writeOnce'>
  readonly keys: BackfillKeys
  readonly countAtBird: (workspaceId: string, time: CountTime) => Promise<BirdMetrics>
  readonly version: string
}): Reports {
  const { ledgers, documents, store, keys, countAtBird, version } = options

  /** Whether no sweep has ever looked at a day outside of the range. */
  const coversAll = async (workspaceId: string, range: Range, signal: AbortSignal): Promise<boolean> => {
    const prefix = keys.allLedgers(workspaceId)
    for await (const key of documents.list(prefix, signal)) {
      const window = windowNamed(key.slice(prefix.length).replace(/\.json$/, ''))
      if (window !== undefined && !isWithin(window.from, range)) return false
    }
    return true
  }

  const gather: Reports['gather'] = async (workspaceId, range, now, signal) => {
    const report = startReport(workspaceId, range)
    for await (const ledger of ledgers.walk(workspaceId, range, signal)) addLedger(report, ledger, now)
    return report
  }
  const count: Reports['count'] = async (report, time) => {
    if (!(await coversAll(report.workspaceId, report.range, time.signal))) return undefined
    try {
      const { counter, updatedAt } = await countAtBird(report.workspaceId, time)
      return { counter, known: countAll(report), updatedAt }
    } catch (error) {
      time.signal.throwIfAborted()
      // Without it the report is less sure, and says so.
      return { fault: describeError(error) }
    }
  }
  return {
    gather,
    count,
    async complete(workspaceId, name, range, now, time) {
      const report = await gather(workspaceId, range, now, time.signal)
      const bird = await count(report, time)
      const key = keys.report(workspaceId, name, now)
      await store.writeOnce(key, writeReport(report, bird, now, version), JSON_TYPE, undefined, time.signal)
      return { report, bird, key }
    },
  }
}
