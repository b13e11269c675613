import { randomUUID } from 'node:crypto'
import { SQSClient } from '@aws-sdk/client-sqs'
import type { Context } from 'aws-lambda'
import { createKeys } from './archive/keys.ts'
import type { Known } from './backfill/account.ts'
import { backfill, type BackfillSystems } from './backfill/backfill.ts'
import { createBackfillKeys } from './backfill/keys.ts'
import { countDone } from './backfill/mark.ts'
import type { BackfillEnd } from './backfill/order.ts'
import { readSweepRequest, takeTurns } from './backfill/schedule.ts'
import { lastDays } from './backfill/window.ts'
import { createBirdClient, DEFAULT_BIRD_LIMITS } from './bird/client.ts'
import { getRecordingMetrics } from './bird/list.ts'
import { askAll, askFor, surveyWindow } from './bird/survey.ts'
import { accessKeyFrom } from './compose-key.ts'
import { type Config, readConfig } from './config.ts'
import { type Clock, createDeadline, systemClock } from './deadline.ts'
import { tuneEngine } from './engine.ts'
import { ConfigurationError, StoppedError } from './errors.ts'
import { logBackfill } from './log-backfill.ts'
import { createJsonLog, type Log, writeLine } from './log.ts'
import { createAttester } from './s3/attester.ts'
import { connectS3 } from './s3/client.ts'
import { createDirectRequests } from './s3/direct.ts'
import { createDocuments, type Documents } from './s3/documents.ts'
import { createLedgers } from './s3/ledgers.ts'
import { openPass } from './s3/pass.ts'
import { createReports } from './s3/reports.ts'
import { createSidecars } from './s3/sidecars.ts'
import { createTexts } from './s3/texts.ts'
import { createDeadLetters, type DeadLetters } from './sqs/dead-letters.ts'
import { createFeed } from './sqs/feed.ts'
import { createSender } from './sqs/send.ts'
import { toSweepMetrics } from './sweep-metrics.ts'
import { VERSION } from './version.ts'
import { explainFault, wireOrExplain } from './wire-or-explain.ts'

/** What may be set beside the environment: nothing that a deployment needs, all that a test or a terminal does. */
export interface BackfillOptions {
  readonly log?: Log
  readonly clock?: Clock
  readonly writeMetrics?: (line: string) => void
  /** How often a full queue is looked at, in milliseconds. */
  readonly pollMs?: number
  /** Recordings of one window that are held at once. */
  readonly windowLimit?: number
}

/** The backfiller, wired; shared by the deployed function and the terminal. */
export interface Backfiller {
  readonly systems: BackfillSystems
  readonly documents: Documents
  readonly log: Log
  readonly windowLimit: number
  /** Requests made to Bird so far. */
  requestsToBird(): number
  close(): Promise<void>
}

/** Some 20 MB of ids and metadata: 202 pages of Bird's list, so a window fits into one run of the function. */
const WINDOW_LIMIT = 20_000
const POLL_MS = 5_000
/** Dead letters that a sweep reads the reasons of; a recording beyond them is sent again, which does no harm. */
const DEAD_LETTERS_READ = 10_000
const SOCKETS = 40

/** Wires the backfiller from its configuration, which must name the queues. */
export function composeBackfiller(config: Config, options: BackfillOptions = {}): Backfiller {
  tuneEngine()
  const { clock = systemClock, windowLimit = WINDOW_LIMIT } = options
  const log = options.log ?? createJsonLog(writeLine, config.logLevel, clock.now)
  const client = createBirdClient({
    apiUrl: config.birdApiUrl,
    accessKey: accessKeyFrom(config),
    requestsPerSecond: config.requestsPerSecond,
    yields: true,
    limits: DEFAULT_BIRD_LIMITS,
    clock,
    log,
  })
  const s3 = connectS3({ forcePathStyle: config.forcePathStyle, sockets: SOCKETS })
  const { bucket, prefix, retention } = config
  const direct = createDirectRequests(s3.client, bucket, s3.http, clock)
  const place = { client: s3.client, direct, bucket }
  const store = createTexts(place, clock)
  const sidecars = createSidecars(s3.client, bucket, store, createKeys(prefix))
  const keys = createBackfillKeys(prefix)
  const documents = createDocuments(s3.client, bucket, clock, randomUUID)
  const ledgers = createLedgers(documents, keys)
  const { queueUrl = '', deadLetterQueueUrl = '' } = config.queues ?? {}
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false })
  const sender = createSender(queueUrl, clock)
  const { maxQueued } = config
  const pollMs = options.pollMs ?? POLL_MS
  const feed = createFeed({ client: sqs, queueUrl, sender, maxQueued, pollMs, clock })
  const deadLetters = createDeadLetters(queueUrl, deadLetterQueueUrl)
  return {
    systems: {
      bird: {
        survey: (workspaceId, window, limit, time) => surveyWindow(client, workspaceId, window, limit, time),
        ask: (workspaceId, recordingId, time) => askFor(client, workspaceId, recordingId, time),
        askAll: (workspaceId, ids, time) => askAll(client, workspaceId, ids, time),
      },
      sidecars,
      ledgers,
      openPass: (order, now, signal) => openPass(order, ledgers, now, signal),
      attest: createAttester({ sidecars, store, place, keys, retention, version: VERSION }),
      reports: createReports({
        ledgers,
        documents,
        store,
        keys,
        countAtBird: (workspaceId, time) => getRecordingMetrics(client, workspaceId, time),
        version: VERSION,
      }),
      feed,
      learn: async (workspaceId, signal) => ({
        ...(await learnDeadLetters(workspaceId, config.workspaceId, deadLetters, signal)),
        givenUp: await learnGivenUp(documents, keys.allDropped(workspaceId), signal),
        queueIsEmpty: (await feed.count(signal)).all === 0,
      }),
      clock,
    },
    log,
    documents,
    windowLimit,
    requestsToBird: () => client.requests(),
    async close() {
      sender.close()
      sqs.destroy()
      deadLetters.close()
      await Promise.all([client.close(), s3.close()])
    },
  }
}

async function learnDeadLetters(
  workspaceId: string,
  defaultWorkspaceId: string,
  deadLetters: DeadLetters,
  signal: AbortSignal,
): Promise<Pick<Known, 'deadLetters'>> {
  const { letters } = await deadLetters.peek(DEAD_LETTERS_READ, signal)
  const reasons = letters.flatMap(({ recordingId, workspaceId: named = defaultWorkspaceId, reason }) =>
    recordingId === undefined || named !== workspaceId ? [] : [[recordingId, reason] as const],
  )
  return { deadLetters: new Map(reasons) }
}

async function learnGivenUp(
  documents: Documents,
  prefix: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  for await (const key of documents.list(prefix, signal))
    ids.add(key.slice(prefix.length).replace(/\.json$/, ''))
  return ids
}

/** What the deployed function answers, for whoever calls it by hand. */
export interface SweepAnswer {
  readonly finished: boolean
  readonly workspaces: readonly { readonly workspaceId: string; readonly why: BackfillEnd['why'] }[]
}

/** A Lambda handler for a schedule's event. */
export type SweepHandler = (event: unknown, context: Context) => Promise<SweepAnswer>

/** Wires the deployed backfill function. The environment is read at the first event. */
export function composeBackfillFunction(
  environment: Readonly<Record<string, string | undefined>>,
  options: BackfillOptions = {},
): SweepHandler {
  let run: SweepHandler | undefined
  return async (event, context) => {
    run ??= wireOrExplain(() => wireSweep(readConfig(environment, { queues: true }), options), options.log)
    return await run(event, context)
  }
}

function wireSweep(config: Config, options: BackfillOptions): SweepHandler {
  const backfiller = composeBackfiller(config, options)
  const { systems, windowLimit, log } = backfiller
  const { clock } = systems
  return async (event, context) => {
    const read = readSweepRequest(event)
    if (!read.ok) {
      log.event('configuration.fault', { faults: read.faults })
      throw new ConfigurationError(read.faults)
    }
    const { sweep, days } = read.request
    using deadline = createDeadline(() => context.getRemainingTimeInMillis())
    const requestsBefore = backfiller.requestsToBird()
    const ends: { readonly workspaceId: string; readonly end: BackfillEnd }[] = []
    const faults: unknown[] = []
    const late: string[] = []
    for (const workspaceId of takeTurns(config.backfillWorkspaceIds, clock.now())) {
      const order = { workspaceId, name: sweep, range: lastDays(days, clock.now()), windowLimit }
      const end = await backfill(
        { ...order, looksOnly: false, isScheduled: true },
        systems,
        deadline,
        (happened) => logBackfill(log, workspaceId, happened),
      ).catch((error: unknown) => {
        if (error instanceof StoppedError) late.push(workspaceId)
        else faults.push(error)
      })
      // What is wrong with one workspace (a key without rights to it) must not keep the others waiting.
      if (end === undefined) continue
      ends.push({ workspaceId, end })
      const { why, mark } = end
      log.event('backfill.finished', { workspaceId, sweep, why, days: countDone(mark), tally: mark.tally })
    }
    const whys = [
      ...ends.map(({ workspaceId, end: { why } }) => ({ workspaceId, why })),
      ...late.map((workspaceId) => ({ workspaceId, why: 'out-of-time' as const })),
    ]
    // What is looked at again on older days may wait; the range itself may not.
    const finished = faults.length + late.length === 0 && ends.every(({ end }) => end.whole !== undefined)
    const count = {
      functionName: context.functionName,
      finished,
      reports: ends.map(({ end }) => end.report),
      failures: ends.reduce((sum, { end }) => sum + end.failures.length, faults.length),
      sent: ends.reduce((sum, { end }) => sum + end.sent, 0),
      requestsToBird: backfiller.requestsToBird() - requestsBefore,
      now: clock.now(),
    }
    ;(options.writeMetrics ?? writeLine)(toSweepMetrics(count))
    if (faults.length > 0) {
      log.event('configuration.fault', { faults: faults.flatMap(explainFault) })
      throw new ConfigurationError(faults.flatMap(explainFault), { cause: faults[0] })
    }
    return { finished, workspaces: whys }
  }
}
