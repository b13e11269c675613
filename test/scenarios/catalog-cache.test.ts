import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Catalog } from '../../lib/catalog/catalog.ts'
import { composeCatalog } from '../../lib/compose-catalog.ts'
import { rowOf, segmentOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { type CatalogWorld, startCatalogWorld } from '../helpers/catalog-world.ts'
import { makeDirectory } from '../helpers/s3-sandbox.ts'

const NEVER = new AbortController().signal
const DAY = '2024-03-01'
const ROWS = [rowOf('a'), rowOf('b')].toSorted((one, other) =>
  one.recording_id < other.recording_id ? -1 : 1,
)

/** A copy of an object of two rows, and a catalog that has found them with it. */
async function startWithCopy(): Promise<{ readonly world: CatalogWorld; readonly path: string }> {
  const world = await startCatalogWorld()
  await world.put(DAY, 'one', ROWS)
  expect(await expectAll(world, world.catalog)).toHaveLength(1)
  expect(await expectAll(world, world.catalog)).toEqual([])
  return { world, path: await copyIn(world) }
}

async function copyIn(world: CatalogWorld): Promise<string> {
  const home = join(world.cache, `workspace=${WORKSPACE}`, `day=${DAY}`)
  const names = (await readdir(home)).filter((name) => !name.endsWith('.json'))
  expect(names).toHaveLength(1)
  return join(home, names[0] ?? '')
}

async function expectAll(world: CatalogWorld, catalog: Catalog): Promise<readonly string[]> {
  world.requests.length = 0
  const result = await catalog.search({ workspaceId: WORKSPACE }, { limit: 10 }, NEVER)
  expect(result).toEqual({ rows: ROWS, next: undefined, complete: true, reasons: [] })
  const fetches = world.requests.filter(({ operation }) => operation === 'GetObject')
  return fetches.map(({ key }) => key).filter((key) => !key.startsWith('catalog-rebuild/'))
}

/** What another process has that finds the copies of this one. */
function openAgain({ config, cache }: CatalogWorld): Catalog {
  const again = composeCatalog(config, { directory: cache })
  onTestFinished(() => again.close())
  return again.catalog
}

const DAMAGE = {
  'is all zeros': (whole: Buffer) => Buffer.alloc(whole.length),
  'has a line that is none': (whole: Buffer) => Buffer.concat([Buffer.alloc(300, 'x'), whole.subarray(300)]),
  'has another row in place of one': (whole: Buffer) => {
    const other = Buffer.from(segmentOf([rowOf('other')]))
    return Buffer.concat([other, whole.subarray(other.length)])
  },
  'is too short': (whole: Buffer) => whole.subarray(0, 7),
  'is empty': () => Buffer.alloc(0),
} satisfies Record<string, (whole: Buffer) => Buffer>

describe('a copy that is not what came', () => {
  it.each(Object.entries(DAMAGE))('and %s is fetched again, by whoever finds it', async (_, damage) => {
    const { world, path } = await startWithCopy()
    const whole = await readFile(path)
    for (const catalog of [world.catalog, openAgain(world)]) {
      await writeFile(path, damage(whole))
      expect(await expectAll(world, catalog)).toEqual([
        `catalog/workspace=${WORKSPACE}/day=${DAY}/one.ndjson`,
      ])
      expect(await readFile(path)).toEqual(whole)
      expect(await expectAll(world, catalog)).toEqual([])
    }
  })

  it('and was Parquet is fetched again', async () => {
    const world = await startCatalogWorld()
    for (const [index, row] of ROWS.entries()) await world.put(DAY, `batch-${index}`, [row])
    for await (const { kind } of world.local.compactor.compact(WORKSPACE, { first: DAY, last: DAY }, NEVER))
      expect(kind).toBe('compacted')
    const elsewhere = { ...world, cache: join(await makeDirectory(), 'cache') }
    const catalog = openAgain(elsewhere)
    await expectAll(world, catalog)
    const home = join(elsewhere.cache, `workspace=${WORKSPACE}`, `day=${DAY}`)
    const name = (await readdir(home)).find((each) => each.endsWith('.parquet')) ?? ''
    const whole = await readFile(join(home, name))
    await writeFile(join(home, name), Buffer.alloc(whole.length))
    expect(await expectAll(world, catalog)).toEqual([expect.stringMatching(/\/compact-\w+\.parquet$/)])
    expect(await readFile(join(home, name))).toEqual(whole)
  })

  it('and is gone is fetched again', async () => {
    const { world, path } = await startWithCopy()
    await rename(path, `${path}.away`)
    expect(await expectAll(world, world.catalog)).toHaveLength(1)
    expect((await stat(path)).isFile()).toBe(true)
  })
})

describe('a copy whose name does not say what came', () => {
  it('such as that of an earlier version, is fetched again', async () => {
    const { world, path } = await startWithCopy()
    await rename(path, path.replace(/-[0-9a-f]{64}\./, '.'))
    expect(await expectAll(world, openAgain(world))).toHaveLength(1)
    expect(await expectAll(world, openAgain(world))).toEqual([])
  })
})
