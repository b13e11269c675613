import { readArchiveConfig } from '../archive-config.ts'
import type { Sidecar } from '../archive/sidecar.ts'
import { composeRetriever, type Retriever } from '../compose-retrieve.ts'
import { type RestoreTier, restoreTime } from '../retrieve/restore.ts'
import { type Destination, type GetEnd, getRecording } from '../retrieve/retrieve.ts'
import { readRecordingIds, readRequester, readWorkspaces, type WhoAndWhy } from './access-options.ts'
import { EXIT } from './exit-codes.ts'
import { chooseFile, isDirectory, makeDirectory, openFile, openStdout } from './get-file.ts'
import { explainRefusal, nameClass } from './get-refusal.ts'
import { formatBytes, printHint, printJson, printLine, printProblem } from './print.ts'
import { printError } from './print-error.ts'
import { createProgress, NO_PROGRESS } from './progress.ts'
import { UsageError } from './usage-error.ts'
import { type Signals, watchSignals } from './watch-signals.ts'

export interface GetOptions extends WhoAndWhy {
  readonly output?: string | undefined
  readonly restore?: RestoreTier | undefined
  readonly days: number
  readonly force: boolean
  readonly asArchived: boolean
  readonly json: boolean
  readonly workspace?: string | undefined
}

const STDOUT = '-'
/** What is there in a moment needs no line about its progress. */
const QUIET_BYTES = 8_000_000

/** Gets recordings, one after the other. Resolves to the exit code. */
export async function getRecordings(given: readonly string[], options: GetOptions): Promise<number> {
  const ids = readRecordingIds(given)
  await checkOutput(ids, options)
  const config = readArchiveConfig(process.env)
  const requester = readRequester(options, config)
  const workspaceIds = readWorkspaces(options.workspace, config)
  const retriever = composeRetriever(config)
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  using signals = watchSignals({ onFirst: stop, onSecond: stop })
  let exitCode: number = EXIT.done
  try {
    for (const recordingId of ids) {
      const order = { requester, workspaceIds, recordingId, asArchived: options.asArchived }
      const code = await getOne(order, options, retriever, controller.signal)
      if (signals.exitCode() !== undefined) break
      if (code === EXIT.misconfigured && ids.length === 1) return code
      if (code !== EXIT.done) exitCode = EXIT.incomplete
    }
  } finally {
    await retriever.close()
  }
  return interruption(signals) ?? exitCode
}

function interruption(signals: Signals): number | undefined {
  const code = signals.exitCode()
  if (code !== undefined) printProblem('interrupted; what was not finished has left nothing behind')
  return code
}

async function checkOutput(ids: readonly string[], { output, json }: GetOptions): Promise<void> {
  if (output === STDOUT && json)
    throw new UsageError('What should standard output be?', ['--json and -o - exclude each other'])
  if (output === STDOUT && process.stdout.isTTY)
    throw new UsageError('Audio would fill your terminal.', ['pipe it on, or name a file with -o'])
  if (output?.endsWith('/') === true) await makeDirectory(output)
  if (ids.length > 1 && output !== undefined && (output === STDOUT || !(await isDirectory(output))))
    throw new UsageError('Several recordings do not fit into one file.', [
      'name a directory with -o (with a slash at its end it is made, if need be), or leave it out',
    ])
}

async function getOne(
  order: {
    requester: ReturnType<typeof readRequester>
    workspaceIds: readonly string[]
    recordingId: string
    asArchived: boolean
  },
  options: GetOptions,
  retriever: Retriever,
  signal: AbortSignal,
): Promise<number> {
  const { recordingId, workspaceIds } = order
  const { restore: tier, days } = options
  const progress = options.json ? NO_PROGRESS : createProgress('getting', 'percent')
  let path: string | undefined
  const open = async (sidecar: Sidecar): Promise<Destination> => {
    const onBytes = (done: number, total: number): void => {
      if (total > QUIET_BYTES || process.stderr.isTTY)
        progress.update(Math.floor((100 * done) / total), `${formatBytes(done)} of ${formatBytes(total)}`)
    }
    if (options.output === STDOUT) return openStdout(onBytes)
    path = await chooseFile(sidecar, options.output)
    return await openFile(path, options.force, onBytes)
  }
  try {
    const restore = tier === undefined ? undefined : { tier, days }
    const end = await getRecording({ ...order, restore }, open, retriever.systems, signal)
    progress.stop()
    return tell(recordingId, end, path, workspaceIds, options)
  } catch (error) {
    progress.stop()
    if (signal.aborted) return EXIT.incomplete
    return printError(error, recordingId)
  }
}

function tell(
  recordingId: string,
  end: GetEnd,
  path: string | undefined,
  workspaceIds: readonly string[],
  { json, output, days }: GetOptions,
): number {
  if (json) printJson({ recordingId, ...end, ...(end.kind === 'got' && { path }) })
  if (end.kind === 'got') {
    if (end.tampering !== undefined)
      printHint(`${recordingId}: this is what was archived, although ${end.tampering}`)
    if (json) return EXIT.done
    if (output === STDOUT) printHint(`${recordingId}: SHA-256 agrees (${end.sha256})`)
    else printLine(`${path ?? ''}  ${formatBytes(end.bytes)}  SHA-256 agrees: ${end.sha256}`)
    return EXIT.done
  }
  if (end.kind === 'restore-started') {
    const time = restoreTime(end.storage, end.tier) ?? 'some time from now'
    printHint(
      `${recordingId}: the restore from ${nameClass(end.storage)} has begun; it will be there ${time}`,
    )
    printHint(`  get it then with: bird-archive get ${recordingId} (the copy stays for ${days} days)`)
    return EXIT.incomplete
  }
  const [reason = '', ...more] = explainRefusal(end, workspaceIds)
  printProblem(`${recordingId}: ${reason}`)
  for (const line of more) printHint(`  ${line}`)
  if (end.kind === 'altered' && output === STDOUT)
    printProblem('DO NOT USE what was written to standard output')
  return EXIT.incomplete
}
