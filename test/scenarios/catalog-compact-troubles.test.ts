import { beforeEach, describe, expect, it } from 'vitest'
import type { CatalogEntry } from '../../lib/catalog/entry.ts'
import type { SearchResult } from '../../lib/catalog/search.ts'
import type { Compacted } from '../../lib/catalog/compaction.ts'
import { rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'
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

describe('what cannot be read of one day', () => {
  const other = { created_at: '2024-03-09T09:00:00.000Z' }

  it('is left out and named, and all else is put together', async () => {
    const key = `${COMPACTS}20240301_half_a_file`
    await world.putText(key, 'PAR1 half a file')
    for (const batch of ['a', 'b']) await world.put('2024-03-09', batch, [rowOf(batch, other)])
    const reasons = [`${key} cannot be read: move it away`]
    expect(await compact(world)).toMatchObject([
      { kind: 'compacted', day: DAY, rows: 12, reasons },
      { kind: 'compacted', day: '2024-03-09', reasons: [] },
    ])
    const keys = await world.keys()
    expect(await compact(world)).toEqual([
      { kind: 'failed', day: DAY, reasons },
      { kind: 'compact-already', day: '2024-03-09' },
    ])
    expect(await world.keys()).toEqual(keys)
  })

  it('or written, keeps no other day from being put together', async () => {
    for (const batch of ['a', 'b']) await world.put('2024-03-09', batch, [rowOf(batch, other)])
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.startsWith(COMPACTS)
        ? { kind: 'error', status: 400, code: 'InvalidRequest' }
        : undefined
    expect(await compact(world)).toMatchObject([
      { kind: 'failed', day: DAY, reasons: [expect.stringContaining('InvalidRequest')] },
      { kind: 'compacted', day: '2024-03-09' },
    ])
  })
})

describe('a compact that cannot be relied on', () => {
  /** Makes a manifest what it was before it told sizes and ETags. */
  const forgetTags = async (): Promise<void> => {
    const key = (await world.keys(COMPACTS)).find((name) => name.endsWith('.json'))!
    const { files, ...rest } = JSON.parse(await world.get(key)) as {
      files: { name: string; sha256: string }[]
    }
    const schema = 'urn:bird-recording-archiver:catalog-compact:2'
    const known = files.map(({ name, sha256 }) => ({ name, sha256 }))
    await world.putText(key, JSON.stringify({ ...rest, schema, files: known }))
  }

  it('is passed over for what it was made of where its SHA-256 is another, which is all that an earlier manifest tells', async () => {
    const before = await searchAll(world)
    await compact(world)
    await forgetTags()
    expect((await readBy(world)).filter((key) => key.startsWith(SEGMENTS))).toEqual([])
    const parquet = (await world.keys(COMPACTS)).find((key) => key.endsWith('.parquet'))!
    await world.putText(parquet, 'PAR1 something else PAR1')
    expect(await searchAll(world)).toEqual(before)
    await world.delete(`${SEGMENTS}batch-5.ndjson`)
    expect(await searchAll(world)).toMatchObject({
      rows: { length: 11 },
      complete: false,
      reasons: [expect.stringMatching(`^${parquet} could not be read: .* is not what was written there$`)],
    })
  })

  it('and that lies where the next one would is left there: that one has another name', async () => {
    await compact(world)
    const before = await searchAll(world)
    const parquet = (await world.keys(COMPACTS)).find((key) => key.endsWith('.parquet'))!
    for (const key of await world.keys(COMPACTS)) await world.delete(key)
    await world.putText(parquet, 'PAR1 something else PAR1')
    expect(await compact(world)).toMatchObject([
      { kind: 'compacted', keys: [parquet.replace('.parquet', '-2.parquet')], rows: 12 },
    ])
    await world.delete(parquet)
    expect(await searchAll(world)).toEqual(before)
    expect(await compact(world)).toEqual([{ kind: 'compact-already', day: DAY }])
  })

  it('is told of where something else lies in the place of its manifest', async () => {
    await compact(world)
    const before = await searchAll(world)
    const manifest = (await world.keys(COMPACTS)).find((key) => key.endsWith('.json'))!
    await world.putText(manifest, 'nothing')
    expect(await searchAll(world)).toEqual(before)
    const reasons = [expect.stringContaining(`${manifest} is not what was written there: move it away`)]
    expect(await compact(world)).toMatchObject([{ kind: 'failed', reasons }])
  })

  it.each(['PAR1 something else PAR1', 'nothing', ''])(
    'and that no manifest tells of is left out of the answer, which says so: %j',
    async (bytes) => {
      const before = await searchAll(world)
      await world.putText(`${COMPACTS}20240301_written_by_athena`, bytes)
      expect(await searchAll(world)).toEqual({
        ...before,
        complete: false,
        reasons: [expect.stringMatching(/20240301_written_by_athena cannot be read: move it away/)],
      })
    },
  )

  it.each([
    ['is no JSON', 'nothing'],
    ['is of another form', '{"schema":"x"}'],
    ['names a Parquet file that is not there', undefined],
  ])('hides nothing with a manifest that %s', async (_, text) => {
    const before = await searchAll(world)
    const manifest = {
      schema: 'urn:bird-recording-archiver:catalog-compact:1',
      parquet: 'compact-gone.parquet',
      sha256: 'ab'.repeat(32),
      rows: 12,
      members: rows.map((_row, index) => `batch-${index}.ndjson`),
    }
    await world.putText(`${COMPACTS}_compact-gone.json`, text ?? JSON.stringify(manifest))
    expect(await searchAll(world)).toEqual(before)
  })
})
