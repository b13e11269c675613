import { type ArchiveConfig, readArchiveConfig } from '../archive-config.ts'
import { composeVerifier, createSeed, type Verifier } from '../compose-verify.ts'
import { type Deadline, endlessDeadline, systemClock } from '../deadline.ts'
import { StoppedError } from '../errors.ts'
import { createJsonLog } from '../log.ts'
import { conclude } from '../verify/conclusion.ts'
import { describeConfidence } from '../verify/confidence.ts'
import { isEmpty } from '../verify/entry.ts'
import type { Scope, VerifyEnd, VerifyEvent, VerifyOrder } from '../verify/order.ts'
import { toJson } from '../verify/report.ts'
import { startAccount } from '../verify/verdict.ts'
import { isNothingThere, verify } from '../verify/verify.ts'
import { readRecordingIds, readWorkspaces } from './access-options.ts'
import { EXIT } from './exit-codes.ts'
import { count, formatBytes, printHint, printJson, printLine, printProblem, style } from './print.ts'
import { printError } from './print-error.ts'
import { createProgress, NO_PROGRESS, type Progress } from './progress.ts'
import { createTerminalLog } from './terminal-log.ts'
import { describeEnd, describeScope } from './verify-report.ts'
import { type Signals, watchSignals } from './watch-signals.ts'

/** What is to be verified, as it was asked for: exactly one of them. */
export type Asked =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | Exclude<Scope, { readonly kind: 'ids' | 'sample' }>
  | { readonly kind: 'sample'; readonly size: number; readonly seed: string | undefined }

interface Session {
  readonly verifier: Verifier
  /** Where is looked. */
  readonly workspaceIds: readonly string[]
  readonly deadline: Deadline
  readonly signals: Signals
  readonly json: boolean
  progress: Progress
}

/** Verifies in each workspace. Resolves to the exit code. */
export async function runVerify(
  asked: Asked,
  { json, workspace }: { readonly json: boolean; readonly workspace?: string | undefined },
): Promise<number> {
  const ids = asked.kind === 'ids' ? readRecordingIds(asked.ids) : []
  const config = readArchiveConfig(process.env)
  const workspaceIds = readWorkspaces(workspace, config)
  using deadline = endlessDeadline()
  using signals = watchSignals({
    onFirst: () =>
      session.progress.say('Recordings that are being read come to their end. Ctrl-C again gives them up.'),
    onSecond: () => deadline.stop('batch-stopped'),
  })
  const log = json
    ? createJsonLog(printHint, 'warn', systemClock.now)
    : createTerminalLog((line) => session.progress.say(line))
  const verifier = composeVerifier(config, { log })
  const session: Session = { verifier, workspaceIds, deadline, signals, json, progress: NO_PROGRESS }
  const codes: number[] = []
  try {
    const orders =
      asked.kind === 'ids'
        ? await locate(ids, workspaceIds, config, session)
        : workspaceIds.map((workspaceId) => ({ workspaceId, scope: toScope(asked) }))
    for (const order of orders) {
      if (signals.stopped.aborted) break
      codes.push(await runOrder({ ...order, by: 'terminal' }, session))
    }
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error
  } finally {
    session.progress.stop()
    await verifier.close()
  }
  return signals.exitCode() ?? Math.max(...codes, EXIT.done)
}

function toScope(asked: Exclude<Asked, { readonly kind: 'ids' }>): Scope {
  return asked.kind === 'sample' ? { ...asked, seed: asked.seed ?? createSeed() } : asked
}

/** Each recording in the first workspace that has anything of it; what none has is missed in the default one. */
async function locate(
  ids: readonly string[],
  workspaceIds: readonly string[],
  config: ArchiveConfig,
  { verifier, deadline }: Session,
): Promise<readonly Omit<VerifyOrder, 'by'>[]> {
  const found = new Map<string, string[]>()
  for (const id of ids) {
    let home: string | undefined = workspaceIds.length === 1 ? workspaceIds[0] : undefined
    for (const workspaceId of home === undefined ? workspaceIds : [])
      if (home === undefined) {
        const entry = await verifier.systems.inventory.find(workspaceId, id, deadline.signal)
        if (!isEmpty(entry)) home = workspaceId
      }
    home ??= config.workspaceId
    found.set(home, [...(found.get(home) ?? []), id])
  }
  return [...found].map(([workspaceId, of]) => ({ workspaceId, scope: { kind: 'ids', ids: of } }))
}

async function runOrder(order: VerifyOrder, session: Session): Promise<number> {
  const { verifier, deadline, signals, json } = session
  printHint(`Verifying ${describeScope(order.scope)}, workspace ${order.workspaceId}`)
  const time = { ...deadline, mayStart: () => !signals.stopped.aborted && deadline.mayStart() }
  const show = createShow(order, session)
  try {
    if (await isNothingThere(order, verifier.systems, deadline.signal)) {
      printNothing(order, json)
      return EXIT.incomplete
    }
    const end = await verify(order, verifier.systems, time, show)
    session.progress.stop()
    if (json) printSummary(order, end)
    else printEnd(order, end, session.workspaceIds)
    const conclusion = conclude(order.scope, end)
    return conclusion === 'in-order' || conclusion === 'nothing-read' ? EXIT.done : EXIT.incomplete
  } catch (error) {
    session.progress.stop()
    if (error instanceof StoppedError) return EXIT.incomplete
    // What is wrong in one workspace must not keep the others waiting.
    return printError(error, `workspace ${order.workspaceId}`)
  }
}

/** Where there is nothing of a workspace at all, its id may be wrong; no report of it is left that nobody can delete. */
function printNothing(order: VerifyOrder, json: boolean): void {
  printProblem(`nothing is archived of workspace ${order.workspaceId}: is the id right?`)
  printHint('  It was looked for where ARCHIVE_BUCKET and ARCHIVE_PREFIX say. No report was written.')
  if (json) printSummary(order, { why: 'finished', account: startAccount(), reportKeys: [] })
}

/** Ids are spread evenly, so where the last one stands says how much of the archive is done. */
function percentOf(recordingId: string): number {
  return Math.floor((Number.parseInt(recordingId.slice(0, 8), 16) / 2 ** 32) * 100)
}

/** Progress after each recording, and a line at once for each that is not in order. */
function createShow(order: VerifyOrder, session: Session): (event: VerifyEvent) => void {
  let [done, bytes, bad] = [0, 0, 0]
  let total: number | undefined
  return (event) => {
    if (event.kind === 'began') {
      ;({ total } = event)
      if (!session.json) session.progress = createProgress('verifying', total ?? 'percent')
      const { mark } = event
      if (mark !== undefined && mark.after !== null)
        session.progress.say(
          `Going on where an earlier run has stopped: ${count(mark.tally.recordings, 'recording')} done.`,
        )
    } else if (event.kind === 'uncovered')
      session.progress.say(
        `No sweep has listed ${event.window} to its end, so every sidecar is read to find its recordings (bird-archive backfill lists it).`,
      )
    else if (event.kind === 'judged') {
      const { verdict } = event
      done += 1
      bytes += verdict.bytes
      const isBad = verdict.outcome === 'mismatch' || verdict.outcome === 'unread'
      if (isBad) bad += 1
      if (session.json && (isBad || order.scope.kind === 'ids'))
        printJson({ workspaceId: order.workspaceId, ...toJson(verdict) })
      const remark = `${count(done, 'recording')} · ${formatBytes(bytes)} · ${bad.toLocaleString('en')} bad`
      session.progress.update(total === undefined ? percentOf(verdict.recordingId) : done, remark)
    }
  }
}

function printEnd(order: VerifyOrder, end: VerifyEnd, workspaceIds: readonly string[]): void {
  printLine(style('bold', `Workspace ${order.workspaceId}: ${describeScope(order.scope)}`))
  for (const line of describeEnd(order, end, workspaceIds)) printLine(line)
}

function printSummary(order: VerifyOrder, end: VerifyEnd): void {
  const { account, confidence, mark, reportKeys, why } = end
  printJson({
    summary: {
      workspaceId: order.workspaceId,
      scope: order.scope,
      end: why,
      counts: account.tally,
      orphans: account.orphans,
      confidence:
        confidence === undefined ? null : { ...confidence, sentence: describeConfidence(confidence) },
      pass:
        mark === undefined ? null : { number: mark.pass, counts: mark.tally, finishedAt: mark.finishedAt },
      reportKeys,
    },
  })
}
