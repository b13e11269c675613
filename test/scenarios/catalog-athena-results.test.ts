import { describe, expect, it } from 'vitest'
import type { SearchEnd } from '../../lib/catalog/catalog.ts'
import type { Criteria } from '../../lib/catalog/criteria.ts'
import type { AthenaConduct } from '../helpers/athena-server.ts'
import { type AthenaWorld, startAthenaWorld } from '../helpers/athena-world.ts'
import { rowOf, segmentOf, WORKSPACE } from '../helpers/catalog-rows.ts'

const NEVER = new AbortController().signal
const ALL: Criteria = { workspaceId: WORKSPACE }
const PAGE = { limit: 5_000 }
const DAY = '2024-03-01'

/** Seven rows and a line that is none. */
async function startFilled(): Promise<AthenaWorld> {
  const world = await startAthenaWorld()
  const rows = Array.from({ length: 7 }, (_, index) => rowOf(`row ${index}`))
  await world.putText(`catalog/workspace=${WORKSPACE}/day=${DAY}/batch.ndjson`, `${segmentOf(rows)}42\n`)
  return world
}

function ask({ catalog }: AthenaWorld, query?: string, until = NEVER): Promise<SearchEnd> {
  return catalog.searchFor(ALL, PAGE, { caller: 'officer', query, until }, NEVER)
}

async function begin(world: AthenaWorld): Promise<string> {
  world.athena.conduct = { states: ['QUEUED', 'RUNNING'] }
  const end = await ask(world, undefined, AbortSignal.abort())
  if (end.kind !== 'searching') throw new Error(end.kind)
  return end.query
}

describe('a part of what was found is never taken for all of it:', () => {
  it.each([
    ['the token of a page is that of the page before', () => 'again'],
    ['the tokens go round in a circle', (at: number) => `page ${at % 3}`],
  ])('where %s, the search fails', async (_, tokenOf) => {
    const world = await startFilled()
    let pages = 0
    const page: AthenaConduct['page'] = ({ ResultSet }) => ({
      ...(ResultSet && { ResultSet: { Rows: ResultSet.Rows.slice(0, 2) } }),
      NextToken: tokenOf((pages += 1)),
    })
    // The server takes any token for the beginning: it is how the pages end that counts.
    world.athena.conduct = { page }
    await expect(world.catalog.search(ALL, PAGE, NEVER)).rejects.toMatchObject({
      name: 'StoreError',
      message: expect.stringContaining('does not go on') as unknown,
    })
  })

  it('where an answer has no result, the search fails', async () => {
    const world = await startFilled()
    world.athena.conduct = { page: () => ({}) }
    await expect(world.catalog.search(ALL, PAGE, NEVER)).rejects.toMatchObject({
      name: 'StoreError',
      message: expect.stringContaining('gave no result') as unknown,
    })
  })

  it('whoever takes up the rows without what counts the lines that are none does not have that search', async () => {
    const world = await startFilled()
    const query = await begin(world)
    const [rows = '', lines = '', ...more] = query.split('.')
    expect(more).toEqual([])
    for (const other of [rows, lines, `${lines}.${rows}`, `${rows}.${rows}`])
      expect(await ask(world, other), other).toEqual({ kind: 'unknown-query' })
    const whole = await ask(world, query)
    expect(whole).toMatchObject({ kind: 'found', result: { rows: { length: 7 }, complete: false } })
  })
})

describe('a search that will never have a result is not waited for:', () => {
  it('what Athena does not keep any more is to be begun again', async () => {
    const world = await startFilled()
    const query = await begin(world)
    world.athena.conduct.refuse = (operation) =>
      operation === 'GetQueryResults'
        ? { status: 400, type: 'InvalidRequestException', message: 'Query results have expired.' }
        : undefined
    expect(await ask(world, query)).toEqual({ kind: 'unknown-query' })
    // What was begun just now cannot have expired.
    await expect(ask(world)).rejects.toMatchObject({ name: 'StoreError' })
  })

  it.each(['FAILED', 'CANCELLED'] as const)('what is %s is to be begun again', async (state) => {
    const world = await startFilled()
    const query = await begin(world)
    world.athena.conduct.end = () => ({ state, reason: 'Query exhausted resources at this scale factor' })
    // Asked while it seems to run, it says why.
    await expect(ask(world, query)).rejects.toThrow('exhausted resources')
    expect(await ask(world, query)).toEqual({ kind: 'unknown-query' })
  })

  it('what would read too much says so each time', async () => {
    const world = await startFilled()
    const query = await begin(world)
    const reason = 'Query cancelled! : Bytes scanned limit was exceeded'
    world.athena.conduct.end = () => ({ state: 'CANCELLED', reason })
    expect(await ask(world, query)).toMatchObject({ kind: 'too-wide' })
    expect(await ask(world, query)).toMatchObject({ kind: 'too-wide' })
  })
})
