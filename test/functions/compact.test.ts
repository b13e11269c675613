import type { Context } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { type CompactAnswer, composeCompactFunction } from '../../lib/compose-compact.ts'
import { systemClock } from '../../lib/deadline.ts'
import { createJsonLog } from '../../lib/log.ts'
import { type AthenaWorld, startAthenaWorld } from '../helpers/athena-world.ts'
import { rowOf, segmentOf, WORKSPACE } from '../helpers/catalog-rows.ts'

const NEVER = new AbortController().signal
const TODAY = '2024-04-01'
const COMPACTS = `catalog-compact/workspace=${WORKSPACE}/`

interface Run {
  readonly answer: CompactAnswer | Error
  readonly metrics: unknown
  readonly events: readonly unknown[]
}

/** Runs the function as a schedule does, on the first of April 2024. */
async function run(
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
async function fill({ put }: AthenaWorld): Promise<void> {
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

async function found(world: AthenaWorld): Promise<unknown> {
  const criteria = { workspaceId: WORKSPACE }
  const byAthena = await world.catalog.search(criteria, { limit: 100 }, NEVER)
  const byDuckDb = await (await world.elsewhere()).search(criteria, { limit: 100 }, NEVER)
  expect(byDuckDb).toEqual(byAthena)
  return byAthena
}

/** Names of the segments that are fetched for a search with DuckDB by a machine that has none. */
async function fetched(world: AthenaWorld): Promise<string[]> {
  const catalog = await world.elsewhere()
  world.requests.length = 0
  await catalog.search({ workspaceId: WORKSPACE }, { limit: 100 }, NEVER)
  return world.requests
    .filter(({ operation, key }) => operation === 'GetObject' && key.endsWith('.ndjson'))
    .map(({ key }) => key.replace(/^.*day=/, ''))
    .toSorted()
}

describe('the compact function', () => {
  it.each([1, 3])(
    'puts the days before today together, into %i files each: the answers stay',
    async (files) => {
      const world = await startAthenaWorld({ filesOfInsert: files })
      await fill(world)
      const before = await found(world)
      const { answer, metrics, events } = await run(world)
      expect(answer).toEqual({
        finished: true,
        workspaces: [{ workspaceId: WORKSPACE, days: 3, compacted: 2, failed: 0, finished: true }],
      })
      expect(metrics).toMatchObject({
        FunctionName: 'compact',
        CompactionsFinished: 1,
        DaysCompacted: 2,
        DaysNotCompacted: 0,
      })
      expect(events).toMatchObject([{ event: 'compact.finished', compacted: 2 }])
      expect(await found(world)).toEqual(before)
      expect(await fetched(world)).toEqual([
        '2024-03-05/single.ndjson',
        `${TODAY}/batch-1.ndjson`,
        `${TODAY}/batch-2.ndjson`,
      ])
      const names = await world.keys(COMPACTS)
      expect(names.filter((name) => name.includes('/_compact-'))).toHaveLength(2)
      expect(names.filter((name) => !name.includes('/_compact-'))).toHaveLength(2 * files)
    },
  )

  it('has Athena read segments of those days alone that are not compact', async () => {
    const world = await startAthenaWorld()
    await fill(world)
    await run(world)
    const search = {
      workspaceId: WORKSPACE,
      range: { from: new Date('2024-03-01'), to: new Date('2024-03-04') },
    }
    const begun = world.athena.statements.length
    await world.catalog.search(search, { limit: 100 }, NEVER)
    const [statement, ...more] = world.athena.statements.slice(begun)
    expect(more).toEqual([])
    expect(statement?.text).toContain('1 = 0')
  })

  it('does nothing where there is nothing to do, and takes up what has come to a compact day', async () => {
    const world = await startAthenaWorld()
    await fill(world)
    await run(world)
    const [names, begun] = [await world.keys('catalog'), world.athena.statements.length]
    expect((await run(world)).answer).toMatchObject({
      finished: true,
      workspaces: [{ days: 3, compacted: 0 }],
    })
    expect(await world.keys('catalog')).toEqual(names)
    expect(world.athena.statements).toHaveLength(begun)
    await world.put('2024-03-01', 'late', [rowOf('late', { created_at: '2024-03-01T12:00:00.000Z' })])
    const before = await found(world)
    expect((await run(world)).answer).toMatchObject({ workspaces: [{ compacted: 1 }] })
    expect(await found(world)).toEqual(before)
    expect(await fetched(world)).not.toContain('2024-03-01/late.ndjson')
  })

  it('tells what it wrote by its digest: where that is not it, what it was made of is read', async () => {
    const world = await startAthenaWorld({ filesOfInsert: 2 })
    await fill(world)
    const before = await found(world)
    await run(world)
    const written = (await world.keys(COMPACTS)).filter((key) => !key.includes('/_compact-'))
    await world.putText(written[0] ?? '', 'PAR1 something else PAR1')
    const catalog = await world.elsewhere()
    expect(await catalog.search({ workspaceId: WORKSPACE }, { limit: 100 }, NEVER)).toEqual(before)
  })

  it('leaves a day alone that has a line which cannot be read, and says which', async () => {
    const world = await startAthenaWorld()
    await fill(world)
    const broken = segmentOf([rowOf('broken', { created_at: '2024-03-02T10:00:00.000Z' })]).slice(0, -30)
    await world.putText(`catalog/workspace=${WORKSPACE}/day=2024-03-02/broken.ndjson`, broken)
    const { answer, metrics, events } = await run(world)
    expect(answer).toMatchObject({ finished: true, workspaces: [{ compacted: 1, failed: 1 }] })
    expect(metrics).toMatchObject({ DaysNotCompacted: 1, CompactionsFinished: 1 })
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'compact.failed',
        day: '2024-03-02',
        reasons: ['it has lines that cannot be read'],
      }),
    )
    const result = await world.catalog.search({ workspaceId: WORKSPACE }, { limit: 100 }, NEVER)
    expect(result).toMatchObject({
      complete: false,
      reasons: [expect.stringMatching(/^1 line .*cannot be read/)],
    })
    expect(result.rows).toHaveLength(11)
  })

  it('puts the other days together where one has nothing but empty files', async () => {
    const world = await startAthenaWorld()
    await fill(world)
    for (const batch of ['empty-1', 'empty-2']) await world.put('2024-02-29', batch, [])
    const { answer } = await run(world)
    expect(answer).toMatchObject({ finished: true, workspaces: [{ compacted: 2, failed: 1 }] })
  })

  it('keeps everything to be read where other rows came while it ran, and does it at the next run', async () => {
    const world = await startAthenaWorld()
    await fill(world)
    let begun = 0
    world.athena.conduct.onOperation = async (operation) => {
      if (operation !== 'StartQueryExecution' || ++begun !== 2) return
      await world.put('2024-03-01', 'meanwhile', [
        rowOf('meanwhile', { created_at: '2024-03-01T12:00:00.000Z' }),
      ])
    }
    const { answer, events } = await run(world)
    expect(answer).toMatchObject({ finished: true, workspaces: [{ compacted: 1, failed: 1 }] })
    expect(events).toContainEqual(expect.objectContaining({ event: 'compact.failed', day: '2024-03-01' }))
    const before = await found(world)
    expect(before).toMatchObject({ rows: { length: 12 }, complete: true })
    expect((await run(world)).answer).toMatchObject({ workspaces: [{ compacted: 1, failed: 0 }] })
    expect(await found(world)).toEqual(before)
    expect(await fetched(world)).not.toContain('2024-03-01/meanwhile.ndjson')
  })

  it('that dies before the manifest is written loses nothing: the next run begins again', async () => {
    const world = await startAthenaWorld()
    await fill(world)
    const before = await found(world)
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.includes('/_compact-')
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    const { answer, metrics, events } = await run(world)
    expect(answer).toMatchObject({ name: 'ConfigurationError' })
    expect(metrics).toMatchObject({ CompactionsFinished: 0 })
    expect(events).toContainEqual(expect.objectContaining({ event: 'configuration.fault' }))
    expect(await found(world)).toEqual(before)
    world.faults = () => undefined
    expect((await run(world)).answer).toMatchObject({ finished: true, workspaces: [{ compacted: 2 }] })
    expect(await found(world)).toEqual(before)
    expect(await fetched(world)).toHaveLength(3)
    expect((await run(world)).answer).toMatchObject({ workspaces: [{ compacted: 0 }] })
  })

  it('says that it is not finished where its time is over', async () => {
    const world = await startAthenaWorld()
    await fill(world)
    const { answer, metrics } = await run(world, { compact: 'all' }, 0)
    expect(answer).toMatchObject({ finished: false, workspaces: [{ finished: false, compacted: 0 }] })
    expect(metrics).toMatchObject({ CompactionsFinished: 0 })
  })

  it.each([
    [null],
    [{}],
    [{ compact: 'some' }],
    [{ compact: 'all', from: 'yesterday' }],
    [{ compact: 'all', days: 3 }],
  ])('refuses the event %j, and says what is expected', async (event) => {
    const world = await startAthenaWorld()
    const { answer, events } = await run(world, event)
    expect(answer).toMatchObject({ name: 'ConfigurationError' })
    expect(JSON.stringify(events)).toContain('{\\"compact\\": \\"all\\"} is expected')
  })

  it('keeps to the days that it is given', async () => {
    const world = await startAthenaWorld()
    await fill(world)
    const { answer } = await run(world, { compact: 'all', from: '2024-03-02', to: '2024-03-03' })
    expect(answer).toMatchObject({ workspaces: [{ days: 1, compacted: 1 }] })
    // Never today: its segments still come.
    const later = await run(world, { compact: 'all', from: '2024-03-31', to: '2024-05-01' })
    expect(later.answer).toMatchObject({ workspaces: [{ days: 0 }] })
  })
})
