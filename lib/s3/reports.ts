import type { BackfillKeys } from '../backfill/keys.ts'
import { addLedger, type BirdCount, type Report, startReport, writeReport } from '../backfill/report.ts'
import type { Range } from '../backfill/window.ts'
import type { Ledgers } from './ledgers.ts'
import type { Store } from './store.ts'

/** Reports over many windows, made from their ledgers. */
export interface Reports {
  gather(workspaceId: string, range: Range, now: Date, signal: AbortSignal): Promise<Report>
  /** Keeps a report in the bucket; resolves to its key. `name` is the backfill's. */
  keep(name: string, report: Report, bird: BirdCount, now: Date, signal: AbortSignal): Promise<string>
}

export function createReports(
  ledgers: Pick<Ledgers, 'walk'>,
  store: Pick<Store, 'writeOnce'>,
  keys: BackfillKeys,
  version: string,
): Reports {
  return {
    async gather(workspaceId, range, now, signal) {
      const report = startReport(workspaceId, range)
      for await (const ledger of ledgers.walk(workspaceId, range, signal)) addLedger(report, ledger, now)
      return report
    },
    async keep(name, report, bird, now, signal) {
      const key = keys.report(report.workspaceId, name, now)
      const text = writeReport(report, bird, now, version)
      await store.writeOnce(key, text, 'application/json', undefined, signal)
      return key
    },
  }
}
