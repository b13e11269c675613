import type { Log } from './log.ts'
import type { VerifyEvent } from './verify/order.ts'
import { describeFinding } from './verify/report.ts'

/** Logs what a check tells, for a deployment: one line for each recording that is not as it must be. */
export function logVerify(log: Log, workspaceId: string, event: VerifyEvent): void {
  if (event.kind !== 'judged') return
  const { recordingId, outcome, findings, reason = '' } = event.verdict
  if (outcome === 'mismatch')
    log.event('verify.mismatch', {
      workspaceId,
      recordingId,
      kinds: [...new Set(findings.map(({ kind }) => kind))],
      details: findings.map(describeFinding),
    })
  else if (outcome === 'unread') log.event('verify.unread', { workspaceId, recordingId, reason })
}
