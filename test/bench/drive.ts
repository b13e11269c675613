import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { performance } from 'node:perf_hooks'
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import type { DrivePlan, DriveResult, PhaseResult } from './drive-plan.ts'

// This process stands for Lambda: it loads a function's bundle and hands it one batch after another. It is bundled
// itself, so that the start of the process is Node's and not that of a compiler.

type Handler = (event: SQSEvent, context: object) => Promise<SQSBatchResponse | undefined>

const INVOCATION_MS = 900_000

const bootCpuMs = cpuMs()
const bootWallMs = performance.now()
const [, , planFile = ''] = process.argv
const plan = JSON.parse(readFileSync(planFile, 'utf8')) as DrivePlan

const importStartCpuMs = cpuMs()
const importStartMs = performance.now()
const { handler } = createRequire(import.meta.url)(plan.bundle) as { handler: Handler }
const importCpuMs = cpuMs() - importStartCpuMs
const importWallMs = performance.now() - importStartMs

const phases: PhaseResult[] = []
for (const { name, ids } of plan.phases) phases.push(await runPhase(name, ids))
const result: DriveResult = { bootCpuMs, bootWallMs, importCpuMs, importWallMs, phases }
writeFileSync(plan.resultFile, JSON.stringify(result))
process.exit(0)

/** What a batch hands back is delivered again behind all that still waits, as often as the queue would. */
async function runPhase(name: string, ids: readonly string[]): Promise<PhaseResult> {
  let waiting = ids.map((id) => ({ id, receives: 1 }))
  let handedBack = 0
  let givenUp = 0
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  while (waiting.length > 0) {
    const batch = waiting.slice(0, plan.batchSize)
    waiting = waiting.slice(plan.batchSize)
    const failed = await invoke(batch)
    handedBack += failed.size
    for (const { id, receives } of batch.filter((message) => failed.has(message.id))) {
      if (receives < plan.maxReceives) waiting.push({ id, receives: receives + 1 })
      else givenUp += 1
    }
  }
  const wallMs = performance.now() - startMs
  const { user, system } = process.cpuUsage(cpu)
  return {
    name,
    recordings: ids.length,
    userMs: user / 1000,
    systemMs: system / 1000,
    wallMs,
    maxRssKb: process.resourceUsage().maxRSS,
    handedBack,
    givenUp,
  }
}

async function invoke(batch: readonly { id: string; receives: number }[]): Promise<Set<string>> {
  const endsAtMs = performance.now() + INVOCATION_MS
  const context = {
    awsRequestId: randomUUID(),
    functionName: 'bench',
    functionVersion: '$LATEST',
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] ?? '1024',
    getRemainingTimeInMillis: () => endsAtMs - performance.now(),
  }
  try {
    const answer = await handler(
      { Records: batch.map(({ id, receives }) => toRecord(id, receives)) },
      context,
    )
    return new Set(answer?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
  } catch (error) {
    process.stderr.write(`${String(error)}\n`)
    return new Set(batch.map(({ id }) => id))
  }
}

function toRecord(id: string, receives: number): SQSRecord {
  const now = String(Date.now())
  return {
    messageId: id,
    receiptHandle: id,
    body: id,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: now,
      SenderId: 'bench',
      ApproximateFirstReceiveTimestamp: now,
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:queue',
    awsRegion: 'eu-west-1',
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
