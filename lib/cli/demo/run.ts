import { setTimeout as delay } from 'node:timers/promises'
import { composeArchiveFunction } from '../../compose.ts'
import { systemClock } from '../../deadline.ts'
import { createJsonLog } from '../../log.ts'
import { type QueueWatch, watchQueues } from '../../sandbox/audit-queues.ts'
import { startEventSource } from '../../sandbox/event-source.ts'
import type { SandboxReady } from '../../sandbox/sandbox-ready.ts'
import { createSender } from '../../sqs/send.ts'
import type { DemoPlan } from './plan.ts'
import { createTally, type Tally } from './tally.ts'

/** What a run has left behind for the check and the summary. */
export interface DemoRun {
  readonly tally: Tally
  /** Every line that the function printed: its log and its metrics. */
  readonly lines: readonly string[]
  readonly durationMs: number
  /** Why the run was given up before every message had come to its end. */
  readonly unfinished: string | undefined
}

export interface DemoRunOptions {
  readonly ready: SandboxReady
  readonly plan: DemoPlan
  /** Dead letters that were there before. */
  readonly deadLettersBefore: number
  readonly queueClock: number
  readonly limitMs: number
  readonly onProgress: (tally: Tally, deadLetters: number) => void
  /** Called once, when half of the recordings have come to their end. */
  readonly atHalfTime: () => Promise<void>
}

const LOOK_EVERY_MS = 200
/** Invocations at a time, of ten messages each: two keep Bird's limit of 50 requests a second busy. */
const INVOCATIONS = 3

/** Sends the plan's messages and lets the real function work on them until every one of them has come to its end. */
export async function runDemo(options: DemoRunOptions): Promise<DemoRun> {
  const { ready, plan, limitMs } = options
  const lines: string[] = []
  const { tally, read } = createTally()
  const log = createJsonLog(
    (line) => {
      lines.push(line)
      read(line)
    },
    'debug',
    systemClock.now,
  )
  const handler = composeArchiveFunction(ready.env, { log, writeMetrics: (line) => lines.push(line) })
  const startedMs = Date.now()
  await announce(ready, plan)
  const source = await startEventSource({
    sqsEndpoint: ready.sqs.endpoint,
    queueUrl: ready.sqs.queueUrl,
    credentials: ready.s3,
    region: ready.s3.region,
    handler,
    maximumConcurrency: INVOCATIONS,
    queueClock: options.queueClock,
  })
  const queues = watchQueues(ready)
  try {
    let atHalfTime: DemoRunOptions['atHalfTime'] | undefined = options.atHalfTime
    let quietLooks = 0
    let inQueue = plan.deliveries.length
    while (quietLooks < 2) {
      if (Date.now() - startedMs > limitMs) {
        const unfinished = `after ${Math.round(limitMs / 1000)} s ${inQueue} messages were still in the queue`
        return { tally, lines, durationMs: Date.now() - startedMs, unfinished }
      }
      await delay(LOOK_EVERY_MS)
      if (atHalfTime !== undefined && settled(tally) >= (plan.toArchive.length + plan.toSkip.length) / 2) {
        const act = atHalfTime
        atHalfTime = undefined
        await act()
      }
      const look = await lookAt(queues)
      inQueue = look.inQueue
      options.onProgress(tally, look.deadLetters - options.deadLettersBefore)
      const allRefused = look.deadLetters - options.deadLettersBefore >= plan.toRefuse.length
      quietLooks = inQueue === 0 && allRefused && isAllSettled(tally, plan) ? quietLooks + 1 : 0
    }
    return { tally, lines, durationMs: Date.now() - startedMs, unfinished: undefined }
  } finally {
    await source.stop()
    queues.close()
  }
}

async function announce(ready: SandboxReady, plan: DemoPlan): Promise<void> {
  const sender = createSender(ready.sqs.queueUrl, systemClock)
  const firstSeenAt = new Date().toISOString()
  const answers = await sender.send(
    plan.deliveries.map(({ body }) => ({ body, attributes: { firstSeenAt } })),
  )
  sender.close()
  const refused = answers.find((answer) => !answer.taken)
  if (refused?.taken === false) throw new Error(`the queue did not take a message: ${refused.reason}`)
}

async function lookAt(queues: QueueWatch): Promise<{ inQueue: number; deadLetters: number }> {
  const [queue, deadLetters] = await Promise.all([queues.count('queue'), queues.count('dead-letters')])
  return {
    inQueue: queue.visible + queue.inFlight + queue.delayed,
    deadLetters: deadLetters.visible + deadLetters.inFlight + deadLetters.delayed,
  }
}

/** How many recordings have come to a good end. */
function settled({ archived, alreadyArchived, skipped }: Tally): number {
  return new Set([...archived.keys(), ...alreadyArchived]).size + skipped.size
}

function isAllSettled(tally: Tally, plan: DemoPlan): boolean {
  const { archived, alreadyArchived, skipped } = tally
  return (
    plan.toArchive.every(({ recordingId: id }) => archived.has(id) || alreadyArchived.has(id)) &&
    plan.toSkip.every((id) => skipped.has(id))
  )
}
