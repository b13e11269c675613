import type { Disposition, Outcome } from '../archive/outcome.ts'
import type { Log, RecordingFields } from '../log.ts'

/** Logs how one message ended, as exactly one line. */
export function reportOutcome(
  log: Log,
  outcome: Outcome,
  disposition: Disposition,
  fields: RecordingFields,
  now: Date,
): void {
  if (disposition.action === 'dead-letter') {
    const { reason, detail } = disposition
    log.event('recording.dead-lettered', { ...fields, reason, detail })
    return
  }
  const { delaySeconds, deferrals } =
    disposition.action === 'defer' ? disposition : { delaySeconds: 0, deferrals: 0 }
  switch (outcome.kind) {
    case 'archived': {
      const { bytes, sha256, adopted, findings, createdAt } = outcome
      const sinceCreatedMs = now.getTime() - createdAt.getTime()
      log.event('recording.archived', { ...fields, bytes, sha256, adopted, findings, sinceCreatedMs })
      break
    }
    case 'already-archived':
      log.event('recording.already-archived', fields)
      break
    case 'nothing-to-archive':
      log.event('recording.nothing-to-archive', { ...fields, status: outcome.status })
      break
    case 'not-yet':
      log.event('recording.not-yet', { ...fields, status: outcome.status, delaySeconds, deferrals })
      break
    case 'throttled':
      log.event('recording.throttled', { ...fields, delaySeconds })
      break
    case 'refused':
      // Refused is dead-lettered, always: see disposeOf.
      break
    case 'failed': {
      const { reason, detail, httpStatus } = outcome
      log.event('recording.failed', {
        ...fields,
        reason,
        detail,
        ...(httpStatus !== undefined && { httpStatus }),
      })
      break
    }
  }
}
