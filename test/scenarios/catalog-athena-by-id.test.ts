import { describe, expect, it } from 'vitest'
import type { CatalogEntry } from '../../lib/catalog/entry.ts'
import { toSegments } from '../../lib/catalog/entry.ts'
import { type AthenaWorld, startAthenaWorld } from '../helpers/athena-world.ts'
import { idOf, rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { callAt, sidecarOf } from '../helpers/listed-calls.ts'

const NEVER = new AbortController().signal
const PAGE = { limit: 100 }

/** Puts a recording's sidecar where the archiver does, and its row where it is wanted. */
async function keep(
  world: AthenaWorld,
  createdAt: string,
  { hasRow = true, workspaceId = WORKSPACE } = {},
): Promise<string> {
  const call = callAt(new Date(createdAt))
  const sidecar = sidecarOf(call, workspaceId)
  await world.putText(`recordings/${workspaceId}/${call.recordingId}.json`, sidecar)
  const [segment] = toSegments([sidecar])
  if (hasRow && segment !== undefined)
    await world.put(segment.day, call.recordingId, [JSON.parse(segment.ndjson) as CatalogEntry], workspaceId)
  return call.recordingId
}

const search = (world: AthenaWorld, ...recordingIds: string[]) =>
  world.catalog.search({ workspaceId: WORKSPACE, recordingIds }, PAGE, NEVER)
const listed = ({ requests }: AthenaWorld): number =>
  requests.filter(({ operation }) => operation === 'ListObjectsV2').length

describe('recordings that are looked for by their ids, with Athena', () => {
  it('are looked for on the days that their sidecars name', async () => {
    const world = await startAthenaWorld()
    const [first, last] = [
      await keep(world, '2024-03-01T09:00:00Z'),
      await keep(world, '2024-03-03T09:00:00Z'),
    ]
    await world.put('2021-05-01', 'far', [rowOf('far', { created_at: '2021-05-01T09:00:00.000Z' })])
    const { rows, complete } = await search(world, first, last)
    expect([rows.map((row) => row.recording_id), complete]).toEqual([[last, first], true])
    for (const { parameters } of world.athena.statements) expect(parameters.join(' ')).not.toContain('2021')
  })

  it('are told of where they are archived and the catalog has no row of them', async () => {
    const world = await startAthenaWorld()
    const [found, lost] = [
      await keep(world, '2024-03-01T09:00:00Z'),
      await keep(world, '2024-03-02T09:00:00Z', { hasRow: false }),
    ]
    const reasons = [
      `${lost} is archived, but the catalog has no row of it on 2024-03-02: bird-archive catalog rebuild writes it`,
    ]
    const result = await search(world, found, lost)
    expect(result).toMatchObject({ rows: [{ recording_id: found }], complete: false, reasons })
    const end = await world.catalog.searchFor(
      { workspaceId: WORKSPACE, recordingIds: [lost] },
      PAGE,
      { caller: 'officer', until: NEVER },
      NEVER,
    )
    expect(end).toMatchObject({ kind: 'found', result: { rows: [], complete: false, reasons } })
  })

  it('are looked for on all days where no sidecar names one', async () => {
    const world = await startAthenaWorld()
    await world.put('2021-05-01', 'far', [rowOf('far', { created_at: '2021-05-01T09:00:00.000Z' })])
    expect(await search(world, idOf('far'))).toMatchObject({
      rows: [{ recording_id: idOf('far') }],
      complete: true,
    })
  })

  it('are taken up again as they were looked for', async () => {
    const world = await startAthenaWorld()
    const id = await keep(world, '2024-03-01T09:00:00Z')
    const criteria = { workspaceId: WORKSPACE, recordingIds: [id] }
    world.athena.conduct.states = ['QUEUED', 'RUNNING']
    const wait = { caller: 'officer', until: AbortSignal.abort() }
    const begun = await world.catalog.searchFor(criteria, PAGE, wait, NEVER)
    if (begun.kind !== 'searching') throw new Error(begun.kind)
    const end = await world.catalog.searchFor(
      criteria,
      PAGE,
      { caller: 'officer', until: NEVER, query: begun.query },
      NEVER,
    )
    expect(end).toMatchObject({ kind: 'found', result: { rows: [{ recording_id: id }], complete: true } })
  })

  it('are not looked for where all of them are archived in another workspace', async () => {
    const world = await startAthenaWorld()
    const id = await keep(world, '2024-03-01T09:00:00Z')
    const before = listed(world)
    const result = await world.catalog.search({ workspaceId: 'other', recordingIds: [id] }, PAGE, NEVER)
    expect(result).toEqual({ rows: [], next: undefined, complete: true, reasons: [] })
    expect([listed(world) - before, world.athena.asked]).toEqual([0, {}])
  })
})
