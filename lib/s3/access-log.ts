import type { S3Client } from '@aws-sdk/client-s3'
import { lockFor, type RetentionPolicy } from '../archive/retention.ts'
import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import { type AccessRecord, readAccess, writeAccess } from '../retrieve/access.ts'
import type { RetrieveKeys } from '../retrieve/keys.ts'
import { type History, isWrittenOver, listHistories, versionIdOf } from './histories.ts'
import type { Texts } from './texts.ts'

/** Which lines are asked for; without a criterion, all of them. */
export interface AccessCriteria {
  /** The first moment. */
  readonly from?: Date | undefined
  /** The first moment that is left out. */
  readonly to?: Date | undefined
  /** Lower-case UUID. */
  readonly recordingId?: string | undefined
  readonly actor?: string | undefined
}

/** A line as it was found; one that cannot be read may be any line, so it is always told. */
export type AccessFound =
  | { readonly kind: 'read'; readonly key: string; readonly record: AccessRecord }
  | { readonly kind: 'unreadable'; readonly key: string; readonly reason: string }

/** Who retrieved what, and why: written once, locked like the recordings, never changed. */
export interface AccessLog {
  /**
   * Writes one line. Nothing may be handed out before this has resolved.
   * @throws StoreError or ConfigurationError if it could not be written
   */
  write(record: AccessRecord, signal: AbortSignal): Promise<void>
  /**
   * Reads lines in order of time.
   * @throws StoreError or ConfigurationError if the bucket fails: what came before it is not all
   */
  read(criteria: AccessCriteria, signal: AbortSignal): AsyncGenerator<AccessFound, void, undefined>
}

const READS_AT_ONCE = 16
const SHOWN = 'what it said is shown'

/** @param options.retention how long a line is kept, counted from its own time */
export function createAccessLog(options: {
  readonly client: S3Client
  readonly bucket: string
  readonly texts: Texts
  readonly keys: RetrieveKeys
  readonly retention: RetentionPolicy
  readonly clock: Clock
}): AccessLog {
  const { client, bucket, texts, keys, retention, clock } = options

  /** S3 lists in the order of the keys' bytes, which is the order of time here, and an empty id comes before every other. */
  async function* listLines({ from, to }: AccessCriteria, signal: AbortSignal) {
    const end = to && keys.access(to, '')
    const startAfter = from && keys.access(from, '')
    for await (const history of listHistories(client, bucket, keys.allAccess(), signal, startAfter)) {
      if (end !== undefined && history.key >= end) return
      yield history
    }
  }

  /** The line as it was written once, and what somebody has done to it since. */
  const readOne = async (history: History, signal: AbortSignal): Promise<readonly AccessFound[]> => {
    const { key, original, marker } = history
    const unreadable = (reason: string): AccessFound => ({ kind: 'unreadable', key, reason })
    const text = original && (await texts.read(key, signal, versionIdOf(original)))
    if (text === undefined)
      return [unreadable('nothing is left of it: somebody deletes lines of the access log')]
    const read = readAccess(text)
    const line: AccessFound = read.ok ? { kind: 'read', key, record: read.record } : unreadable(read.reason)
    if (marker !== undefined) return [line, unreadable(`somebody has deleted it: ${SHOWN}`)]
    const isRewritten = await isWrittenOver(history, (later) => later === text, texts, signal)
    return isRewritten ? [line, unreadable(`somebody has written over it: ${SHOWN}`)] : [line]
  }

  return {
    async write(record, signal) {
      const key = keys.access(record.at, record.id)
      const text = writeAccess(record)
      const lock = lockFor(retention, record.at, clock.now())
      if (await texts.writeOnce(key, text, 'application/x-ndjson', lock, signal)) return
      // After a lost answer the next attempt meets its own object.
      if ((await texts.read(key, signal)) !== text)
        throw new StoreError(`${key} holds another line of the access log`)
    },
    async *read(criteria, signal) {
      const ahead: Promise<readonly AccessFound[]>[] = []
      const next = async (): Promise<readonly AccessFound[]> =>
        ((await ahead.shift()) ?? []).filter((found) => isWanted(found, criteria))
      try {
        for await (const history of listLines(criteria, signal)) {
          const reading = readOne(history, signal)
          // Its failure is met when its turn comes.
          reading.catch(() => undefined)
          ahead.push(reading)
          if (ahead.length >= READS_AT_ONCE) yield* await next()
        }
        while (ahead.length > 0) yield* await next()
      } finally {
        await Promise.allSettled(ahead)
      }
    },
  }
}

function isWanted(found: AccessFound, { from, to, recordingId, actor }: AccessCriteria): boolean {
  if (found.kind === 'unreadable') return true
  const { record } = found
  if (from !== undefined && record.at < from) return false
  if (to !== undefined && record.at >= to) return false
  if (recordingId !== undefined && !record.recordingIds.includes(recordingId)) return false
  return actor === undefined || record.actor === actor
}
