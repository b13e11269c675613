import { describe, expect, it } from 'vitest'
import { type CatalogEntry, toSegments } from '../../lib/catalog/entry.ts'
import { rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { type CatalogWorld, startCatalogWorld } from '../helpers/catalog-world.ts'
import { callAt, sidecarOf } from '../helpers/listed-calls.ts'
import { runWithin } from '../helpers/run-within.ts'
import { jsonLines, run } from './command.ts'

const DAY = '2024-03-01'

/** Eight archived calls of two days, each in an object of its own. */
async function startArchive(): Promise<CatalogWorld> {
  const world = await startCatalogWorld()
  for (let index = 0; index < 8; index += 1) {
    const call = callAt(`2024-03-0${1 + (index % 2)}T0${index}:00:00Z`)
    const sidecar = sidecarOf(call, WORKSPACE)
    await world.putText(`recordings/${WORKSPACE}/${call.recordingId}.json`, sidecar)
    for (const { day, ndjson } of toSegments([sidecar]))
      await world.putText(`catalog/workspace=${WORKSPACE}/day=${day}/batch-${index}.ndjson`, ndjson)
  }
  return world
}

const find = async ({ catalog }: CatalogWorld): Promise<readonly CatalogEntry[]> =>
  (await catalog.search({ workspaceId: WORKSPACE }, { limit: 100 }, new AbortController().signal)).rows

describe('catalog compact', { timeout: 120_000 }, () => {
  it('says what became of each day, and recordings are found as before', async () => {
    const world = await startArchive()
    const before = await find(world)
    expect(before).toHaveLength(8)
    const first = await run(['catalog', 'compact'], world.env)
    expect(first.code).toBe(0)
    expect(first.stdout).toMatch(/^2024-03-01 {2}4 files {2}→ {2}4 rows in .*\n2024-03-02 {2}4 files/)
    expect(first.stderr).toBe('2 days looked at, 2 compacted.\n')
    expect(await find(world)).toEqual(before)
    const again = await runWithin(['catalog', 'compact', '--json'], world.env)
    expect(again.code).toBe(0)
    expect(jsonLines(again.stdout)).toEqual([
      { workspaceId: WORKSPACE, kind: 'compact-already', day: '2024-03-01' },
      { workspaceId: WORKSPACE, kind: 'compact-already', day: '2024-03-02' },
    ])
  })

  it('keeps to the days that are named, and leaves today alone', async () => {
    const world = await startArchive()
    const today = new Date().toISOString().slice(0, 10)
    const row = rowOf('today', { created_at: `${today}T00:00:00.000Z` })
    for (const name of ['one', 'two']) await world.put(today, name, [row])
    await runWithin(['catalog', 'compact', '--from', '2024-03-02'], world.env)
    const keys = await world.keys('catalog-compact/')
    expect(keys).toHaveLength(2)
    for (const key of keys) expect(key).toContain('/day=2024-03-02/')
  })

  it('exits with 1 and names what it had to leave out', async () => {
    const world = await startArchive()
    const key = `catalog/workspace=${WORKSPACE}/day=${DAY}/broken.ndjson`
    await world.putText(key, 'broken\n')
    const { code, stderr } = await runWithin(['catalog', 'compact', '--to', '2024-03-02'], world.env)
    expect(code).toBe(1)
    expect(stderr).toContain(`${DAY}: ${key} has lines that cannot be read`)
  })
})

describe('catalog rebuild', { timeout: 120_000 }, () => {
  it('makes a deleted catalog again', async () => {
    const world = await startArchive()
    const before = await find(world)
    for (const key of await world.keys('catalog/')) await world.delete(key)
    expect(await find(world)).toEqual([])
    const { code, stdout } = await run(['catalog', 'rebuild'], world.env)
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^${WORKSPACE}: 8 recordings in the catalog, in 2 objects; begun `))
    expect(await find(world)).toEqual(before)
  })

  it('exits with 1 and names sidecars that cannot be read', async () => {
    const world = await startArchive()
    const [key = ''] = await world.keys('recordings/')
    await world.putText(key, '{}')
    const { code, stdout, stderr } = await runWithin(['catalog', 'rebuild', '--json'], world.env)
    expect(code).toBe(1)
    expect(jsonLines(stdout)).toMatchObject([{ recordings: 7, unreadable: [key], unreadableCount: 1 }])
    const people = await runWithin(['catalog', 'rebuild', '--restart'], world.env)
    expect(people.stderr).toContain(`1 sidecar cannot be read, and found by nothing but the id:\n  · ${key}`)
    expect(stderr).not.toContain('Error')
  })
})

it.each([
  [['catalog', 'compact', '--from', 'yesterday'], '--from yesterday is neither a day'],
  [['catalog', 'rebuild', '--workspace', '../x'], '--workspace has characters that no workspace id has'],
  [['catalog', 'melt'], "unknown command 'melt'"],
])('%j exits with 2 and says why', async (args, fault) => {
  const { code, stdout, stderr } = await runWithin(args, {
    BIRD_WORKSPACE_ID: WORKSPACE,
    ARCHIVE_BUCKET: 'nowhere',
  })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(fault)
})
