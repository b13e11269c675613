import { beforeEach, describe, expect, it } from 'vitest'
import type { CatalogEntry } from '../../lib/catalog/entry.ts'
import type { SearchResult } from '../../lib/catalog/search.ts'
import type { Compacted } from '../../lib/catalog/compaction.ts'
import { describeCatalog } from '../helpers/catalog-contract.ts'
import { rowOf, segmentOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { type CatalogWorld, startCatalogWorld } from '../helpers/catalog-world.ts'

const NEVER = new AbortController().signal
const MARCH = { first: '2024-03-01', last: '2024-03-31' }
const DAY = '2024-03-01'
const SEGMENTS = `catalog/workspace=${WORKSPACE}/day=${DAY}/`
const COMPACTS = `catalog-compact/workspace=${WORKSPACE}/day=${DAY}/`

async function compact(world: CatalogWorld): Promise<Compacted[]> {
  const ends: Compacted[] = []
  for await (const end of world.local.compactor.compact(WORKSPACE, MARCH, NEVER)) ends.push(end)
  return ends
}

const searchAll = (world: CatalogWorld): Promise<SearchResult> =>
  world.catalog.search({ workspaceId: WORKSPACE }, { limit: 1000 }, NEVER)

/** What is read of the bucket by a search on a machine that has fetched nothing yet. */
async function readBy(world: CatalogWorld): Promise<string[]> {
  const fresh = await world.elsewhere()
  world.requests.length = 0
  await fresh.search({ workspaceId: WORKSPACE }, { limit: 1 }, NEVER)
  return world.requests
    .filter(({ operation, key }) => operation === 'GetObject' && !key.startsWith('catalog-rebuild/'))
    .map(({ key }) => key)
}

let world: CatalogWorld
let rows: readonly CatalogEntry[]

beforeEach(async () => {
  world = await startCatalogWorld()
  rows = Array.from({ length: 12 }, (_, index) =>
    rowOf(`row ${index}`, {
      created_at: `2024-03-01T${String(10 + index)}:00:00.000Z`,
      findings: index === 3 ? ['cut-frame'] : [],
      channels: index === 4 ? null : 2,
      duration_ms: 1000 + index / 2,
    }),
  )
  for (const [index, row] of rows.entries()) await world.put(DAY, `batch-${index}`, [row, rows[0]!])
})

describe('compacting a day', () => {
  it('puts its rows into one Parquet file, from which a search answers the same', async () => {
    const before = await searchAll(world)
    expect(before.rows).toHaveLength(12)
    const [end, ...others] = await compact(world)
    expect(others).toEqual([])
    expect(end).toMatchObject({ kind: 'compacted', day: DAY, files: 12, rows: 12, reasons: [] })
    expect(await searchAll(world)).toEqual(before)
    const read = await readBy(world)
    expect(read.filter((key) => key.startsWith(SEGMENTS))).toEqual([])
    expect(read.toSorted()).toEqual(await world.keys(COMPACTS))
  })

  it('deletes and changes nothing that was there', async () => {
    const before = await world.keys()
    const contents = await Promise.all(before.map((key) => world.get(key)))
    await compact(world)
    const after = await world.keys()
    expect(after.filter((key) => before.includes(key))).toEqual(before)
    expect(await Promise.all(before.map((key) => world.get(key)))).toEqual(contents)
    expect(after.filter((key) => !before.includes(key))).toEqual([
      expect.stringMatching(/_compact-[0-9a-f]{24}\.json$/),
      expect.stringMatching(/compact-[0-9a-f]{24}\.parquet$/),
    ])
  })

  it('keeps what later rows of a recording say beside the first: it is found by each', async () => {
    const found = async (number: string): Promise<readonly string[]> => {
      const criteria = { workspaceId: WORKSPACE, numbers: [number] }
      const { rows: some } = await world.catalog.search(criteria, { limit: 100 }, NEVER)
      return some.map(({ recording_id: id }) => id)
    }
    // As a rebuild by a version does that reads numbers otherwise: of the same sidecar, so with the same times.
    const [, again] = rows
    await world.put(DAY, 'rebuilt', [{ ...again!, from_number: '33142685300' }])
    await compact(world)
    expect(await found('33142685300')).toEqual([again!.recording_id])
    expect(await found('447700900456')).toContain(again!.recording_id)
    expect((await searchAll(world)).rows).toHaveLength(12)
  })

  it('is done once: a second run writes nothing', async () => {
    await compact(world)
    const keys = await world.keys()
    world.requests.length = 0
    expect(await compact(world)).toEqual([{ kind: 'compact-already', day: DAY }])
    expect(world.requests.filter(({ operation }) => operation === 'PutObject')).toEqual([])
    expect(await world.keys()).toEqual(keys)
  })

  it('comes to rest where all that was written since has been in it already', async () => {
    await compact(world)
    const before = await searchAll(world)
    // As a batch that is delivered again, and a rebuild, do.
    await world.put(DAY, 'again', [rows[3]!])
    await world.put(DAY, 'rebuilt', rows)
    expect(await compact(world)).toMatchObject([{ kind: 'compacted', files: 3, rows: 12 }])
    expect(await compact(world)).toEqual([{ kind: 'compact-already', day: DAY }])
    expect(await searchAll(world)).toEqual(before)
    expect((await readBy(world)).filter((key) => !key.endsWith('.json'))).toHaveLength(1)
  })

  it('lets a search read what was written after it, too, and takes that in the next time', async () => {
    await compact(world)
    const late = rowOf('late', { created_at: '2024-03-01T05:00:00.000Z' })
    await world.put(DAY, 'late', [late])
    expect((await searchAll(world)).rows).toEqual([...rows.toReversed(), late])
    expect((await readBy(world)).filter((key) => key.startsWith(SEGMENTS))).toEqual([
      `${SEGMENTS}late.ndjson`,
    ])
    expect(await compact(world)).toMatchObject([{ kind: 'compacted', files: 2, rows: 13 }])
    expect((await searchAll(world)).rows).toEqual([...rows.toReversed(), late])
    const read = await readBy(world)
    expect(read.filter((key) => !key.endsWith('.json'))).toEqual([expect.stringContaining('.parquet')])
  })

  it('leaves a segment alone that has a line which cannot be read, and searches go on saying so', async () => {
    const key = `${SEGMENTS}broken.ndjson`
    const known = rowOf('known', { created_at: '2024-03-01T06:00:00.000Z' })
    await world.putText(key, `not a row\n${segmentOf([known])}`)
    const before = await searchAll(world)
    expect(before).toMatchObject({ complete: false, reasons: [expect.stringContaining(`1 line of ${key}`)] })
    expect(await compact(world)).toMatchObject([
      {
        kind: 'compacted',
        files: 12,
        rows: 12,
        reasons: [expect.stringContaining(`${key} has lines that cannot be read: `)],
      },
    ])
    expect(await searchAll(world)).toEqual(before)
    expect(await compact(world)).toMatchObject([{ kind: 'failed' }])
  })

  it('is made good by the next run where one was killed before it had named what it contains', async () => {
    const before = await searchAll(world)
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.endsWith('.json')
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    await expect(compact(world)).rejects.toThrow('AccessDenied')
    expect(await searchAll(world)).toEqual(before)
    world.faults = () => undefined
    expect(await compact(world)).toMatchObject([{ kind: 'compacted', rows: 12 }])
    expect(await searchAll(world)).toEqual(before)
    const read = await readBy(world)
    expect(read.filter((key) => !key.endsWith('.json'))).toEqual([expect.stringContaining('.parquet')])
  })
})

describeCatalog('DuckDB from Parquet alone', async () => {
  const compacted = await startCatalogWorld()
  return {
    catalog: {
      async search(criteria, page, signal) {
        const days = compacted.local.compactor.compact(criteria.workspaceId, MARCH, signal)
        while ((await days.next()).done !== true);
        return await compacted.catalog.search(criteria, page, signal)
      },
    },
    put: async (...segment) => {
      await compacted.put(...segment)
      // A day of one object is not compacted.
      const [day, name, , workspaceId] = segment
      await compacted.put(day, `${name}-twin`, segment[2], workspaceId)
    },
  }
})
