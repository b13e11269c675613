import type { BackfillEvent } from './backfill/order.ts'
import type { Log } from './log.ts'

/** Logs what a backfill tells, for a deployment: one line for each window. */
export function logBackfill(log: Log, workspaceId: string, event: BackfillEvent): void {
  if (event.kind === 'swept') {
    const { sent, ledger } = event.swept
    const { window, attestation } = ledger
    const [archived, open] = [ledger.archived.length, ledger.open.length]
    log.event('window.swept', { workspaceId, window, archived, open, sent, attested: attestation !== null })
  } else if (event.kind === 'failed')
    log.event('window.failed', { workspaceId, window: event.window.name, reason: event.reason })
}
