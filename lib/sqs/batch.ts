import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import { type ArchiveRequest, type Delivery, parseMessage } from '../archive/message.ts'
import {
  type Archived,
  concernsAll,
  type Disposition,
  disposeOf,
  type FailureReason,
  type Outcome,
} from '../archive/outcome.ts'
import { type Clock, type Deadline, limitTime } from '../deadline.ts'
import { describeError, StoppedError } from '../errors.ts'
import type { Log, RecordingFields } from '../log.ts'
import { toEmbeddedMetrics } from '../metrics.ts'
import type { Queue } from './queue.ts'
import { attemptOf, readRecord } from './record.ts'
import { reportOutcome } from './report.ts'
import { createTurns, type TakeTurn } from './turns.ts'

/** What a batch is run with. */
export interface BatchSystems {
  archive(
    request: ArchiveRequest,
    delivery: Delivery,
    time: WorkTime,
    takeTurn: <T>(time: WorkTime, transfer: (time: WorkTime) => Promise<T>) => Promise<T>,
  ): Promise<Archived>
  /** Resolves to the positions of the sidecars whose rows could not be written. */
  writeCatalog(sidecars: readonly string[], batchId: string, signal: AbortSignal): Promise<readonly number[]>
  readonly queue: Queue
  readonly clock: Clock
  readonly log: Log
  writeMetrics(line: string): void
  /** Whose metrics they are. */
  readonly functionName: string
  readonly workspaceId: string
  /** Recordings transferred at once; as many again are looked up meanwhile. */
  readonly concurrency: number
  readonly notReadyHours: number
  /** The longest that one recording may take, in milliseconds. */
  readonly recordingLimitMs: number
}

/** How a piece of work is told to stop, and how long it may wait for anything. */
interface WorkTime {
  readonly signal: AbortSignal
  patienceMs(): number
}

/** What one message came to. */
interface Result {
  readonly messageId: string
  readonly outcome: Outcome
  readonly action: Disposition['action']
  readonly sidecar: string | undefined
}

/** The catalog is written even when time is up for everything else; this is part of the time kept for cleaning up. */
const CATALOG_MS = 5_000
/** Kept for the answer itself: without it the whole batch would count as failed. */
const ANSWER_MS = 250

/**
 * Archives a batch of queue messages, `concurrency` at a time, and answers which of them SQS has to deliver again.
 * A message is left out of that answer only when it is positively accounted for: archived and in the catalog, nothing
 * to archive, or taken by a queue. When the answer is given nothing is running any more. Never rejects.
 * Source: Lambda Developer Guide, "Implementing partial batch responses" (`ReportBatchItemFailures`).
 */
export async function archiveBatch(
  event: SQSEvent,
  batchId: string,
  deadline: Deadline,
  systems: BatchSystems,
): Promise<SQSBatchResponse> {
  const { log, clock } = systems
  const startedAt = clock.now()
  log.event('batch.started', { messages: event.Records.length, remainingMs: deadline.remainingMs() })

  const turns = createTurns(systems.concurrency)
  const results = await Promise.all(
    event.Records.map((record) => turns.run((takeTurn) => handle(record, deadline, systems, takeTurn))),
  )
  const settled = await withCatalog(results, batchId, deadline, systems)

  const unfinished = settled.filter(({ action }) => action === 'fail')
  const now = clock.now()
  const remainingMs = deadline.remainingMs()
  const { functionName } = systems
  systems.writeMetrics(toEmbeddedMetrics({ functionName, outcomes: settled, now, remainingMs }))
  log.event('batch.finished', {
    messages: settled.length,
    failed: unfinished.length,
    durationMs: now.getTime() - startedAt.getTime(),
    remainingMs,
  })
  return { batchItemFailures: unfinished.map(({ messageId }) => ({ itemIdentifier: messageId })) }
}

async function handle(
  record: SQSRecord,
  deadline: Deadline,
  systems: BatchSystems,
  takeTurn: TakeTurn,
): Promise<Result> {
  const { clock, log } = systems
  const startedAt = clock.now()
  const { messageId } = record
  const attempt = attemptOf(record)
  const message = readRecord(record, startedAt)
  const parsed = parseMessage(message, systems.workspaceId)
  const { outcome, sidecar } = parsed.readable
    ? await attemptArchive(parsed.request, { messageId, attempt }, deadline, systems, takeTurn)
    : { outcome: unreadable(parsed.reason) }

  const history = parsed.readable ? parsed.request : { firstSeenAt: message.sentAt, deferrals: 0 }
  const fields = (): RecordingFields => ({
    messageId,
    ...(parsed.readable && {
      recordingId: parsed.request.recordingId,
      workspaceId: parsed.request.workspaceId,
    }),
    attempt,
    durationMs: clock.now().getTime() - startedAt.getTime(),
  })
  const disposition = disposeOf(outcome, history, clock.now(), systems.notReadyHours)
  try {
    await moveOn(messageId, message, disposition, history.firstSeenAt, systems.queue, deadline.signal)
    reportOutcome(log, outcome, disposition, fields(), clock.now())
    return { messageId, outcome, action: disposition.action, sidecar }
  } catch (error) {
    const reason: unknown = deadline.signal.reason
    const failure =
      reason instanceof StoppedError
        ? whyStopped(reason)
        : failed('unexpected', `${disposition.action} failed: ${describeError(error)}`)
    reportOutcome(log, failure, { action: 'fail' }, fields(), clock.now())
    return { messageId, outcome: failure, action: 'fail', sidecar: undefined }
  }
}

async function attemptArchive(
  request: ArchiveRequest,
  delivery: Delivery,
  deadline: Deadline,
  systems: BatchSystems,
  takeTurn: TakeTurn,
): Promise<Archived> {
  const { recordingLimitMs, clock, log } = systems
  /** Does one step within a recording's time; the time that it waits for its turn is not the step's. */
  const inTime = async <T>(step: (time: WorkTime) => Promise<T>): Promise<T> => {
    deadline.signal.throwIfAborted()
    if (!deadline.mayStart()) throw new StoppedError('deadline')
    using limit = limitTime(recordingLimitMs, deadline.signal)
    const endsAtMs = clock.now().getTime() + recordingLimitMs
    return await step({
      signal: limit.signal,
      patienceMs: () => Math.min(deadline.patienceMs(), endsAtMs - clock.now().getTime()),
    })
  }
  try {
    const archived = await inTime((time) =>
      systems.archive(request, delivery, time, (_time, transfer) => takeTurn(() => inTime(transfer))),
    )
    const { outcome } = archived
    if (concernsAll(outcome, request.workspaceId, systems.workspaceId) && !deadline.signal.aborted) {
      log.event('batch.stopped', { reason: outcome.reason, detail: outcome.detail })
      deadline.stop('batch-stopped')
    }
    return archived
  } catch (error) {
    return {
      outcome: error instanceof StoppedError ? whyStopped(error) : failed('unexpected', describeError(error)),
    }
  }
}

function whyStopped({ why }: StoppedError): Outcome {
  if (why === 'batch-stopped')
    return failed('misconfigured', 'not finished: the batch was stopped by a configuration fault')
  if (why === 'recording-time-limit') return failed('time-limit', 'the recording took longer than one may')
  return failed('out-of-time', "the function's time is nearly up")
}

async function moveOn(
  messageId: string,
  message: { readonly body: string; readonly attributes: Readonly<Record<string, string>> },
  disposition: Disposition,
  firstSeenAt: Date,
  queue: Queue,
  signal: AbortSignal,
): Promise<void> {
  const seen = firstSeenAt.toISOString()
  if (disposition.action === 'defer') {
    const attributes = { firstSeenAt: seen, deferrals: String(disposition.deferrals) }
    await queue.defer(
      { ...message, attributes: withoutDeadLetterMarks(message.attributes) },
      disposition.delaySeconds,
      attributes,
      signal,
    )
  }
  if (disposition.action === 'dead-letter') {
    const { reason, detail } = disposition
    await queue.deadLetter(
      message,
      { reason, detail, firstSeenAt: seen, originalMessageId: messageId },
      signal,
    )
  }
}

/** A message that came back from the dead-letter queue is a message like any other once it is sent again. */
function withoutDeadLetterMarks(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const { reason: _reason, detail: _detail, originalMessageId: _id, ...others } = attributes
  return others
}

/** What is archived but not in the catalog is reported failed: its redelivery writes the row, and nothing else. */
async function withCatalog(
  results: readonly Result[],
  batchId: string,
  deadline: Deadline,
  systems: BatchSystems,
): Promise<readonly Result[]> {
  const withSidecar = results.filter((result) => result.sidecar !== undefined)
  if (withSidecar.length === 0) return results
  const sidecars = withSidecar.map(({ sidecar }) => sidecar ?? '')
  const catalogMs = Math.floor(Math.max(Math.min(CATALOG_MS, deadline.remainingMs() - ANSWER_MS), 0))
  const missing = await systems.writeCatalog(sidecars, batchId, AbortSignal.timeout(catalogMs))
  const unlisted = new Set(missing.map((position) => withSidecar[position]))
  return results.map((result) =>
    unlisted.has(result)
      ? {
          ...result,
          outcome: failed('storage', 'archived, but the catalog could not be written'),
          action: 'fail',
        }
      : result,
  )
}

function unreadable(detail: string): Outcome {
  return { kind: 'refused', reason: 'unreadable-message', detail }
}

function failed(reason: FailureReason, detail: string): Outcome {
  return { kind: 'failed', reason, detail }
}
