import type { LogEvent } from '../../log.ts'

/** A line of the archiver's log, as far as it is counted here. */
export interface LogLine {
  readonly event: LogEvent
  readonly messageId?: string
  readonly recordingId?: string
  readonly bytes?: number
  readonly reason?: string
  readonly detail?: string
  readonly status?: string | number
  readonly findings?: readonly string[]
}

/** What the log says of a run so far: read off it as anybody could, not taken from inside the archiver. */
export interface Tally {
  /** By recording id: bytes of those that this run archived. */
  readonly archived: ReadonlyMap<string, number>
  readonly alreadyArchived: ReadonlySet<string>
  /** By recording id: `absent` or `failed`. */
  readonly skipped: ReadonlyMap<string, string>
  /** Deliveries that found the recording in the archive. */
  readonly repeats: number
  /** Recordings that wait in the queue for Bird. */
  readonly waiting: ReadonlySet<string>
  /** Recordings whose last delivery failed, with the reason. */
  readonly failing: ReadonlyMap<string, { readonly reason: string; readonly detail: string }>
  /** All failed deliveries, by reason. */
  readonly failures: ReadonlyMap<string, number>
  /** Messages put into the dead-letter queue by the archiver. */
  readonly deadLettered: number
  readonly deferrals: number
  readonly throttled: number
  readonly transfersAgain: number
  /** Requests made once more, by HTTP status, or `no answer`. */
  readonly requestsAgain: ReadonlyMap<string, number>
  readonly bytes: number
}

/** A tally and the way to feed it, line by line. */
export function createTally(): { readonly tally: Tally; read(this: void, line: string): void } {
  const archived = new Map<string, number>()
  const alreadyArchived = new Set<string>()
  const skipped = new Map<string, string>()
  const waiting = new Set<string>()
  const failing = new Map<string, { reason: string; detail: string }>()
  const failures = new Map<string, number>()
  const requestsAgain = new Map<string, number>()
  const tally = {
    archived,
    alreadyArchived,
    skipped,
    waiting,
    failing,
    failures,
    requestsAgain,
    repeats: 0,
    deadLettered: 0,
    deferrals: 0,
    throttled: 0,
    transfersAgain: 0,
    bytes: 0,
  }
  const settle = (id: string): void => {
    waiting.delete(id)
    failing.delete(id)
  }
  const read = (line: string): void => {
    const { event, recordingId: id = '', ...fields } = JSON.parse(line) as LogLine
    switch (event) {
      case 'recording.archived':
        settle(id)
        archived.set(id, fields.bytes ?? 0)
        tally.bytes += fields.bytes ?? 0
        break
      case 'recording.already-archived':
        settle(id)
        alreadyArchived.add(id)
        tally.repeats += 1
        break
      case 'recording.nothing-to-archive':
        settle(id)
        skipped.set(id, String(fields.status ?? ''))
        break
      case 'recording.not-yet':
        waiting.add(id)
        tally.deferrals += 1
        break
      case 'recording.throttled':
        waiting.add(id)
        tally.throttled += 1
        break
      case 'recording.dead-lettered':
        settle(id)
        tally.deadLettered += 1
        break
      case 'recording.failed': {
        const { reason = 'unexpected', detail = '' } = fields
        failing.set(id, { reason, detail })
        failures.set(reason, (failures.get(reason) ?? 0) + 1)
        break
      }
      case 'request.again': {
        const status = String(fields.status ?? 'no answer')
        requestsAgain.set(status, (requestsAgain.get(status) ?? 0) + 1)
        break
      }
      case 'transfer.again':
        tally.transfersAgain += 1
        break
      case 'batch.started':
      case 'batch.stopped':
      case 'batch.finished':
      case 'catalog.failed':
      case 'configuration.fault':
      case 'window.swept':
      case 'window.failed':
      case 'backfill.finished':
      case 'verify.mismatch':
      case 'verify.unread':
      case 'verify.finished':
      case 'compact.failed':
      case 'compact.finished':
      case 'request.served':
      case 'request.failed':
        break
    }
  }
  return { tally, read }
}
