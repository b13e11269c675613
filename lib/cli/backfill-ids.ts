import pLimit from 'p-limit'
import type { Asked, Known } from '../backfill/account.ts'
import { isExplained, type Entry } from '../backfill/ledger.ts'
import { judge, type Line } from '../backfill/judge.ts'
import { LINES } from '../backfill/report.ts'
import { type Backfiller, composeBackfiller } from '../compose-backfill.ts'
import { endlessDeadline } from '../deadline.ts'
import { StoppedError } from '../errors.ts'
import type { BackfillSettings } from './backfill-settings.ts'
import { createSweepLog } from './backfill-sweep.ts'
import { EXIT } from './exit-codes.ts'
import type { AskedFor } from './ids.ts'
import { alignRows, count, printJson, printLine, style } from './print.ts'
import { printError } from './print-error.ts'
import { createProgress, NO_PROGRESS, type Progress } from './progress.ts'
import { readRecordings } from './read-recordings.ts'
import { watchSignals } from './watch-signals.ts'

/** What became of one recording. */
interface Result {
  readonly recordingId: string
  readonly workspaceId: string
  readonly line: Line
  readonly reason: string
}

/** Recordings that are looked up together: so many are lost from sight, at most, when the command is killed. */
const CHUNK = 500
const ASKED_AT_ONCE = 4

/** Backfills recordings that are named by their ids; resolves to the exit code. */
export async function backfillIds(file: string, settings: BackfillSettings, json: boolean): Promise<number> {
  const { config } = settings
  const { recordings, duplicates } = await readRecordings([], file)
  const progress: Progress = json ? NO_PROGRESS : createProgress('looking for', recordings.length)
  using deadline = endlessDeadline()
  using signals = watchSignals({
    onFirst: () => progress.say('What has been begun comes to its end. Ctrl-C again gives it up.'),
    onSecond: () => deadline.stop('batch-stopped'),
  })
  const backfiller = composeBackfiller(config, { log: createSweepLog(json, progress.say) })
  const time = { ...deadline, mayStart: () => !signals.stopped.aborted && deadline.mayStart() }
  const results: Result[] = []
  const codes: number[] = []
  try {
    const [defaultWorkspaceId = config.workspaceId] = config.backfillWorkspaceIds
    for (const [workspaceId, ids] of groupByWorkspace(recordings, defaultWorkspaceId))
      await backfillWorkspace(workspaceId, ids, { backfiller, time, json, progress, results }).catch(
        // What is wrong with one workspace must not keep the others waiting, nor hide what has been done.
        (error: unknown) => {
          progress.stop()
          if (!(error instanceof StoppedError)) codes.push(printError(error, `workspace ${workspaceId}`))
        },
      )
    progress.stop()
    printResults(results, recordings.length, duplicates, json)
    return signals.exitCode() ?? Math.max(...codes, exitCodeOf(results, recordings.length))
  } finally {
    progress.stop()
    await backfiller.close()
  }
}

type Time = Parameters<Backfiller['systems']['bird']['ask']>[2]

interface Run {
  readonly backfiller: Backfiller
  readonly time: Time
  readonly json: boolean
  readonly progress: Progress
  readonly results: Result[]
}

async function backfillWorkspace(workspaceId: string, ids: readonly string[], run: Run): Promise<void> {
  const { backfiller, time, json, progress, results } = run
  const known = await backfiller.systems.learn(workspaceId, time.signal)
  for (let start = 0; start < ids.length && time.mayStart(); start += CHUNK) {
    const done = await backfillChunk(workspaceId, ids.slice(start, start + CHUNK), known, run)
    if (json) for (const { line, ...result } of done) printJson({ ...result, outcome: line })
    results.push(...done)
    progress.update(results.length, '')
  }
}

/**
 * Looks for the sidecars, asks Bird for what has none, and sends what is to be archived: what is not yet, too. Recordings that
 * Bird was not asked for any more are not in the answer.
 */
async function backfillChunk(
  workspaceId: string,
  ids: readonly string[],
  known: Known,
  { backfiller: { systems }, time, progress, results: before }: Run,
): Promise<Result[]> {
  const found = await systems.sidecars.find(workspaceId, ids, time.signal)
  const missing = ids.filter((id) => !found.has(id))
  const asked = await askAll(missing, time, async (id, answered) => {
    const said = await systems.bird.ask(workspaceId, id, time)
    progress.update(before.length + found.size + answered(), '')
    return said
  })
  const now = systems.clock.now()
  const lookedAt = ids.filter((id) => found.has(id) || asked.has(id))
  const results = lookedAt.map((recordingId): Result & { readonly send: boolean } => {
    const sidecar = found.get(recordingId)
    const fault = sidecar?.kind === 'unreadable' ? sidecar.fault : undefined
    const verdict = judge({
      archived: sidecar !== undefined && fault === undefined,
      bird: fault === undefined ? (asked.get(recordingId) ?? { fault: 'nothing is known of it' }) : { fault },
      deadLetter: known.deadLetters.get(recordingId),
      givenUp: known.givenUp.has(recordingId),
      sentAt: undefined,
    })
    // No window remembers these: the archiver looks again at what is not yet available, for NOT_READY_HOURS.
    return verdict.line === 'not-yet'
      ? { recordingId, workspaceId, line: 'sent', reason: verdict.reason, send: true }
      : { recordingId, workspaceId, ...verdict }
  })
  const toSend = results
    .filter(({ send }) => send)
    .map(({ recordingId, reason }): Entry => ({ recordingId, line: 'sent', reason, firstSeenAt: now }))
  const unsent = await systems.feed.send(workspaceId, toSend, time, (queued) =>
    progress.update(before.length, `waiting: ${count(queued, 'message')} in the queue`),
  )
  return results.map(({ send: _, ...result }) => ({ ...result, ...unsent.get(result.recordingId) }))
}

/** The first that fails is the last one that is begun. `answered` counts the answers, the present one too. */
async function askAll(
  ids: readonly string[],
  time: Time,
  ask: (id: string, answered: () => number) => Promise<Asked>,
): Promise<ReadonlyMap<string, Asked>> {
  const limit = pLimit(ASKED_AT_ONCE)
  const answers = new Map<string, Asked>()
  const askOne = async (id: string): Promise<void> => {
    if (time.mayStart()) answers.set(id, await ask(id, () => answers.size + 1))
  }
  try {
    await Promise.all(ids.map((id) => limit(askOne, id)))
    return answers
  } finally {
    limit.clearQueue()
  }
}

function groupByWorkspace(
  recordings: readonly AskedFor[],
  defaultWorkspaceId: string,
): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const { recordingId, workspaceId = defaultWorkspaceId } of recordings) {
    const group = groups.get(workspaceId) ?? []
    groups.set(workspaceId, group)
    group.push(recordingId)
  }
  return groups
}

function printResults(results: readonly Result[], all: number, duplicates: number, json: boolean): void {
  const counts = LINES.map((line) => [line, results.filter((result) => result.line === line).length] as const)
  const left = all - results.length
  if (json) {
    printJson({ summary: { recordings: all, duplicates, ...Object.fromEntries(counts), left } })
    return
  }
  const again = duplicates === 0 ? '' : ` · ${duplicates} named more than once`
  printLine(style('bold', `${count(all, 'recording')}${again}`))
  const rows = [...counts, ['left', left] as const].filter(([, number]) => number > 0)
  for (const line of alignRows(rows.map(([name, number]) => [name, number.toLocaleString('en')])))
    printLine(line)
  for (const result of results.filter(isLeft))
    printLine(`  ${style('yellow', result.recordingId)}  ${result.line}: ${result.reason}`)
}

/** Whether a person has to look at it. */
function isLeft({ line, reason }: Result): boolean {
  return line !== 'archived' && line !== 'sent' && !isExplained({ line, reason })
}

function exitCodeOf(results: readonly Result[], all: number): number {
  return results.length === all && !results.some(isLeft) ? EXIT.done : EXIT.incomplete
}
