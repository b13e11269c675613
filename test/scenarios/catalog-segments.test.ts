import { readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Criteria } from '../../lib/catalog/criteria.ts'
import type { SearchResult } from '../../lib/catalog/search.ts'
import { idOf, rowOf, segmentOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { type CatalogWorld, startCatalogWorld } from '../helpers/catalog-world.ts'
import { makeDirectory } from '../helpers/s3-sandbox.ts'

const NEVER = new AbortController().signal
const DAYS = ['2024-02-29', '2024-03-01', '2024-03-02', '2024-03-10'] as const

function keyOf(day: string, name: string): string {
  return `catalog/workspace=${WORKSPACE}/day=${day}/${name}.ndjson`
}

const rowAt = (day: string) => rowOf(day, { created_at: `${day}T12:00:00.000Z` })

/** Four days with one segment each. */
async function startDays(cache?: string): Promise<CatalogWorld> {
  const world = await startCatalogWorld(cache)
  for (const day of DAYS) await world.put(day, 'one', [rowAt(day)])
  return world
}

function search(world: CatalogWorld, criteria: Partial<Criteria> = {}): Promise<SearchResult> {
  return world.catalog.search({ workspaceId: WORKSPACE, ...criteria }, { limit: 100 }, NEVER)
}

const foundDays = ({ rows }: SearchResult): string[] => rows.map(({ created_at }) => created_at.slice(0, 10))

function fetched(world: CatalogWorld): string[] {
  return world.requests
    .filter(({ operation, key }) => operation === 'GetObject' && !key.startsWith('catalog-rebuild/'))
    .map(({ key }) => key)
}

function between(from: string, to: string): Partial<Criteria> {
  return { range: { from: new Date(from), to: new Date(to) } }
}

describe('what a search fetches', () => {
  it('is the days asked for and no others, with one list of each kind, and one that tells whether there is any', async () => {
    const world = await startDays()
    const result = await search(world, between('2024-03-01T06:00:00Z', '2024-03-03T00:00:00Z'))
    expect(foundDays(result)).toEqual(['2024-03-02', '2024-03-01'])
    expect(fetched(world).toSorted()).toEqual([keyOf('2024-03-01', 'one'), keyOf('2024-03-02', 'one')])
    expect(world.requests.filter(({ operation }) => operation !== 'GetObject')).toHaveLength(3)
  })

  it('is what is not here yet: objects never change, and stay', async () => {
    const world = await startDays()
    await search(world, between('2024-03-01T00:00:00Z', '2024-03-02T00:00:00Z'))
    world.requests.length = 0
    expect(foundDays(await search(world))).toEqual(DAYS.toReversed())
    expect(fetched(world)).toHaveLength(3)
    expect(fetched(world)).not.toContain(keyOf('2024-03-01', 'one'))
  })

  it('is also what was written since the last search', async () => {
    const world = await startDays()
    await search(world)
    world.requests.length = 0
    const late = rowOf('late', { created_at: '2024-03-01T23:00:00.000Z' })
    await world.put('2024-03-01', 'two', [late])
    expect((await search(world)).rows).toContainEqual(late)
    expect(fetched(world)).toEqual([keyOf('2024-03-01', 'two')])
  })

  it('is an object again that has another ETag, or of which the copy is not whole', async () => {
    const world = await startDays()
    await search(world)
    const other = rowOf('other', { created_at: '2024-03-01T12:00:00.000Z' })
    await world.put('2024-03-01', 'one', [other])
    const home = join(world.cache, `workspace=${WORKSPACE}`, 'day=2024-03-02')
    for (const name of await readdir(home)) await truncate(join(home, name), 7)
    world.requests.length = 0
    const result = await search(world)
    expect(result).toMatchObject({ complete: true })
    expect(result.rows).toContainEqual(other)
    expect(result.rows).not.toContainEqual(rowAt('2024-03-01'))
    expect(foundDays(result)).toEqual(DAYS.toReversed())
    expect(fetched(world).toSorted()).toEqual([keyOf('2024-03-01', 'one'), keyOf('2024-03-02', 'one')])
  })

  it('is listed to the end, whatever the number of objects', async () => {
    const world = await startCatalogWorld()
    for (let index = 0; index < 1005; index += 1)
      await world.put('2024-03-01', `batch-${String(index).padStart(4, '0')}`, [rowOf(`row ${index % 10}`)])
    await world.put('2024-03-02', 'one', [rowAt('2024-03-02')])
    const result = await search(world)
    expect(result).toMatchObject({ complete: true })
    expect(result.rows).toHaveLength(11)
    expect(fetched(world)).toHaveLength(1006)
  }, 120_000)
})

describe('a copy on this machine', () => {
  it('is whole for each of several searches that fetch it at once', async () => {
    const world = await startDays()
    const results = await Promise.all(Array.from({ length: 8 }, () => search(world)))
    for (const result of results) {
      expect(foundDays(result)).toEqual([...DAYS].toReversed())
      expect(result.complete).toBe(true)
    }
  })

  it('may lie in a directory with whatever name', async () => {
    const world = await startDays(join(await makeDirectory(), `it's [a] "cache" * day=x ?`))
    expect(foundDays(await search(world))).toEqual(DAYS.toReversed())
  })

  it('is nothing that others have put there', async () => {
    const world = await startDays()
    await search(world)
    const home = join(world.cache, `workspace=${WORKSPACE}`, 'day=2024-03-01')
    await writeFile(join(home, 'stray.ndjson'), segmentOf([rowOf('stray')]))
    expect(foundDays(await search(world))).toEqual(DAYS.toReversed())
  })
})

describe('an answer that is not complete says so', () => {
  it('where lines cannot be read: how many, and of which object', async () => {
    const world = await startDays()
    const key = keyOf('2024-03-02', 'broken')
    const good = rowOf('good', { created_at: '2024-03-02T13:00:00.000Z' })
    await world.putText(
      key,
      `\u0000\u0001\n${segmentOf([good])}{"recording_id":"${idOf('cut')}","workspace_id":"${WORKSPACE}","cre`,
    )
    const fresh = await search(world)
    expect(fresh.rows).toContainEqual(good)
    expect(fresh.rows).toHaveLength(DAYS.length + 1)
    expect(fresh).toMatchObject({
      complete: false,
      reasons: [expect.stringMatching(`^2 lines of ${key} cannot be read`)],
    })
    // The copy is not judged again, and not forgotten.
    expect(await search(world)).toEqual(fresh)
    expect(await search(world, between('2024-03-01T00:00:00Z', '2024-03-02T00:00:00Z'))).toMatchObject({
      complete: true,
    })
  })

  it.each([
    ['half a surrogate pair', Buffer.from(segmentOf([rowOf('lost', { source_id: 'x\ud83dy' })]))],
    ['a byte that is no UTF-8', Buffer.from(segmentOf([rowOf('lost', { source_id: 'x\xffy' })]), 'latin1')],
  ])('where a line has %s, and no compaction hides it', async (_, line) => {
    const world = await startDays()
    const key = keyOf('2024-03-01', 'odd')
    await world.putText(key, Buffer.concat([Buffer.from(segmentOf([rowOf('known')])), line]))
    const before = await search(world)
    expect(before.rows).toHaveLength(5)
    expect(before).toMatchObject({ complete: false, reasons: [expect.stringContaining(`1 line of ${key}`)] })
    const days = { first: '2024-03-01', last: '2024-03-01' }
    for await (const { kind } of world.local.compactor.compact(WORKSPACE, days, NEVER))
      expect(kind).toBe('failed')
    expect(await search(world)).toEqual(before)
  })

  it('where an object cannot be fetched, and finds the rest', async () => {
    const world = await startDays()
    const key = keyOf('2024-03-01', 'one')
    world.faults = (request) =>
      request.key === key ? { kind: 'error', status: 400, code: 'InvalidRequest' } : undefined
    const result = await search(world)
    expect(foundDays(result)).toEqual(['2024-03-10', '2024-03-02', '2024-02-29'])
    expect(result).toMatchObject({
      complete: false,
      reasons: [expect.stringMatching(`^${key} could not be read`)],
    })
    world.faults = () => undefined
    expect(await search(world)).toMatchObject({ complete: true, reasons: [] })
  })

  it('where an object comes otherwise than it was listed', async () => {
    const world = await startDays()
    const key = keyOf('2024-03-01', 'one')
    world.faults = (request) =>
      request.key === key && request.operation === 'GetObject'
        ? { kind: 'body', endAfterBytes: 100 }
        : undefined
    const result = await search(world)
    expect(foundDays(result)).toEqual(['2024-03-10', '2024-03-02', '2024-02-29'])
    expect(result).toMatchObject({ complete: false, reasons: [expect.stringContaining('came with 100')] })
  })

  it('where something lies there that is no segment', async () => {
    const world = await startDays()
    const key = `catalog/workspace=${WORKSPACE}/day=2024-03-01/deeper/rows.ndjson`
    await world.putText(key, segmentOf([rowOf('deeper')]))
    expect(await search(world)).toMatchObject({
      complete: false,
      reasons: [`${key} is no segment of the catalog, and was not read`],
    })
  })
})

describe('a search that cannot be made', () => {
  it('gives no answer where the bucket cannot be listed', async () => {
    const world = await startDays()
    world.faults = ({ operation }) =>
      operation === 'ListObjectsV2' ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined
    await expect(search(world)).rejects.toThrow('S3 refuses to list catalog/workspace=')
  })

  it('gives no answer where the objects may not be read', async () => {
    const world = await startDays()
    world.faults = ({ operation, key }) =>
      operation === 'GetObject' && key.startsWith('catalog/')
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    await expect(search(world)).rejects.toThrow('S3 refuses to read catalog/workspace=')
  })

  it('ends when it is asked to', async () => {
    const world = await startDays()
    const stop = new AbortController()
    world.faults = ({ operation }) => {
      if (operation === 'GetObject') stop.abort(new Error('stopped'))
      return undefined
    }
    const running = world.catalog.search({ workspaceId: WORKSPACE }, { limit: 1 }, stop.signal)
    await expect(running).rejects.toThrow('stopped')
  })

  it('leaves a workspace id alone that is none, and could lead out of the cache', async () => {
    const world = await startCatalogWorld()
    const workspaceId = '../../elsewhere'
    await world.put('2024-03-01', 'one', [rowOf('one', { workspace_id: workspaceId })], workspaceId)
    expect(await search(world, { workspaceId })).toMatchObject({ rows: [] })
    expect(world.requests).toEqual([])
  })
})
