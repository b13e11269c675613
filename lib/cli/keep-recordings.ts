import pLimit from 'p-limit'
import { type ArchiveConfig, readArchiveConfig } from '../archive-config.ts'
import { composeKeeper, type Keeper } from '../compose-keep.ts'
import { ConfigurationError, describeError, StoreError } from '../errors.ts'
import { type AccessAction, type AccessRecord, checkText } from '../retrieve/access.ts'
import type { Requester } from '../retrieve/retrieve.ts'
import { findKeptObjects, type KeptObjects } from '../s3/kept-objects.ts'
import { readRequester, type WhoAndWhy } from './access-options.ts'
import { type KeepReport, type KeepResult, reportKeep } from './keep-report.ts'
import { EXIT } from './exit-codes.ts'
import { printHint, printProblem } from './print.ts'
import { printError } from './print-error.ts'
import { createProgress, NO_PROGRESS } from './progress.ts'
import { type SelectedRecording, selectRecordings, type SelectionOptions } from './select-recordings.ts'
import { UsageError } from './usage-error.ts'
import { watchSignals } from './watch-signals.ts'

/** The options of a command that changes how recordings are kept. */
export interface KeepOptions extends SelectionOptions, WhoAndWhy {
  readonly dryRun: boolean
  readonly json: boolean
}

/** Who keeps, why, and with what. */
export interface KeepTools {
  readonly keeper: Keeper
  readonly requester: Requester & { readonly reason: string }
  readonly dryRun: boolean
  readonly signal: AbortSignal
  /** Writes the line of the access log; nothing may be changed before it has resolved. */
  note(
    this: void,
    action: AccessAction,
    recording: { readonly workspaceId: string; readonly recordingId: string },
    detail: string,
  ): Promise<void>
}

/** What is to be done with each recording. */
export interface KeepJob {
  /** As a word: `holding`. */
  readonly title: string
  /** What becomes of one recording, or with `dryRun` would. */
  work(this: void, recording: SelectedRecording, tools: KeepTools): Promise<KeepResult>
}

const AT_ONCE = 8

/**
 * Does a job with every selected recording, and reports on each. Resolves to the exit code. Nothing is remembered between
 * runs: the bucket says what is left, so that running it again does that and nothing twice.
 * @param caseNumber goes into each line of the access log
 */
export async function keepRecordings(
  given: readonly string[],
  options: KeepOptions,
  caseNumber: string | undefined,
  prepare: (config: ArchiveConfig) => KeepJob,
): Promise<number> {
  const { dryRun, json } = options
  const config = readArchiveConfig(process.env)
  const job = prepare(config)
  const requester = { ...readRequesterWithReason(options, config), caseNumber }
  const giveUp = new AbortController()
  using signals = watchSignals({
    onFirst: () => printHint('What has been begun comes to its end. Ctrl-C again gives it up.'),
    onSecond: () => giveUp.abort(),
  })
  const selected = await selectRecordings(given, options, requester, config, signals.stopped).catch(
    (error: unknown) => {
      if (signals.exitCode() === undefined) throw error
    },
  )
  if (selected === undefined) {
    printProblem('interrupted while recordings were looked up; nothing was changed')
    return signals.exitCode() ?? EXIT.interrupted
  }
  const { recordings, criteria, reasons } = selected
  const keeper = composeKeeper(config)
  const tools: KeepTools = {
    keeper,
    requester,
    dryRun,
    signal: giveUp.signal,
    note(action, { workspaceId, recordingId }, detail) {
      const record: AccessRecord = {
        ...requester,
        id: keeper.newId(),
        at: keeper.clock.now(),
        action,
        workspaceId,
        recordingIds: [recordingId],
        criteria,
        detail,
      }
      return keeper.accessLog.write(record, giveUp.signal)
    },
  }
  const progress = json ? NO_PROGRESS : createProgress(job.title, recordings.length)
  try {
    const run = await runAll(recordings, job, tools, signals.stopped, (done) => progress.update(done, ''))
    progress.stop()
    const code = reportKeep({ ...run, all: recordings.length, reasons, dryRun, json })
    if (run.fault !== undefined) return printError(run.fault)
    return signals.exitCode() ?? code
  } finally {
    progress.stop()
    await keeper.close()
  }
}

/** Works on recordings side by side. What fails is told and keeps no other waiting, unless the configuration is at fault. */
async function runAll(
  recordings: readonly SelectedRecording[],
  job: KeepJob,
  tools: KeepTools,
  noMore: AbortSignal,
  onDone: (done: number) => void,
): Promise<Pick<KeepReport, 'results'> & { readonly fault: ConfigurationError | undefined }> {
  const limit = pLimit(AT_ONCE)
  const results = new Map<number, KeepResult>()
  const faults: ConfigurationError[] = []
  const workOn = async (recording: SelectedRecording, index: number): Promise<void> => {
    if (noMore.aborted || faults.length > 0) return
    try {
      results.set(index, await job.work(recording, tools))
    } catch (error) {
      if (tools.signal.aborted) return
      if (error instanceof ConfigurationError) faults.push(error)
      results.set(index, failed(recording.recordingId, explain(error)))
    }
    onDone(results.size)
  }
  await Promise.all(recordings.map((recording, index) => limit(() => workOn(recording, index))))
  const inOrder = [...results].toSorted(([one], [other]) => one - other).map(([, result]) => result)
  return { results: inOrder, fault: faults[0] }
}

function explain(error: unknown): string {
  if (error instanceof ConfigurationError) return error.faults.join(' · ')
  return error instanceof StoreError ? error.message : describeError(error)
}

function failed(recordingId: string, detail: string): KeepResult {
  return { recordingId, workspaceId: undefined, outcome: 'failed', detail, isLeft: true }
}

/** Finds a recording's objects and does something with them; what is wrong with them is told in the end. */
export function withObjects(
  work: (
    kept: KeptObjects,
    tools: KeepTools,
  ) => Promise<Pick<KeepResult, 'outcome' | 'detail'> & { readonly isLeft?: boolean }>,
): KeepJob['work'] {
  return async ({ recordingId, workspaceIds }, tools) => {
    const kept = await findKeptObjects(tools.keeper, workspaceIds, recordingId, tools.signal)
    if (kept === undefined) return failed(recordingId, `it is not archived in ${workspaceIds.join(', ')}`)
    const { outcome, detail, isLeft = false } = await work(kept, tools)
    const details = [detail, kept.fault].filter((part) => part !== undefined)
    return {
      recordingId,
      workspaceId: kept.workspaceId,
      outcome,
      detail: details.length === 0 ? undefined : details.join('; '),
      isLeft: isLeft || kept.fault !== undefined,
    }
  }
}

function readRequesterWithReason(
  options: WhoAndWhy,
  config: ArchiveConfig,
): Requester & { readonly reason: string } {
  const requester = readRequester(options, config)
  const { reason } = requester
  if (reason === undefined)
    throw new UsageError('Why?', ['say why with --reason; it goes into the access log'])
  return { ...requester, reason }
}

/** @throws UsageError where it is blank or cannot be written down */
export function readCaseNumber(given: string): string {
  const caseNumber = given.trim()
  const fault = caseNumber === '' ? 'name it with --case' : checkText('caseNumber', caseNumber)
  if (fault !== undefined) throw new UsageError('For which case?', [fault])
  return caseNumber
}
