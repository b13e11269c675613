import { styleText } from 'node:util'
import type { Log, LogEvent, LogEvents } from '../log.ts'
import { formatBytes, formatDuration } from './print.ts'

type Sentences = { readonly [Name in LogEvent]: (fields: LogEvents[Name]) => string | undefined }

const red = (text: string): string => styleText('red', text, { stream: process.stderr })
const yellow = (text: string): string => styleText('yellow', text, { stream: process.stderr })
const nameOf = ({ recordingId, messageId }: { recordingId?: string; messageId: string }): string =>
  recordingId ?? messageId

/** Each event as a person would say it; nothing for what the summary tells anyway. */
const SENTENCES: Sentences = {
  'configuration.fault': ({ faults }) => red(`configuration: ${faults.join(' · ')}`),
  'batch.started': () => undefined,
  'batch.stopped': ({ detail }) => red(`stopped: ${detail}`),
  'batch.finished': () => undefined,
  'catalog.failed': ({ key, detail }) => red(`the catalog was not written (${key}): ${detail}`),
  // Waiting and asking again is everyday business; what matters of it shows in the end.
  'request.again': () => undefined,
  'transfer.again': ({ recordingId, reason }) => yellow(`${recordingId} is fetched again: ${reason}`),
  'window.swept': () => undefined,
  'window.failed': ({ window, reason }) => red(`${window} could not be swept: ${reason}`),
  'backfill.finished': () => undefined,
  'verify.mismatch': () => undefined,
  'verify.unread': () => undefined,
  'verify.finished': () => undefined,
  'compact.failed': () => undefined,
  'compact.finished': () => undefined,
  // A terminal serves no requests.
  'request.served': () => undefined,
  'request.failed': () => undefined,
  'recording.archived': (fields) =>
    `${nameOf(fields)} archived: ${formatBytes(fields.bytes)} in ${formatDuration(fields.durationMs)}`,
  'recording.already-archived': (fields) => `${nameOf(fields)} was archived already`,
  'recording.nothing-to-archive': (fields) =>
    `${nameOf(fields)} has nothing to archive: it is ${fields.status}`,
  'recording.not-yet': (fields) => yellow(`${nameOf(fields)} is not available yet: it is ${fields.status}`),
  'recording.throttled': (fields) => yellow(`${nameOf(fields)} was throttled by Bird`),
  'recording.dead-lettered': (fields) =>
    red(`${nameOf(fields)} refused (${fields.reason}): ${fields.detail}`),
  'recording.failed': (fields) => red(`${nameOf(fields)} failed (${fields.reason}): ${fields.detail}`),
}

/** The log for a terminal: a sentence for each event, no time, no level. */
export function createTerminalLog(write: (line: string) => void): Log {
  return {
    event(name, fields) {
      const sentence = SENTENCES[name](fields)
      if (sentence !== undefined) write(sentence)
    },
  }
}
