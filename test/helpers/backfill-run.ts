import { setImmediate as turn } from 'node:timers/promises'
import { ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3'
import type { Context } from 'aws-lambda'
import { expect, vi } from 'vitest'
import { writeDropped } from '../../lib/backfill/dropped.ts'
import { createBackfillKeys } from '../../lib/backfill/keys.ts'
import { composeBackfillFunction, type SweepAnswer } from '../../lib/compose-backfill.ts'
import type { Clock } from '../../lib/deadline.ts'
import { createJsonLog } from '../../lib/log.ts'
import type { BirdCall } from '../../lib/sandbox/bird-recording.ts'
import { type BackfillWorld, type BackfillWorldOptions, startBackfillWorld } from './backfill-world.ts'
import { callAt, type CallOverrides } from './listed-calls.ts'
import { startScriptedQueue } from './scripted-queue.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

// A machine may have more to do than these tests, of which some run half a dozen sweeps.
vi.setConfig({ testTimeout: 120_000 })

/** Time that passes only where the program waits, or a test says so. */
export interface TestClock extends Clock {
  /** What was waited for, in milliseconds. */
  readonly pauses: number[]
  advance(ms: number): void
}

export function createTestClock(start: string): TestClock {
  let nowMs = Date.parse(start)
  const pauses: number[] = []
  return {
    pauses,
    now: () => new Date(nowMs),
    random: () => 0.5,
    async pause(ms, signal) {
      signal.throwIfAborted()
      pauses.push(ms)
      nowMs += ms
      await turn()
    },
    advance(ms) {
      nowMs += ms
    },
  }
}

/** A world whose Bird goes by a clock of its own, as the program shall. */
export async function startWorldAt(
  start: string,
  options: BackfillWorldOptions = {},
): Promise<{ world: BackfillWorld; clock: TestClock }> {
  const clock = createTestClock(start)
  const world = await startBackfillWorld({ startedAt: clock.now(), ...options })
  world.now = clock.now
  const queue = await startHastyQueue()
  const close = world[Symbol.asyncDispose].bind(world)
  world[Symbol.asyncDispose] = async () => {
    await queue[Symbol.asyncDispose]()
    await close()
  }
  return { world, clock }
}

/** Each sweep asks for dead letters until SQS has waited a second for more; here it says at once that there are none. */
async function startHastyQueue(): Promise<AsyncDisposable> {
  const queue = await startScriptedQueue(process.env['AWS_ENDPOINT_URL_SQS'] ?? '')
  queue.script = ({ operation, input }, pass) => {
    if (operation === 'ReceiveMessage') Object.assign(input, { WaitTimeSeconds: 0 })
    return pass()
  }
  process.env['AWS_ENDPOINT_URL_SQS'] = queue.url
  return queue
}

export interface SweepOptions {
  /** `{"sweep": "recent", "days": 3}` if not given. */
  readonly event?: unknown
  readonly clock: TestClock
  /** Laid over the world's. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Of the invocation; a quarter of an hour if not given. It passes with the clock. */
  readonly remainingMs?: number
  readonly windowLimit?: number
}

type Fields = Readonly<Record<string, ReturnType<typeof JSON.parse>>>

export interface SweepRun {
  /** Undefined where the invocation ended with an error. */
  readonly answer: SweepAnswer | undefined
  readonly error: unknown
  readonly events: readonly Fields[]
  readonly metrics: Fields | undefined
  /** Everything that the run printed. */
  readonly output: string
}

/** Runs the real handler over one event, in a new instance of the function. */
export async function runSweep(world: BackfillWorld, options: SweepOptions): Promise<SweepRun> {
  const { event = { sweep: 'recent', days: 3 }, clock, remainingMs = 900_000, windowLimit } = options
  const lines: string[] = []
  const metrics: string[] = []
  const handler = composeBackfillFunction(
    { ...world.env, BIRD_REQUESTS_PER_SECOND: '1000', LOG_LEVEL: 'debug', ...options.env },
    {
      log: createJsonLog((line) => void lines.push(line), 'debug', clock.now),
      clock,
      writeMetrics: (line) => void metrics.push(line),
      ...(windowLimit !== undefined && { windowLimit }),
    },
  )
  const endsAt = clock.now().getTime() + remainingMs
  const getRemainingTimeInMillis = (): number => endsAt - clock.now().getTime()
  const context = { functionName: 'backfill', getRemainingTimeInMillis } as Context
  const [ended] = await Promise.allSettled([handler(event, context)])
  return {
    answer: ended.status === 'fulfilled' ? ended.value : undefined,
    error: ended.status === 'fulfilled' ? undefined : ended.reason,
    events: lines.map((line) => JSON.parse(line) as Fields),
    metrics: metrics[0] === undefined ? undefined : (JSON.parse(metrics[0]) as Fields),
    output: [...lines, ...metrics].join('\n'),
  }
}

/** Runs it, and asserts that it came to its end. */
export async function sweepToEnd(world: BackfillWorld, options: SweepOptions): Promise<SweepRun> {
  const run = await runSweep(world, options)
  expect(run).toMatchObject({ error: undefined, answer: { finished: true } })
  return run
}

/** A recording as the ledgers have it. */
export interface Accounted {
  readonly window: string
  readonly line: string
  readonly reason: string
  readonly firstSeenAt?: string
  readonly sentAt?: string
}

/** All recordings that the ledgers know, by id. Asserts that each is in one line of one ledger. */
export async function accountOf(world: BackfillWorld): Promise<Map<string, Accounted>> {
  const account = new Map<string, Accounted>()
  for (const key of await world.keys(`backfill/windows/${world.workspaceId}/`)) {
    const { window, archived, open } = await world.json(key)
    const entries = [
      ...(archived as string[]).map((recordingId) => ({ recordingId, line: 'archived', reason: 'archived' })),
      ...(open as (Omit<Accounted, 'window'> & { recordingId: string })[]),
    ]
    for (const { recordingId, ...entry } of entries) {
      expect(account.get(recordingId), `${recordingId} is also in ${window}`).toBeUndefined()
      account.set(recordingId, { window: String(window), ...entry })
    }
  }
  return account
}

/** A window's ledger. */
export async function ledgerOf(world: BackfillWorld, window: string): Promise<Fields> {
  return await world.json(`backfill/windows/${world.workspaceId}/${window}.json`)
}

/** The last report that a sweep of this name has kept. Asserts that its lines add up. */
export async function reportOf(world: BackfillWorld, name = 'recent'): Promise<Fields> {
  const key = (await world.keys(`backfill/reports/${world.workspaceId}/${name}/`)).at(-1) ?? 'no report'
  const report = await world.json(key)
  const lines = Object.values(report['lines'] as Record<string, { count: number; reasons: Fields[] }>)
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
  expect(report['recordings']).toBe(sum(lines.map(({ count }) => count)))
  for (const { count, reasons } of lines)
    expect(count).toBe(sum(reasons.map((reason) => Number(reason['count']))))
  return report
}

/** The counts of a report's lines that are not zero. */
export function countsOf(report: Fields): Record<string, number> {
  const lines = Object.entries(report['lines'] as Record<string, { count: number }>)
  return Object.fromEntries(lines.flatMap(([line, { count }]) => (count === 0 ? [] : [[line, count]])))
}

/** The attestations in the bucket, by the name of the window. Asserts that none of them was ever written over. */
export async function attestationsOf(world: BackfillWorld): Promise<Map<string, Fields[]>> {
  const prefix = `backfill/attestations/${world.workspaceId}/`
  const byWindow = new Map<string, Fields[]>()
  for (const key of await world.keys(prefix)) {
    const window = key.slice(prefix.length).replace(/\/.*$/, '')
    byWindow.set(window, [...(byWindow.get(window) ?? []), { ...(await world.json(key)), key }])
  }
  for (const [key, versions] of await versionsOf(prefix)) expect([key, versions]).toEqual([key, 1])
  return byWindow
}

async function versionsOf(Prefix: string): Promise<Map<string, number>> {
  const client = new S3Client({ forcePathStyle: true, customUserAgent: 'backfill-world' })
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: 'archive', Prefix }))
  client.destroy()
  const counts = new Map<string, number>()
  for (const { Key = '' } of Versions) counts.set(Key, (counts.get(Key) ?? 0) + 1)
  return counts
}

/** Calls of a day, a minute apart or less; the last one is the newest, which Bird lists first. */
export function callsOn(day: string, count: number, overrides: CallOverrides = {}): BirdCall[] {
  const firstMs = Date.parse(`${day}T02:00:00Z`)
  const stepMs = Math.min(60_000, Math.floor((20 * HOUR_MS) / count))
  return Array.from({ length: count }, (_, at) => callAt(new Date(firstMs + at * stepMs), overrides))
}

/** The recordings that messages in the queue ask for, sorted. */
export async function queuedIds(world: BackfillWorld): Promise<string[]> {
  return (await world.queued())
    .map(({ body }) => String((JSON.parse(body) as Fields)['recordingId']))
    .toSorted()
}

export function idsOf(calls: readonly { readonly recordingId: string }[]): string[] {
  return calls.map(({ recordingId }) => recordingId).toSorted()
}

/** Does what a person does who gives a dead letter up. */
export async function giveUp(world: BackfillWorld, recordingId: string): Promise<void> {
  const { workspaceId } = world
  const deadLetter = { reason: 'conflict', detail: undefined, firstSeenAt: undefined }
  const text = writeDropped({
    workspaceId,
    recordingId,
    messageId: 'message',
    reason: 'the caller asked for it',
    by: 'ada',
    deadLetter,
    droppedAt: world.now(),
    body: recordingId,
  })
  await world.put(createBackfillKeys('').dropped(workspaceId, recordingId), text)
}

/** Windows that are to be looked at again, whatever is swept. */
export async function pendingOf(world: BackfillWorld): Promise<string[]> {
  const { windows } = await world.json(createBackfillKeys('').pending(world.workspaceId))
  return windows as string[]
}

/** How far the sweep of this name has come. */
export async function markOf(world: BackfillWorld, name = 'recent'): Promise<Fields> {
  return await world.json(createBackfillKeys('').mark(world.workspaceId, name))
}
