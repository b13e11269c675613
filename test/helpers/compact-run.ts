import type { Context } from 'aws-lambda'
import { expect } from 'vitest'
import { type CompactAnswer, composeCompactFunction } from '../../lib/compose-compact.ts'
import { systemClock } from '../../lib/deadline.ts'
import { createJsonLog } from '../../lib/log.ts'
import type { AthenaWorld } from './athena-world.ts'
import { rowOf, WORKSPACE } from './catalog-rows.ts'

const NEVER = new AbortController().signal
/** When the function runs. */
export const TODAY = '2024-04-01'
export const COMPACTS = `catalog-compact/workspace=${WORKSPACE}/`

/** What came of a run. */
export interface Run {
  readonly answer: CompactAnswer | Error
  readonly metrics: unknown
  readonly events: readonly unknown[]
}

/** Runs the function as a schedule does, on the first of April 2024. */
export async function runCompact(
  world: AthenaWorld,
  event: unknown = { compact: 'all' },
  remainingMs = 300_000,
): Promise<Run> {
  const [lines, metrics]: [string[], string[]] = [[], []]
  const clock = { ...systemClock, now: () => new Date(`${TODAY}T03:00:00Z`) }
  const handler = composeCompactFunction(world.env, {
    clock,
    log: createJsonLog((line) => lines.push(line), 'debug', clock.now),
    writeMetrics: (line) => metrics.push(line),
  })
  const context = { functionName: 'compact', getRemainingTimeInMillis: () => remainingMs } as Context
  const answer = await handler(event, context).catch((error: unknown) => error as Error)
  return {
    answer,
    metrics: metrics[0] === undefined ? undefined : (JSON.parse(metrics[0]) as unknown),
    events: lines.map((line): unknown => JSON.parse(line)),
  }
}

/** Two days of several segments, one of a single one, and today. */
export async function fillDays({ put }: AthenaWorld): Promise<void> {
  for (const day of ['2024-03-01', '2024-03-02'])
    for (const batch of [1, 2, 3])
      await put(day, `batch-${batch}`, [
        rowOf(`${day} ${batch}`, { created_at: `${day}T0${batch}:00:00.000Z` }),
        // Delivered with each batch again.
        rowOf(`${day} twice`, { created_at: `${day}T09:00:00.000Z`, findings: ['cut-frame', 'a, b'] }),
      ])
  await put('2024-03-05', 'single', [rowOf('single', { created_at: '2024-03-05T00:00:00.000Z' })])
  for (const batch of [1, 2])
    await put(TODAY, `batch-${batch}`, [rowOf(`today ${batch}`, { created_at: `${TODAY}T00:00:00.000Z` })])
}

/** What both engines find, which is the same. */
export async function findAll(world: AthenaWorld): Promise<unknown> {
  const criteria = { workspaceId: WORKSPACE }
  const byAthena = await world.catalog.search(criteria, { limit: 100 }, NEVER)
  const byDuckDb = await (await world.elsewhere()).search(criteria, { limit: 100 }, NEVER)
  expect(byDuckDb).toEqual(byAthena)
  return byAthena
}

/** Names of the segments that are fetched for a search with DuckDB by a machine that has none. */
export async function listFetched(world: AthenaWorld): Promise<string[]> {
  const catalog = await world.elsewhere()
  world.requests.length = 0
  await catalog.search({ workspaceId: WORKSPACE }, { limit: 100 }, NEVER)
  return world.requests
    .filter(({ operation, key }) => operation === 'GetObject' && key.endsWith('.ndjson'))
    .map(({ key }) => key.replace(/^.*day=/, ''))
    .toSorted()
}
