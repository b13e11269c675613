import type { FailureReason, RefusalReason } from './archive/outcome.ts'

/**
 * All that is ever logged, event by event, with the fields of each. Nothing else reaches a log: no link, no key, no
 * phone number has a field here. Times are ISO 8601, durations milliseconds.
 */
export interface LogEvents {
  'configuration.fault': { readonly faults: readonly string[] }
  'batch.started': { readonly messages: number; readonly remainingMs: number }
  'batch.stopped': { readonly reason: string; readonly detail: string }
  'batch.finished': {
    readonly messages: number
    readonly failed: number
    readonly durationMs: number
    readonly remainingMs: number
  }
  'catalog.failed': { readonly key: string; readonly detail: string }
  'request.again': {
    readonly operation: string
    /** The path asked of Bird, or the host that a link leads to. */
    readonly target: string
    /** HTTP status; missing when no answer came. */
    readonly status?: number
    readonly delayMs: number
  }
  'transfer.again': { readonly recordingId: string; readonly transfer: number; readonly reason: string }
  'window.swept': {
    readonly workspaceId: string
    readonly window: string
    readonly archived: number
    readonly open: number
    readonly sent: number
    readonly attested: boolean
  }
  'window.failed': { readonly workspaceId: string; readonly window: string; readonly reason: string }
  'backfill.finished': {
    readonly workspaceId: string
    readonly sweep: string
    readonly why: string
    readonly days: { readonly done: number; readonly total: number }
    readonly tally: Readonly<Record<string, number>>
  }
  'verify.mismatch': {
    readonly workspaceId: string
    readonly recordingId: string
    readonly kinds: readonly string[]
    readonly details: readonly string[]
  }
  'verify.unread': { readonly workspaceId: string; readonly recordingId: string; readonly reason: string }
  'verify.finished': {
    readonly workspaceId: string
    readonly scope: string
    readonly why: string
    readonly counts: Readonly<Record<string, number>>
    readonly reportKeys: readonly string[]
    /** Of a sample: what it says of all the others. */
    readonly confidence?: string
  }
  'compact.failed': {
    readonly workspaceId: string
    readonly day: string
    readonly reasons: readonly string[]
  }
  'compact.finished': {
    readonly workspaceId: string
    readonly days: number
    readonly compacted: number
    readonly failed: number
    /** Whether all days were looked at. */
    readonly finished: boolean
    /** Why not, where it was not for lack of time. */
    readonly reasons?: readonly string[]
  }
  'request.served': RequestFields & {
    /** `other` where it is none of HTTP's. */
    readonly method: string
    readonly status: number
    readonly durationMs: number
    /** The ARN of who signed the request, or `nobody`. */
    readonly actor: string
  }
  'request.failed': RequestFields & { readonly detail: string }
  'recording.archived': RecordingFields & {
    readonly bytes: number
    readonly sha256: string
    readonly adopted: boolean
    readonly findings: readonly string[]
    readonly sinceCreatedMs: number
  }
  'recording.already-archived': RecordingFields
  'recording.nothing-to-archive': RecordingFields & { readonly status: string }
  'recording.not-yet': RecordingFields & {
    readonly status: string
    readonly delaySeconds: number
    readonly deferrals: number
  }
  'recording.throttled': RecordingFields & { readonly delaySeconds: number }
  'recording.dead-lettered': RecordingFields & { readonly reason: RefusalReason; readonly detail: string }
  'recording.failed': RecordingFields & {
    readonly reason: FailureReason
    readonly detail: string
    readonly httpStatus?: number
  }
}

/** Which request of the API the line is about. */
export interface RequestFields {
  /** API Gateway's. */
  readonly requestId: string
  /** The pattern that its address has, such as `/recordings/{id}`; `none` for an unknown one. */
  readonly route: string
}

/** Who the line is about. `recordingId` is missing where the message could not be read. */
export interface RecordingFields {
  readonly messageId: string
  readonly recordingId?: string
  readonly workspaceId?: string
  readonly attempt: number
  readonly durationMs: number
}

export type LogEvent = keyof LogEvents
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Takes one event. Two implementations: JSON lines (here), and the terminal's. */
export interface Log {
  event<Name extends LogEvent>(name: Name, fields: LogEvents[Name]): void
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** How much an event matters; a closed table, so that a new event must be given its place. */
const LEVEL_OF: Readonly<Record<LogEvent, LogLevel>> = {
  'configuration.fault': 'error',
  'batch.started': 'debug',
  'batch.stopped': 'error',
  'batch.finished': 'info',
  'catalog.failed': 'error',
  'request.again': 'info',
  'transfer.again': 'warn',
  'window.swept': 'info',
  'window.failed': 'error',
  'backfill.finished': 'info',
  'verify.mismatch': 'error',
  'verify.unread': 'warn',
  'verify.finished': 'info',
  'compact.failed': 'warn',
  'compact.finished': 'info',
  'request.served': 'info',
  'request.failed': 'error',
  'recording.archived': 'info',
  'recording.already-archived': 'info',
  'recording.nothing-to-archive': 'info',
  'recording.not-yet': 'info',
  'recording.throttled': 'warn',
  'recording.dead-lettered': 'error',
  'recording.failed': 'warn',
}

/** Writes one JSON object per line: `time`, `level`, `event`, then the event's fields. */
export function createJsonLog(write: (line: string) => void, minimum: LogLevel, now: () => Date): Log {
  return {
    event(name, fields) {
      const level = LEVEL_OF[name]
      if (LEVELS.indexOf(level) < LEVELS.indexOf(minimum)) return
      write(JSON.stringify({ time: now().toISOString(), level, event: name, ...fields }))
    },
  }
}

/** What a Lambda's log group takes in: a line on standard output. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`)
}
