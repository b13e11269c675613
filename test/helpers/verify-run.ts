import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from 'aws-lambda'
import { readArchiveConfig } from '../../lib/archive-config.ts'
import {
  composeVerifier,
  composeVerifyFunction,
  type VerifyAnswer,
  type VerifyOptions,
} from '../../lib/compose-verify.ts'
import { type Clock, endlessDeadline, systemClock } from '../../lib/deadline.ts'
import { createJsonLog } from '../../lib/log.ts'
import type { Scope, VerifyEnd, VerifyEvent } from '../../lib/verify/order.ts'
import { verify } from '../../lib/verify/verify.ts'
import { VERIFY_WORKSPACE, type VerifyWorld } from './verify-world.ts'

type Fields = Readonly<Record<string, ReturnType<typeof JSON.parse>>>

const DAY_MS = 86_400_000

/** The system's clock, so many days ahead: what is new in the bucket is old for the program. */
export function daysAhead(days: number): Clock {
  return { ...systemClock, now: () => new Date(Date.now() + days * DAY_MS) }
}

export interface FunctionRun {
  /** Undefined where the invocation ended with an error. */
  readonly answer: VerifyAnswer | undefined
  readonly error: unknown
  readonly events: readonly Fields[]
  readonly metrics: Fields | undefined
  /** Everything that the run printed. */
  readonly output: string
}

/** Runs the real handler over one event, in a new instance of the function. */
export async function runFunction(
  world: VerifyWorld,
  event: unknown,
  options: {
    readonly env?: Readonly<Record<string, string>>
    readonly remainingMs?: () => number
    readonly compose?: VerifyOptions
  } = {},
): Promise<FunctionRun> {
  const { env = {}, remainingMs = () => 900_000, compose = {} } = options
  const lines: string[] = []
  const metrics: string[] = []
  const handler = composeVerifyFunction(
    { ...world.env, ...env },
    {
      log: createJsonLog((line) => void lines.push(line), 'debug', systemClock.now),
      writeMetrics: (line) => void metrics.push(line),
      ...compose,
    },
  )
  const context = { functionName: 'verify', getRemainingTimeInMillis: remainingMs } as Context
  const [ended] = await Promise.allSettled([handler(event, context)])
  return {
    answer: ended.status === 'fulfilled' ? ended.value : undefined,
    error: ended.status === 'fulfilled' ? undefined : ended.reason,
    events: lines.map((line) => JSON.parse(line) as Fields),
    metrics: metrics[0] === undefined ? undefined : (JSON.parse(metrics[0]) as Fields),
    output: [...lines, ...metrics].join('\n'),
  }
}

export interface ScopeRun {
  readonly end: VerifyEnd
  readonly events: readonly VerifyEvent[]
}

/** Runs a check as the terminal does, with everything wired as it is there. */
export async function runScope(
  world: VerifyWorld,
  scope: Scope,
  options: {
    readonly env?: Readonly<Record<string, string>>
    readonly workspaceId?: string
    readonly mayStart?: () => boolean
    readonly observe?: (event: VerifyEvent) => void
    readonly compose?: VerifyOptions
  } = {},
): Promise<ScopeRun> {
  const { env = {}, workspaceId = VERIFY_WORKSPACE, mayStart = () => true, observe, compose } = options
  const verifier = composeVerifier(readArchiveConfig({ ...world.env, ...env }), compose)
  const events: VerifyEvent[] = []
  using deadline = endlessDeadline()
  try {
    const order = { workspaceId, scope, by: 'terminal' } as const
    const end = await verify(order, verifier.systems, { signal: deadline.signal, mayStart }, (event) => {
      events.push(event)
      observe?.(event)
    })
    return { end, events }
  } finally {
    await verifier.close()
  }
}

/** Changes one byte of an object behind S3's back, as a failing disk does. */
export async function flipByte(world: VerifyWorld, key: string, at: number): Promise<void> {
  const path = join(world.directory, 'archive', key)
  const bytes = await readFile(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await writeFile(path, bytes)
}
