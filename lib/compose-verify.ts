import { randomBytes, randomUUID } from 'node:crypto'
import type { Context } from 'aws-lambda'
import { type ArchiveConfig, readArchiveConfig } from './archive-config.ts'
import { createKeys } from './archive/keys.ts'
import { createBackfillKeys } from './backfill/keys.ts'
import { takeTurns } from './backfill/schedule.ts'
import { type Clock, createDeadline, systemClock } from './deadline.ts'
import { tuneEngine } from './engine.ts'
import { ConfigurationError, StoppedError } from './errors.ts'
import { logVerify } from './log-verify.ts'
import { createJsonLog, type Log, writeLine } from './log.ts'
import { createRetrieveKeys } from './retrieve/keys.ts'
import { connectS3 } from './s3/client.ts'
import { createDirectRequests } from './s3/direct.ts'
import { createDocuments } from './s3/documents.ts'
import { createExaminer } from './s3/examine.ts'
import { createExpectedHolds } from './s3/expected-holds.ts'
import { createInventory } from './s3/inventory.ts'
import { createLedgers } from './s3/ledgers.ts'
import { createReread } from './s3/reread.ts'
import { createSelector } from './s3/selection.ts'
import { createTexts } from './s3/texts.ts'
import { createVault } from './s3/vault.ts'
import { createVerifyRecords } from './s3/verify-records.ts'
import { toVerifyMetrics } from './verify-metrics.ts'
import { describeConfidence } from './verify/confidence.ts'
import { createVerifyKeys } from './verify/keys.ts'
import type { Scope, VerifyEnd } from './verify/order.ts'
import { readVerifyRequest, type VerifyRequest } from './verify/schedule.ts'
import { verify, type VerifySystems } from './verify/verify.ts'
import { VERSION } from './version.ts'
import { explainFault, wireOrExplain } from './wire-or-explain.ts'

/** What may be set beside the environment: nothing that a deployment needs, all that a test or a terminal does. */
export interface VerifyOptions {
  readonly log?: Log
  readonly clock?: Clock
  readonly writeMetrics?: (line: string) => void
  /** The longest that reading one recording may take, in milliseconds. */
  readonly recordingLimitMs?: number
  /** Recordings of one part of the whole archive. */
  readonly partRecordings?: number
}

/** What checks, wired; shared by the deployed function and the terminal. */
export interface Verifier {
  readonly systems: VerifySystems
  readonly log: Log
  close(): Promise<void>
}

/** Sixteen recordings are read at once, and sixteen listings go on at once, with documents beside them. */
const SOCKETS = 40
/** A part of the whole archive: after a kill it is read again from its beginning. */
const PART_RECORDINGS = 10_000
/** A sample is read each day. */
const DAY_MS = 86_400_000

/** Wires what checks from its configuration; it needs no key of Bird's and no queue. */
export function composeVerifier(config: ArchiveConfig, options: VerifyOptions = {}): Verifier {
  tuneEngine()
  const { clock = systemClock, recordingLimitMs, partRecordings = PART_RECORDINGS } = options
  const { bucket, prefix, retention } = config
  const log = options.log ?? createJsonLog(writeLine, config.logLevel, clock.now)
  const s3 = connectS3({ forcePathStyle: config.forcePathStyle, sockets: SOCKETS })
  const direct = createDirectRequests(s3.client, bucket, s3.http, clock)
  const texts = createTexts({ client: s3.client, direct, bucket }, clock)
  const documents = createDocuments(s3.client, bucket, clock, randomUUID)
  const keys = createKeys(prefix)
  const vault = createVault(s3.client, bucket, texts, keys, clock)
  const inventory = createInventory(s3.client, bucket, keys)
  return {
    systems: {
      inventory,
      selector: createSelector(inventory, createLedgers(documents, createBackfillKeys(prefix))),
      examine: createExaminer({
        vault,
        reread: createReread(vault),
        expectedHolds: createExpectedHolds(documents, createRetrieveKeys(prefix), clock),
        retention,
        clock,
        ...(recordingLimitMs !== undefined && { recordingLimitMs }),
      }),
      records: createVerifyRecords({
        documents,
        texts,
        keys: createVerifyKeys(prefix),
        retention,
        clock,
        version: VERSION,
        createId: () => randomBytes(4).toString('hex'),
      }),
      partRecordings,
      clock,
    },
    log,
    close: () => s3.close(),
  }
}

/** A seed that nobody can know beforehand. */
export function createSeed(): string {
  return randomBytes(8).toString('hex')
}

/** What the deployed function answers, for whoever calls it by hand. */
export interface VerifyAnswer {
  readonly finished: boolean
  readonly workspaces: readonly {
    readonly workspaceId: string
    readonly why: VerifyEnd['why']
    readonly counts: VerifyEnd['account']['tally']
    readonly reportKeys: readonly string[]
  }[]
}

/** A Lambda handler for a schedule's event. */
export type VerifyHandler = (event: unknown, context: Context) => Promise<VerifyAnswer>

/** Wires the deployed verify function. The environment is read at the first event. */
export function composeVerifyFunction(
  environment: Readonly<Record<string, string | undefined>>,
  options: VerifyOptions = {},
): VerifyHandler {
  let run: VerifyHandler | undefined
  return async (event, context) => {
    run ??= wireOrExplain(() => wireVerify(readArchiveConfig(environment), options), options.log)
    return await run(event, context)
  }
}

function wireVerify(config: ArchiveConfig, options: VerifyOptions): VerifyHandler {
  const { systems, log } = composeVerifier(config, options)
  const { clock } = systems
  return async (event, context) => {
    const read = readVerifyRequest(event)
    if (!read.ok) {
      log.event('configuration.fault', { faults: read.faults })
      throw new ConfigurationError(read.faults)
    }
    using deadline = createDeadline(() => context.getRemainingTimeInMillis())
    const ends: { readonly workspaceId: string; readonly end: VerifyEnd }[] = []
    const faults: unknown[] = []
    for (const workspaceId of takeTurns(config.workspaceIds, clock.now(), DAY_MS)) {
      const order = { workspaceId, scope: toScope(read.request), by: 'schedule' } as const
      const end = await verify(order, systems, deadline, (happened) =>
        logVerify(log, workspaceId, happened),
      ).catch((error: unknown) => {
        if (!(error instanceof StoppedError)) faults.push(error)
        return undefined
      })
      // What is wrong in one workspace must not keep the others waiting.
      if (end === undefined) continue
      ends.push({ workspaceId, end })
      const { why, account, reportKeys, confidence } = end
      log.event('verify.finished', {
        workspaceId,
        scope: order.scope.kind,
        why,
        counts: { ...account.tally },
        reportKeys,
        ...(confidence !== undefined && { confidence: describeConfidence(confidence) }),
      })
    }
    // A part of everything is all that one run is to read of it.
    const isEnough = ({ why, reportKeys }: VerifyEnd): boolean =>
      why === 'finished' || (read.request.verify === 'all' && reportKeys.length > 0)
    const finished = ends.length === config.workspaceIds.length && ends.every(({ end }) => isEnough(end))
    ;(options.writeMetrics ?? writeLine)(
      toVerifyMetrics({
        functionName: context.functionName,
        finished,
        tallies: ends.map(({ end }) => end.account.tally),
        now: clock.now(),
      }),
    )
    if (faults.length > 0) {
      log.event('configuration.fault', { faults: faults.flatMap(explainFault) })
      throw new ConfigurationError(faults.flatMap(explainFault), { cause: faults[0] })
    }
    return {
      finished,
      workspaces: ends.map(({ workspaceId, end: { why, account, reportKeys } }) => ({
        workspaceId,
        why,
        counts: account.tally,
        reportKeys,
      })),
    }
  }
}

function toScope(request: VerifyRequest): Scope {
  if (request.verify === 'all') return { kind: 'all' }
  return { kind: 'sample', size: request.sample, seed: request.seed ?? createSeed() }
}
