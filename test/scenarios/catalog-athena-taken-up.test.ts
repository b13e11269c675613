import { describe, expect, it } from 'vitest'
import { toSegments } from '../../lib/catalog/entry.ts'
import type { SearchEnd } from '../../lib/catalog/catalog.ts'
import { type AthenaWorld, startAthenaWorld } from '../helpers/athena-world.ts'
import { rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { callAt, sidecarOf } from '../helpers/listed-calls.ts'

const NEVER = new AbortController().signal
const PROGRESS = `catalog-rebuild/${WORKSPACE}.json`
const BROKEN = `catalog/workspace=${WORKSPACE}/day=2024-03-01/broken.ndjson`

/** Six recordings with their sidecars, of which the catalog has two rows. */
async function startArchive(): Promise<AthenaWorld> {
  const world = await startAthenaWorld()
  for (let hour = 0; hour < 6; hour++) {
    const call = callAt(new Date(Date.UTC(2024, 2, 1, hour)))
    const sidecar = sidecarOf(call, WORKSPACE)
    await world.putText(`recordings/${WORKSPACE}/${call.recordingId}.json`, sidecar)
    const [segment] = toSegments([sidecar])
    if (hour < 2)
      await world.putText(`catalog/workspace=${WORKSPACE}/day=2024-03-01/${hour}.ndjson`, segment!.ndjson)
  }
  return world
}

const ask = ({ catalog }: AthenaWorld, query?: string, until = NEVER): Promise<SearchEnd> =>
  catalog.searchFor({ workspaceId: WORKSPACE }, { limit: 100 }, { caller: 'officer', query, until }, NEVER)

/** Begins a search, and has Athena run it while nobody waits. */
async function begin(world: AthenaWorld): Promise<string> {
  world.athena.conduct.states = ['QUEUED', 'RUNNING', 'RUNNING', 'RUNNING', 'RUNNING']
  const end = await ask(world, undefined, AbortSignal.abort())
  if (end.kind !== 'searching') throw new Error(end.kind)
  await world.athena.hasRun()
  return end.query
}

const rebuild = (world: AthenaWorld): Promise<unknown> =>
  world.local.rebuild(WORKSPACE, { anew: false, onProgress: () => undefined }, NEVER)

/** What a rebuild leaves that began so many minutes from now. */
const progress = (minutes: number, finishedAt: string | null): string =>
  JSON.stringify({
    schema: 'urn:bird-recording-archiver:catalog-rebuild:1',
    workspaceId: WORKSPACE,
    startedAt: new Date(Date.now() + minutes * 60_000).toISOString(),
    after: '',
    recordings: 0,
    segments: 0,
    unreadable: [],
    unreadableCount: 0,
    finishedAt,
  })

const AGAIN = expect.stringMatching(
  /^all this was so when the search was begun: .* begin it again$/,
) as unknown

describe('what a search says that is taken up is what was known when it was begun:', () => {
  it('a rebuild that has come to its end since makes no part the whole', async () => {
    const world = await startArchive()
    await world.putText(PROGRESS, progress(-1, null))
    const query = await begin(world)
    await rebuild(world)
    expect(await ask(world, query)).toMatchObject({
      kind: 'found',
      result: {
        rows: { length: 2 },
        complete: false,
        reasons: [expect.stringContaining('has not come to its end'), AGAIN],
      },
    })
    expect(await ask(world)).toMatchObject({ result: { rows: { length: 6 }, complete: true, reasons: [] } })
  })

  it('nor does one that has written lines again since that could not be read', async () => {
    const world = await startArchive()
    await world.putText(BROKEN, '{"recording_id":"cut')
    const query = await begin(world)
    await rebuild(world)
    await world.putText(PROGRESS, progress(1, new Date().toISOString()))
    expect(await ask(world, query)).toMatchObject({
      result: { rows: { length: 2 }, complete: false, reasons: [expect.stringContaining(BROKEN), AGAIN] },
    })
    expect(await ask(world)).toMatchObject({ result: { rows: { length: 6 }, complete: true } })
  })

  it('and one that begins afterwards takes nothing from an answer that was complete', async () => {
    const world = await startArchive()
    await rebuild(world)
    await world.putText(BROKEN, '{"recording_id":"cut')
    await world.putText(PROGRESS, progress(1, new Date().toISOString()))
    const query = await begin(world)
    await world.putText(PROGRESS, progress(2, null))
    expect(await ask(world, query)).toMatchObject({
      result: { rows: { length: 6 }, complete: true, reasons: [] },
    })
  })
})

it('a search that is looked for again asks nothing of the bucket, however many days it has', async () => {
  const world = await startAthenaWorld()
  for (let day = 1; day <= 5; day++)
    for (const batch of ['a', 'b'])
      await world.put(`2024-03-0${day}`, batch, [
        rowOf(`${day}${batch}`, { created_at: `2024-03-0${day}T09:00:00.000Z` }),
      ])
  const days = { first: '2024-03-01', last: '2024-03-04' }
  for await (const { kind } of world.local.compactor.compact(WORKSPACE, days, NEVER))
    expect(kind).toBe('compacted')
  const query = await begin(world)
  const before = world.requests.length
  for (let looks = 0; looks < 2; looks++)
    expect(await ask(world, query, AbortSignal.abort())).toEqual({ kind: 'searching', query })
  expect(await ask(world, query)).toMatchObject({ result: { rows: { length: 10 }, complete: true } })
  expect(world.requests.slice(before)).toEqual([])
})
