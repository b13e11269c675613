import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { watchQueues } from '../../sandbox/audit-queues.ts'
import type { SandboxReady } from '../../sandbox/sandbox-ready.ts'
import { EXIT } from '../exit-codes.ts'
import { printHint, printJson, printLine } from '../print.ts'
import { useSandboxEnvironment } from '../sandbox-environment.ts'
import { type CheckOptions, checkDemo } from './check.ts'
import { type Cloud, startCloud } from './cloud.ts'
import { clearDirectory } from './directory.ts'
import { findLeaks } from './leaks.ts'
import { planDemo } from './plan.ts'
import { type DemoRun, runDemo } from './run.ts'
import { type DemoScreen, openScreen } from './screen.ts'
import { type DemoReport, describeRun, describeVerdict } from './summary.ts'
import { sweepDemo } from './sweep.ts'
import { toJsonSummary } from './json-summary.ts'

export interface DemoOptions {
  readonly directory: string
  readonly recordings: number | undefined
  readonly seed: number | undefined
  readonly keep: boolean
  readonly chaos: boolean
  readonly json: boolean
}

const RECORDINGS = 300
/** Makes a minute in the queue last a second. */
const QUEUE_CLOCK = 60
const VISIBILITY_SECONDS = 30
const SHORTEST_LIMIT_MS = 90_000
/** Bird allows 50 requests a second and each recording needs two: this is ten times as long. */
const LIMIT_PER_RECORDING_MS = 400

/** The demo from the first line to the last. Resolves to the exit code. */
export async function playDemo(options: DemoOptions): Promise<number> {
  const { directory, keep, chaos, json } = options
  if (!keep) await clearDirectory(directory)
  const screen = openScreen(json)
  const clouds: Cloud[] = []
  const openCloud = async (): Promise<Cloud> => {
    const cloud = await startCloud({
      directory,
      recordings: options.recordings ?? (keep ? undefined : RECORDINGS),
      seed: options.seed,
      queueClock: QUEUE_CLOCK,
      visibilityTimeoutSeconds: VISIBILITY_SECONDS,
      onProgress(made, total) {
        // Started again, it has everything.
        if (clouds.length === 0) screen.making(made, total)
      },
    })
    clouds.push(cloud)
    return cloud
  }
  const unwatch = stopOnSignal(screen, clouds)
  try {
    const { ready } = await openCloud()
    useSandboxEnvironment(ready.env)
    const plan = await planDemo(directory, ready)
    const deadBefore = await listDeadLetters(ready)
    screen.announced(plan)
    const limitMs = Math.max(SHORTEST_LIMIT_MS, plan.deliveries.length * LIMIT_PER_RECORDING_MS)
    const run = await runDemo({
      ready,
      plan,
      deadLettersBefore: deadBefore.size,
      queueClock: QUEUE_CLOCK,
      limitMs,
      onProgress: (tally, deadLetters) => screen.archiving(tally, deadLetters, plan),
      async atHalfTime() {
        if (!chaos) return
        screen.say('Half-way: the cloud is killed (kill -9) and started again on the same files.')
        await clouds.at(-1)?.end('SIGKILL')
        await openCloud()
      },
    })
    const [repeatsAllowed, leftoversAllowed] = [chaos || keep, chaos || keep]
    const { tally } = run
    const checking = { ready, plan, tally, deadBefore, repeatsAllowed, leftoversAllowed }
    const examined = await examine(checking, run, { directory, limitMs, screen })
    const report = { directory, ready, plan, run, ...examined, killed: chaos }
    return conclude(report, { screen, clouds, json })
  } finally {
    screen.close()
    unwatch()
    await clouds.at(-1)?.end('SIGTERM')
  }
}

/** Checks the run from outside, sweeps all its days, and keeps what both have logged. */
async function examine(
  checking: CheckOptions,
  run: DemoRun,
  { directory, limitMs, screen }: { directory: string; limitMs: number; screen: DemoScreen },
): Promise<Pick<DemoReport, 'check' | 'sweep' | 'logFile'>> {
  const { ready, plan } = checking
  screen.checking()
  const logFile = join(directory, 'function.log')
  await writeFile(logFile, `${run.lines.join('\n')}\n`)
  const check = await checkDemo(checking)
  const onProgress = (done: number, days: number): void => screen.sweeping(done, days)
  const sweep = await sweepDemo({ ready, plan, limitMs, onProgress })
  await appendFile(logFile, `${sweep.log.join('\n')}\n`)
  return { check, sweep, logFile }
}

/** Searches all that was printed for secrets, and prints the result. Gives the exit code. */
function conclude(
  report: DemoReport,
  { screen, clouds, json }: { screen: DemoScreen; clouds: readonly Cloud[]; json: boolean },
): number {
  const { ready, plan, run, check, sweep } = report
  const summary = describeRun(report)
  const logged = [...run.lines, ...sweep.log, ...clouds.map((cloud) => cloud.output())]
  const leaks = findLeaks(stripVTControlCharacters([...logged, ...screen.shown(), ...summary].join('\n')), {
    accessKeys: [ready.bird.accessKey, ready.s3.secretAccessKey],
    phoneNumbers: plan.phoneNumbers,
  })
  const violations = [
    ...(run.unfinished === undefined ? [] : [run.unfinished]),
    ...check.violations,
    ...sweep.violations,
    ...leaks,
  ]
  screen.close()
  if (json) printJson(toJsonSummary(report, violations))
  // A summary with a secret in it is not shown.
  else
    for (const line of [...(leaks.length > 0 ? [] : summary), ...describeVerdict(report, violations)])
      printLine(line)
  return violations.length === 0 ? EXIT.done : EXIT.incomplete
}

async function listDeadLetters(ready: SandboxReady): Promise<ReadonlySet<string>> {
  const queues = watchQueues(ready)
  try {
    return new Set((await queues.listDeadLetters()).map(({ messageId }) => messageId))
  } finally {
    queues.close()
  }
}

const CLOSE_MS = 5000

/** Ctrl-C: stops the cloud and leaves; everything that has been done is on the disk. */
function stopOnSignal(screen: DemoScreen, clouds: readonly Cloud[]): () => void {
  const leave = (signal: NodeJS.Signals): void => {
    screen.close()
    printHint('Stopped. The same command with --keep goes on from here.')
    const closed = Promise.all(clouds.map((cloud) => cloud.end('SIGTERM')))
    const exitCode = signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
    void Promise.race([closed, delay(CLOSE_MS)]).then(() => process.exit(exitCode))
  }
  process.on('SIGINT', leave)
  process.on('SIGTERM', leave)
  return () => {
    process.off('SIGINT', leave)
    process.off('SIGTERM', leave)
  }
}
