import { backfill } from '../backfill/backfill.ts'
import { countDone, type Mark } from '../backfill/mark.ts'
import type { BackfillEnd, BackfillEvent } from '../backfill/order.ts'
import { addToPlan, estimate, type Plan, startPlan } from '../backfill/plan.ts'
import { countLine, countUnexplained, type Report, writeReport } from '../backfill/report.ts'
import { countDays } from '../backfill/window.ts'
import { type Backfiller, composeBackfiller } from '../compose-backfill.ts'
import { type Deadline, endlessDeadline, systemClock } from '../deadline.ts'
import { StoppedError } from '../errors.ts'
import { createJsonLog, type Log } from '../log.ts'
import { VERSION } from '../version.ts'
import { describePlan } from './backfill-plan.ts'
import { describeRange, describeReport } from './backfill-report.ts'
import type { BackfillSettings } from './backfill-settings.ts'
import { EXIT } from './exit-codes.ts'
import { peakMemoryBytes } from './peak-memory.ts'
import { count, formatBytes, formatDuration, printHint, printJson, printLine } from './print.ts'
import { printError } from './print-error.ts'
import { createProgress, NO_PROGRESS, type Progress } from './progress.ts'
import { createTerminalLog } from './terminal-log.ts'
import { type Signals, watchSignals } from './watch-signals.ts'

/** Sweeps the range in each workspace; resolves to the exit code. */
export async function sweepRange(
  settings: BackfillSettings,
  { dryRun, json }: { readonly dryRun: boolean; readonly json: boolean },
): Promise<number> {
  const { config, range, widened } = settings
  printHint(`${dryRun ? 'Looking at' : 'Backfilling'} ${describeRange(range)}`)
  if (widened) printHint('The time was widened to whole UTC days: a day is what is counted and attested.')
  using deadline = endlessDeadline()
  let progress: Progress = NO_PROGRESS
  using signals = watchSignals({
    onFirst: () => progress.say('The window that is swept comes to its end. Ctrl-C again gives it up.'),
    onSecond: () => deadline.stop('batch-stopped'),
  })
  const log = createSweepLog(json, (line) => progress.say(line))
  const backfiller = composeBackfiller(config, { log })
  const codes: number[] = []
  try {
    for (const workspaceId of config.backfillWorkspaceIds) {
      if (signals.stopped.aborted) break
      if (!json && codes.length > 0) printLine()
      progress = json ? NO_PROGRESS : createProgress('sweeping', countDays(range))
      codes.push(
        await sweepWorkspace(workspaceId, {
          settings,
          dryRun,
          json,
          backfiller,
          deadline,
          signals,
          progress,
        }).catch((error: unknown) => {
          progress.stop()
          // What is wrong with one workspace must not keep the others waiting.
          return error instanceof StoppedError
            ? EXIT.incomplete
            : printError(error, `workspace ${workspaceId}`)
        }),
      )
    }
    printHint(describeEffort(backfiller))
  } finally {
    progress.stop()
    await backfiller.close()
  }
  return signals.exitCode() ?? Math.max(...codes, EXIT.done)
}

/** What a run has cost: how the bucket was looked into depends on how large a part of it the windows are. */
function describeEffort(backfiller: Backfiller): string {
  const { lists, reads } = backfiller.systems.sidecars.requests()
  return [
    `${count(backfiller.requestsToBird(), 'request')} to Bird`,
    `sidecars found by ${count(lists, 'listing')} and ${count(reads, 'read')}`,
    `${formatBytes(peakMemoryBytes())} of memory at most`,
  ].join(' · ')
}

interface WorkspaceSweep {
  readonly settings: BackfillSettings
  readonly dryRun: boolean
  readonly json: boolean
  readonly backfiller: Backfiller
  readonly deadline: Deadline
  readonly signals: Signals
  readonly progress: Progress
}

async function sweepWorkspace(workspaceId: string, sweep: WorkspaceSweep): Promise<number> {
  const { settings, dryRun, json, backfiller, deadline, signals, progress } = sweep
  const { name, range } = settings
  const plan = startPlan()
  const show = createShow(progress, backfiller, dryRun)
  const order = {
    workspaceId,
    name,
    range,
    windowLimit: backfiller.windowLimit,
    looksOnly: dryRun,
    isScheduled: false,
  }
  const time = { ...deadline, mayStart: () => !signals.stopped.aborted && deadline.mayStart() }
  const end = await backfill(order, backfiller.systems, time, (event) => {
    show(event)
    if (event.kind !== 'swept') return
    const { ledger, account, listing } = event.swept
    if (dryRun) addToPlan(plan, event.window, ledger, account, listing)
    if (json) printEvent(event, workspaceId, dryRun)
  })
  progress.stop()
  if (dryRun) printPlan(plan, end, workspaceId, json)
  else printEnd(end, json)
  return exitCodeOf(end)
}

/** Progress after each window; the time that is left is reckoned from the days that this run has done. */
function createShow(
  progress: Progress,
  backfiller: Backfiller,
  dryRun: boolean,
): (event: BackfillEvent) => void {
  const startedMs = Date.now()
  const requestsBefore = backfiller.requestsToBird()
  let [doneBefore, listed, archived, missing, sent] = [0, 0, 0, 0, 0]
  let last = { done: 0, remark: '' }
  const remark = (mark: Mark): string => {
    const { done, total } = countDone(mark)
    const elapsedMs = Math.max(Date.now() - startedMs, 1)
    const doneNow = done - doneBefore
    const rate = (((backfiller.requestsToBird() - requestsBefore) * 1000) / elapsedMs).toFixed(1)
    const counts = Object.entries({ listed, archived, missing, ...(!dryRun && { sent }) })
    // A narrow terminal cuts off what comes last.
    return [
      ...(doneNow === 0 ? [] : [`${formatDuration((elapsedMs / doneNow) * (total - done))} left`]),
      ...counts.map(([name, number]) => `${name} ${number.toLocaleString('en')}`),
      `${rate} requests/s`,
    ].join(' · ')
  }
  return (event) => {
    if (event.kind === 'began') {
      const { done } = countDone(event.mark)
      doneBefore = done
      if (done > 0) progress.say(`Going on where an earlier run has stopped: ${count(done, 'day')} done.`)
      progress.update(done, '')
    } else if (event.kind === 'swept') {
      const { ledger, account } = event.swept
      missing += account?.toSend.length ?? 0
      listed += ledger.archived.length + ledger.open.length
      archived += ledger.archived.length
      sent += event.swept.sent
      last = { done: countDone(event.mark).done, remark: remark(event.mark) }
      progress.update(last.done, last.remark)
    } else if (event.kind === 'waiting')
      progress.update(
        last.done,
        `${last.remark} · waiting: ${event.queued.toLocaleString('en')} messages are in the queue`,
      )
    else progress.say(`${event.window.name} could not be swept: ${event.reason}`)
  }
}

/** Warnings as JSON lines, or sentences; being throttled is worth one at a terminal, where somebody waits. */
export function createSweepLog(json: boolean, say: (line: string) => void): Log {
  if (json) return createJsonLog(printHint, 'warn', systemClock.now)
  const log = createTerminalLog(say)
  return {
    event(name, fields) {
      if (name === 'request.again' && 'status' in fields && fields.status === 429 && 'delayMs' in fields)
        say(`Bird asks for patience (429): waiting ${formatDuration(fields.delayMs)}.`)
      else log.event(name, fields)
    },
  }
}

function printEvent(event: BackfillEvent & { kind: 'swept' }, workspaceId: string, dryRun: boolean): void {
  const { ledger, account, sent } = event.swept
  if (dryRun)
    for (const { recordingId, createdAt } of account?.toSend ?? [])
      printJson({ recordingId, workspaceId, createdAt, outcome: 'would-send' })
  const { window, archived, open, attestation } = ledger
  const toSend = dryRun ? { wouldSend: account?.toSend.length ?? 0 } : { sent }
  printJson({
    window,
    workspaceId,
    archived: archived.length,
    open: open.length,
    ...toSend,
    attestation,
  })
}

function printPlan(plan: Plan, end: BackfillEnd, workspaceId: string, json: boolean): void {
  if (!json) for (const line of describePlan(plan, end)) printLine(line)
  else {
    const days = [...plan.days].map(([day, { toSend, lines, reasons }]) => ({
      day,
      toSend,
      lines: Object.fromEntries(lines),
      reasons: Object.fromEntries(reasons),
    }))
    const { toSend } = plan
    printJson({ summary: { workspaceId, end: end.why, toSend, estimate: estimate(plan), days } })
  }
}

function printEnd(end: BackfillEnd, json: boolean): void {
  const report = end.whole?.report ?? end.report
  const bird = end.whole?.bird
  if (json) {
    const text = writeReport(report, bird, new Date(), VERSION)
    printJson({
      summary: {
        end: end.why,
        sent: end.sent,
        reportKey: end.whole?.key ?? null,
        ...(JSON.parse(text) as object),
      },
    })
    return
  }
  for (const line of describeReport(report, bird)) printLine(line)
  printLine()
  printLine(ENDS[end.why])
  if (end.whole !== undefined) printLine(`The report is kept as ${end.whole.key}`)
}

const ENDS: Readonly<Record<BackfillEnd['why'], string>> = {
  finished: 'Every window was swept.',
  'out-of-time':
    'Stopped before the end; the same command goes on there. The report is about what this run has looked at.',
  throttled: 'Bird allows no more for now; the same command goes on there.',
  failing: 'Some windows could not be swept; the same command tries them again.',
}

function exitCodeOf(end: BackfillEnd): number {
  if (end.why !== 'finished') return EXIT.incomplete
  return isAllOnItsWay(end.whole?.report ?? end.report) ? EXIT.done : EXIT.incomplete
}

/** Whether nothing is left that a person has to look at. */
export function isAllOnItsWay(report: Report): boolean {
  return countUnexplained(report) === 0 && countLine(report, 'refused') === 0 && report.unswept.length === 0
}
