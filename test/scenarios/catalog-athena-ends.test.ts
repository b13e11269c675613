import { describe, expect, it } from 'vitest'
import type { SearchEnd, Wait } from '../../lib/catalog/catalog.ts'
import type { Criteria } from '../../lib/catalog/criteria.ts'
import { type AthenaWorld, startAthenaWorld } from '../helpers/athena-world.ts'
import { idOf, rowOf, segmentOf, WORKSPACE } from '../helpers/catalog-rows.ts'

const NEVER = new AbortController().signal
const ALWAYS = AbortSignal.abort()
const ALL: Criteria = { workspaceId: WORKSPACE }
const PAGE = { limit: 5_000 }

async function startFilled(rows = 3): Promise<AthenaWorld> {
  const world = await startAthenaWorld()
  await world.put(
    '2024-03-01',
    'batch',
    Array.from({ length: rows }, (_, index) => rowOf(`row ${index}`)),
  )
  return world
}

function ask(
  { catalog }: AthenaWorld,
  wait: Partial<Wait> = {},
  criteria: Criteria = ALL,
  page = PAGE,
): Promise<SearchEnd> {
  return catalog.searchFor(criteria, page, { caller: 'officer', until: NEVER, ...wait }, NEVER)
}

async function askAndLeave(world: AthenaWorld): Promise<string> {
  world.athena.conduct.states = ['QUEUED', 'RUNNING', 'RUNNING']
  const end = await ask(world, { until: ALWAYS })
  if (end.kind !== 'searching') throw new Error(end.kind)
  return end.query
}

describe('what Athena found', () => {
  it('is read to the end, page by page, the names of the columns once', async () => {
    const world = await startFilled(2_345)
    const { rows, complete } = await world.catalog.search(ALL, PAGE, NEVER)
    expect(new Set(rows.map(({ recording_id: id }) => id))).toEqual(
      new Set(Array.from({ length: 2_345 }, (_, index) => idOf(`row ${index}`))),
    )
    expect(complete).toBe(true)
    // 2,346 lines in pages of a thousand, and one of the count of what cannot be read.
    expect(world.athena.asked['GetQueryResults']).toBe(4)
  })

  it('is asked for in the work group and the database of the deployment', async () => {
    const world = await startFilled()
    await world.catalog.search(ALL, PAGE, NEVER)
    expect(world.athena.statements).toMatchObject(
      Array.from({ length: 2 }, () => ({ database: 'recordings', workGroup: 'recordings-search' })),
    )
  })

  it('is nothing, and asks nothing of Athena, where the bucket has none of the days', async () => {
    const world = await startFilled()
    const range = { from: new Date('2024-04-01'), to: new Date('2024-05-01') }
    const result = await world.catalog.search({ ...ALL, range }, PAGE, NEVER)
    expect(result).toEqual({ rows: [], next: undefined, complete: true, reasons: [] })
    expect(world.athena.asked).toEqual({})
  })

  it('is not complete where lines cannot be read', async () => {
    const world = await startFilled()
    const broken = `${segmentOf([rowOf('good')])}{"recording_id":"cut\n42\n`
    await world.putText(`catalog/workspace=${WORKSPACE}/day=2024-03-01/broken.ndjson`, broken)
    const { rows, complete, reasons } = await world.catalog.search(ALL, PAGE, NEVER)
    expect(rows).toHaveLength(4)
    expect(complete).toBe(false)
    expect(reasons).toEqual([expect.stringMatching(/^2 lines of the catalog cannot be read/)])
  })

  it('is not complete where there are days that its tables do not have', async () => {
    const world = await startFilled()
    const old = { created_at: '2012-12-12T12:00:00.000Z' }
    await world.put('2012-12-12', 'old', [rowOf('old', old)])
    await world.put('9999-01-01', 'late', [rowOf('late', { created_at: '9999-01-01T00:00:00.000Z' })])
    const { rows, complete, reasons } = await world.catalog.search(ALL, PAGE, NEVER)
    expect(rows).toHaveLength(3)
    expect(complete).toBe(false)
    expect(reasons).toEqual([
      expect.stringMatching(/^recordings of 2012-12-12 are not looked at here/),
      expect.stringMatching(/^recordings of 9999-01-01 are not looked at here/),
    ])
  })

  it('is not complete where something else lies among the segments', async () => {
    const world = await startFilled()
    await world.putText(`catalog/workspace=${WORKSPACE}/day=2024-03-01/notes.txt`, 'mine')
    const { complete, reasons } = await world.catalog.search(ALL, PAGE, NEVER)
    expect([complete, reasons[0]]).toEqual([false, expect.stringContaining('notes.txt')])
  })
})

describe('a search that takes longer than whoever asks can wait', () => {
  it('goes on, and is taken up again by its query', async () => {
    const world = await startFilled()
    const query = await askAndLeave(world)
    expect(query).toMatch(/^[0-9a-f.-]{1,200}$/)
    expect(await ask(world, { query, until: ALWAYS })).toEqual({ kind: 'searching', query })
    const end = await ask(world, { query })
    expect(end).toMatchObject({ kind: 'found', result: { rows: { length: 3 }, complete: true } })
    expect(world.athena.asked['StartQueryExecution']).toBe(2)
    expect(world.athena.stopped).toEqual([])
  })

  it.each([
    ['of somebody else', { caller: 'intruder' }, ALL, PAGE],
    ['for other criteria', {}, { ...ALL, numbers: ['49301234'] }, PAGE],
    ['for another page', {}, ALL, { limit: 1 }],
  ] as const)('is not told to a request %s', async (_, wait, criteria, page) => {
    const world = await startFilled()
    const query = await askAndLeave(world)
    expect(await ask(world, { query, ...wait }, criteria, page)).toEqual({ kind: 'unknown-query' })
    expect(world.athena.asked['GetQueryResults']).toBeUndefined()
  })

  it.each(['', 'x', idOf('nobody'), `${idOf('a')}.${idOf('b')}.${idOf('c')}`, `${idOf('a')};${idOf('b')}`])(
    'is not found by %j',
    async (query) => {
      const world = await startFilled()
      expect(await ask(world, { query })).toEqual({ kind: 'unknown-query' })
    },
  )

  it('is not found by an id of another kind of statement', async () => {
    const world = await startFilled()
    const signal = NEVER
    const id = await world.search.queries.begin(
      { text: 'select ? as a', parameters: ['b'] },
      'compact',
      signal,
    )
    expect(await ask(world, { query: id })).toEqual({ kind: 'unknown-query' })
  })

  it('is stopped where what counts the lines that cannot be read cannot begin', async () => {
    const world = await startFilled()
    world.athena.conduct.refuse = (operation) =>
      operation === 'StartQueryExecution' && world.athena.statements.length > 0
        ? { status: 400, type: 'TooManyRequestsException', message: 'too many at once' }
        : undefined
    await expect(ask(world)).rejects.toThrow('too many at once')
    expect(world.athena.stopped).toEqual([world.athena.statements[0]?.id])
  })

  it('is stopped where the asker gives it up', async () => {
    const world = await startFilled()
    const stop = new AbortController()
    world.athena.conduct = {
      states: Array.from({ length: 1_000 }, () => 'RUNNING' as const),
      onOperation: (operation) => {
        if (operation === 'GetQueryExecution') stop.abort(new Error('given up'))
      },
    }
    await expect(world.catalog.search(ALL, PAGE, stop.signal)).rejects.toThrow('given up')
    expect(world.athena.stopped).toHaveLength(2)
  })
})
