import { writeFile } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { watchQueues } from '../../sandbox/audit-queues.ts'
import type { SandboxReady } from '../../sandbox/sandbox-ready.ts'
import { EXIT } from '../exit-codes.ts'
import { printHint, printJson, printLine } from '../print.ts'
import { checkDemo } from './check.ts'
import { type Cloud, startCloud } from './cloud.ts'
import { clearDirectory } from './directory.ts'
import { findLeaks } from './leaks.ts'
import { planDemo } from './plan.ts'
import { runDemo } from './run.ts'
import { type DemoScreen, openScreen } from './screen.ts'
import { describeRun, describeVerdict } from './summary.ts'
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
    useEnvironment(ready)
    const plan = await planDemo(directory, ready)
    const deadBefore = await listDeadLetters(ready)
    screen.announced(plan)
    const run = await runDemo({
      ready,
      plan,
      deadLettersBefore: deadBefore.size,
      queueClock: QUEUE_CLOCK,
      limitMs: Math.max(SHORTEST_LIMIT_MS, plan.deliveries.length * LIMIT_PER_RECORDING_MS),
      onProgress: (tally, deadLetters) => screen.archiving(tally, deadLetters, plan),
      async atHalfTime() {
        if (!chaos) return
        screen.say('Half-way: the cloud is killed (kill -9) and started again on the same files.')
        await clouds.at(-1)?.end('SIGKILL')
        await openCloud()
      },
    })
    screen.checking()
    const logFile = join(directory, 'function.log')
    await writeFile(logFile, `${run.lines.join('\n')}\n`)
    const check = await checkDemo({
      ready,
      plan,
      tally: run.tally,
      deadBefore,
      repeatsAllowed: chaos || keep,
      leftoversAllowed: chaos || keep,
    })
    const report = { directory, ready, plan, run, check, logFile, killed: chaos }
    const summary = describeRun(report)
    const printed = [...run.lines, ...clouds.map((cloud) => cloud.output()), ...screen.shown(), ...summary]
    const leaks = findLeaks(stripVTControlCharacters(printed.join('\n')), {
      accessKeys: [ready.bird.accessKey, ready.s3.secretAccessKey],
      phoneNumbers: plan.phoneNumbers,
    })
    const violations = [
      ...(run.unfinished === undefined ? [] : [run.unfinished]),
      ...check.violations,
      ...leaks,
    ]
    screen.close()
    if (json) printJson(toJsonSummary(report, violations))
    // A summary with a secret in it is not shown.
    else
      for (const line of [...(leaks.length > 0 ? [] : summary), ...describeVerdict(report, violations)])
        printLine(line)
    return violations.length === 0 ? EXIT.done : EXIT.incomplete
  } finally {
    screen.close()
    unwatch()
    await clouds.at(-1)?.end('SIGTERM')
  }
}

async function listDeadLetters(ready: SandboxReady): Promise<ReadonlySet<string>> {
  const queues = watchQueues(ready)
  try {
    return new Set((await queues.listDeadLetters()).map(({ messageId }) => messageId))
  } finally {
    queues.close()
  }
}

/** The AWS SDK reads its settings from the process: those of the sandbox, and nothing of whoever is at home here. */
function useEnvironment({ env }: SandboxReady): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  Object.assign(process.env, env, { AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull })
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
