import { randomUUID } from 'node:crypto'
import pLimit from 'p-limit'
import { archiveRecording } from '../archive/archive.ts'
import { type Archived, concernsAll, type Outcome } from '../archive/outcome.ts'
import type { Archiver } from '../compose.ts'
import { type Deadline, limitTime } from '../deadline.ts'
import { describeError, StoppedError } from '../errors.ts'
import type { AskedFor } from './ids.ts'

/** What became of one recording; `left` was not begun, or given up when the run was stopped. */
export interface Result {
  readonly recordingId: string
  readonly workspaceId: string
  readonly durationMs: number
  readonly outcome: Outcome | { readonly kind: 'left' }
}

export interface ArchiveListOptions {
  readonly archiver: Archiver
  readonly workspaceId: string
  readonly concurrency: number
  /** Stops all that is running. */
  readonly deadline: Deadline
  /** Once aborted, nothing new is begun; what is running comes to its end. */
  readonly noMore: AbortSignal
  /** Told of each recording as soon as the work on it is over. */
  readonly onProgress: (outcome: Result['outcome']) => void
  /** Told each final result, once its catalog row is written. */
  readonly onResult: (result: Result) => void
}

/** Rows in one catalog object at most: few objects make a fast search, but a run that is killed loses what it holds back. */
const CATALOG_BATCH = 100
const CATALOG_EVERY_MS = 5000
const CATALOG_LIMIT_MS = 60_000
/** At a terminal nobody pays for waiting: throttling is waited out for as long as this. */
const PATIENCE_MS = 300_000

/**
 * Archives recordings without a queue, `concurrency` at a time, and writes their catalog rows in batches. A fault of the
 * configuration stops the run, unless it lies in a workspace that only this recording is of. Never rejects; each recording has one result.
 */
export async function archiveList(
  recordings: readonly AskedFor[],
  options: ArchiveListOptions,
): Promise<Result[]> {
  const { archiver, deadline, noMore } = options
  const limit = pLimit(options.concurrency)
  const results: Result[] = []
  let flushedMs = Date.now()
  let unlisted: { result: Result; sidecar: string }[] = []
  const settle = (result: Result): void => {
    results.push(result)
    options.onResult(result)
  }
  const flush = async (): Promise<void> => {
    const batch = unlisted
    unlisted = []
    flushedMs = Date.now()
    if (batch.length === 0) return
    const sidecars = batch.map(({ sidecar }) => sidecar)
    const signal = AbortSignal.timeout(CATALOG_LIMIT_MS)
    const missing = new Set(await archiver.writeCatalog(sidecars, randomUUID(), signal))
    for (const [position, { result }] of batch.entries()) {
      const detail = 'archived, but the catalog could not be written'
      settle(
        missing.has(position)
          ? { ...result, outcome: { kind: 'failed', reason: 'storage', detail } }
          : result,
      )
    }
  }
  const archiveOne = async (asked: AskedFor): Promise<void> => {
    const { recordingId, workspaceId = options.workspaceId } = asked
    const startedMs = Date.now()
    const { outcome, sidecar } =
      noMore.aborted || deadline.signal.aborted
        ? { outcome: { kind: 'left' as const }, sidecar: undefined }
        : await attempt(recordingId, workspaceId, options)
    const result = { recordingId, workspaceId, durationMs: Date.now() - startedMs, outcome }
    options.onProgress(outcome)
    if (outcome.kind !== 'left' && concernsAll(outcome, workspaceId, options.workspaceId))
      deadline.stop('batch-stopped')
    if (sidecar === undefined) settle(result)
    else unlisted.push({ result, sidecar })
    if (unlisted.length >= CATALOG_BATCH || Date.now() - flushedMs > CATALOG_EVERY_MS) await flush()
  }
  await Promise.all(recordings.map((asked) => limit(() => archiveOne(asked))))
  await flush()
  return results
}

async function attempt(
  recordingId: string,
  workspaceId: string,
  { archiver, deadline }: ArchiveListOptions,
): Promise<Omit<Archived, 'outcome'> & { outcome: Result['outcome'] }> {
  using limit = limitTime(archiver.recordingLimitMs, deadline.signal)
  const request = { recordingId, workspaceId, firstSeenAt: new Date(), deferrals: 0 }
  const delivery = { messageId: `terminal-${randomUUID()}`, attempt: 1 }
  const patienceMs = (): number => Math.min(deadline.patienceMs(), PATIENCE_MS)
  try {
    return await archiveRecording(request, delivery, archiver.systems, { signal: limit.signal, patienceMs })
  } catch (error) {
    if (deadline.signal.aborted) return { outcome: { kind: 'left' } }
    const tooLong = error instanceof StoppedError
    const detail = tooLong ? 'the recording took longer than one may' : describeError(error)
    return { outcome: { kind: 'failed', reason: tooLong ? 'time-limit' : 'unexpected', detail } }
  }
}
