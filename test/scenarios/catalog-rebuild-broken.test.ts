import { describe, expect, it } from 'vitest'
import { toSegments } from '../../lib/catalog/entry.ts'
import type { SearchResult } from '../../lib/catalog/search.ts'
import { type AthenaWorld, startAthenaWorld } from '../helpers/athena-world.ts'
import { WORKSPACE } from '../helpers/catalog-rows.ts'
import { findAll, runCompact } from '../helpers/compact-run.ts'
import { callAt, sidecarOf } from '../helpers/listed-calls.ts'

const NEVER = new AbortController().signal
const PROGRESS = `catalog-rebuild/${WORKSPACE}.json`
const BROKEN = `catalog/workspace=${WORKSPACE}/day=2024-03-01/broken.ndjson`
const MINUTE_MS = 60_000

/** Six recordings of two days with their sidecars and rows, one of which was cut off. */
async function startBroken(): Promise<AthenaWorld> {
  const world = await startAthenaWorld()
  for (let index = 0; index < 6; index++) {
    const call = callAt(new Date(Date.UTC(2024, 2, 1 + (index % 2), 9, 0, index)))
    const sidecar = sidecarOf(call, WORKSPACE)
    await world.putText(`recordings/${WORKSPACE}/${call.recordingId}.json`, sidecar)
    const [segment] = toSegments([sidecar])
    const key = index === 0 ? BROKEN : `catalog/workspace=${WORKSPACE}/day=${segment!.day}/${index}.ndjson`
    await world.putText(key, index === 0 ? `${segment!.ndjson.slice(0, 50)}\n` : segment!.ndjson)
  }
  return world
}

const rebuild = (world: AthenaWorld) =>
  world.local.rebuild(WORKSPACE, { anew: false, onProgress: () => undefined }, NEVER)

/** Changes what a rebuild has left; S3's own times are in seconds, so it has to begin some time after what it mends. */
async function change(world: AthenaWorld, more: object): Promise<void> {
  await world.putText(PROGRESS, JSON.stringify({ ...JSON.parse(await world.get(PROGRESS)), ...more }))
}

const startedIn = (ms: number) => ({ startedAt: new Date(Date.now() + ms).toISOString() })

async function findBoth(world: AthenaWorld): Promise<SearchResult[]> {
  const search = { workspaceId: WORKSPACE }
  const catalogs = [world.catalog, await world.elsewhere()]
  return await Promise.all(catalogs.map((catalog) => catalog.search(search, { limit: 100 }, NEVER)))
}

const RUNS = [
  [
    'the command',
    async (world: AthenaWorld) => {
      const ends: unknown[] = []
      const days = { first: '2024-03-01', last: '2024-03-02' }
      for await (const end of world.local.compactor.compact(WORKSPACE, days, NEVER)) ends.push(end)
      return ends
    },
  ],
  ['the function', async (world: AthenaWorld) => (await runCompact(world)).events],
] as const

describe('a line that cannot be read', () => {
  it('is told of with its object by both engines, until a rebuild has written all rows again', async () => {
    const world = await startBroken()
    for (const { rows, complete, reasons } of await findBoth(world)) {
      expect([rows.length, complete]).toEqual([5, false])
      expect(reasons).toEqual([
        expect.stringMatching(`^1 line .*${BROKEN}.*: bird-archive catalog rebuild writes`),
      ])
    }
    await rebuild(world)
    await change(world, startedIn(MINUTE_MS))
    expect(await findAll(world)).toMatchObject({ rows: { length: 6 }, complete: true, reasons: [] })
  })

  it.each(RUNS)('is no fault of its day for %s once a rebuild has written all rows again', async (_, run) => {
    const world = await startBroken()
    const broken = JSON.stringify(await run(world))
    expect(broken).toMatch(/cannot be read|lines that cannot/)
    await rebuild(world)
    await change(world, startedIn(MINUTE_MS))
    const before = await findAll(world)
    expect(JSON.stringify(await run(world))).not.toContain('cannot be read')
    expect(await findAll(world)).toEqual(before)
    const other = await world.elsewhere()
    world.requests.length = 0
    await other.search({ workspaceId: WORKSPACE }, { limit: 1 }, NEVER)
    expect(world.requests.filter(({ key }) => key.endsWith('.ndjson'))).toEqual([])
  })

  it.each([
    ['was written after the rebuild had begun', startedIn(-MINUTE_MS)],
    ['is older than a rebuild that has not come to its end', { ...startedIn(MINUTE_MS), finishedAt: null }],
    [
      'is older than a rebuild that could not read some sidecar',
      { ...startedIn(MINUTE_MS), unreadableCount: 1 },
    ],
    ['is older than a rebuild that nobody can tell the beginning of', { startedAt: 'once' }],
  ])('counts where it %s', async (_, more) => {
    const world = await startBroken()
    await rebuild(world)
    await change(world, more)
    for (const { complete, reasons } of await findBoth(world)) {
      expect(complete).toBe(false)
      expect(reasons).toContainEqual(expect.stringContaining(BROKEN))
    }
    expect((await runCompact(world)).events).toContainEqual(
      expect.objectContaining({ day: '2024-03-01', reasons: [expect.stringContaining(BROKEN)] }),
    )
  })
})
