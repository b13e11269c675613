import { describe, expect, it } from 'vitest'
import type { SearchResult } from '../../lib/catalog/search.ts'
import { toSegments } from '../../lib/catalog/entry.ts'
import { WORKSPACE } from '../helpers/catalog-rows.ts'
import { type CatalogWorld, startCatalogWorld } from '../helpers/catalog-world.ts'
import { callAt, sidecarOf } from '../helpers/listed-calls.ts'

const NEVER = new AbortController().signal
const QUIET = { anew: false, onProgress: () => undefined }
const PROGRESS = `catalog-rebuild/${WORKSPACE}.json`
/** More than the rows that a rebuild holds here (40), more than a page of S3's list (1,000 keys). */
const CALLS = 620

/** An archive of calls over five days, with the catalog that the archiver has written. */
async function startArchive(calls = CALLS): Promise<CatalogWorld> {
  const world = await startCatalogWorld()
  const all = Array.from({ length: calls }, (_, index) =>
    callAt(new Date(Date.UTC(2024, 2, 1 + (index % 5), 9, 0, index))),
  )
  const sidecars = all.map((call) => sidecarOf(call, WORKSPACE))
  for (const [index, { recordingId }] of all.entries()) {
    await world.putText(`recordings/${WORKSPACE}/${recordingId}.mp3`, 'audio')
    await world.putText(`recordings/${WORKSPACE}/${recordingId}.json`, sidecars[index]!)
  }
  for (const { day, ndjson, digest } of toSegments(sidecars))
    await world.putText(`catalog/workspace=${WORKSPACE}/day=${day}/batch-${digest}.ndjson`, ndjson)
  return world
}

const searchAll = (world: CatalogWorld): Promise<SearchResult> =>
  world.catalog.search({ workspaceId: WORKSPACE }, { limit: 1000 }, NEVER)

async function deleteCatalog(world: CatalogWorld): Promise<void> {
  for (const key of await world.keys('catalog/')) await world.delete(key)
}

function readsOf(world: CatalogWorld): string[] {
  return world.requests
    .filter(({ operation, key }) => operation === 'GetObject' && key.startsWith('recordings/'))
    .map(({ key }) => key)
}

describe('a catalog that was deleted', () => {
  it('answers the same after a rebuild from the sidecars alone', async () => {
    const world = await startArchive()
    const before = await searchAll(world)
    expect(before.rows).toHaveLength(CALLS)
    await deleteCatalog(world)
    expect(await searchAll(world)).toMatchObject({
      rows: [],
      complete: false,
      reasons: [
        `workspace ${WORKSPACE} has recordings, and no catalog: bird-archive catalog rebuild makes it again`,
      ],
    })
    const told: number[] = []
    const rebuild = await world.local.rebuild(
      WORKSPACE,
      { anew: false, onProgress: (_, recordings) => told.push(recordings) },
      NEVER,
    )
    expect(rebuild).toMatchObject({ recordings: CALLS, unreadable: [], unreadableCount: 0 })
    expect(rebuild.finishedAt).not.toBeNull()
    expect(told.at(-1)).toBe(CALLS)
    expect(await searchAll(world)).toEqual(before)
  }, 120_000)

  it('is gone on with where a rebuild was stopped, without reading again what is in it', async () => {
    const world = await startArchive()
    const before = await searchAll(world)
    await deleteCatalog(world)
    const stop = new AbortController()
    const stopped = world.local.rebuild(
      WORKSPACE,
      {
        anew: false,
        // The first page's rows are written by then, the second's are not.
        onProgress: (_, recordings) => {
          if (recordings > 500) stop.abort(new Error('killed'))
        },
      },
      stop.signal,
    )
    await expect(stopped).rejects.toThrow('killed')
    const progress = JSON.parse(await world.get(PROGRESS)) as Record<string, unknown>
    expect(progress).toMatchObject({ recordings: 500, finishedAt: null })
    const partly = await searchAll(world)
    const { startedAt } = progress
    expect(partly).toMatchObject({
      complete: false,
      reasons: [
        `a rebuild of the catalog of workspace ${WORKSPACE}, begun ${String(startedAt)}, has not come to its end: bird-archive catalog rebuild goes on with it`,
      ],
    })
    const done = new Set(partly.rows.map(({ audio_key: key }) => key.replace('.mp3', '.json')))
    expect(done.size).toBe(500)
    world.requests.length = 0
    expect(await world.local.rebuild(WORKSPACE, QUIET, NEVER)).toMatchObject({ recordings: CALLS })
    expect(readsOf(world).filter((key) => done.has(key))).toEqual([])
    expect(readsOf(world)).toHaveLength(CALLS - 500)
    expect(await searchAll(world)).toEqual(before)
  }, 120_000)
})

describe('a rebuild', () => {
  it('of a catalog that is there adds nothing to its answers, and the next one nothing to the bucket', async () => {
    const world = await startArchive(30)
    const before = await searchAll(world)
    await world.local.rebuild(WORKSPACE, QUIET, NEVER)
    expect(await searchAll(world)).toEqual(before)
    const keys = await world.keys()
    expect(await world.local.rebuild(WORKSPACE, QUIET, NEVER)).toMatchObject({ recordings: 30 })
    expect(await world.keys()).toEqual(keys)
  })

  it('names sidecars that cannot be read, or are of another recording, and writes the rows of the others', async () => {
    const world = await startArchive(6)
    await deleteCatalog(world)
    const [first = '', second = ''] = (await world.keys('recordings/')).filter((key) => key.endsWith('.json'))
    await world.putText(second, await world.get(first))
    await world.putText(first, 'no sidecar')
    const rebuild = await world.local.rebuild(WORKSPACE, QUIET, NEVER)
    expect(rebuild).toMatchObject({ recordings: 4, unreadable: [first, second], unreadableCount: 2 })
    const found = await searchAll(world)
    expect(found.rows).toHaveLength(4)
    const today = rebuild.finishedAt?.slice(0, 10) ?? ''
    expect(found).toMatchObject({
      complete: false,
      reasons: [
        `2 sidecars of workspace ${WORKSPACE} could not be read when its catalog was made again on ${today} (${first}, …): see what bird-archive verify says of them, then bird-archive catalog rebuild`,
      ],
    })
  })

  it('that is killed before it has read anything has said that rows may be missing', async () => {
    const world = await startArchive(6)
    await deleteCatalog(world)
    world.faults = ({ operation, key }) =>
      operation === 'GetObject' && key.startsWith('recordings/')
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    await expect(world.local.rebuild(WORKSPACE, QUIET, NEVER)).rejects.toThrow(/AccessDenied/)
    world.faults = () => undefined
    // What is archived meanwhile has its row.
    const late = callAt(new Date('2024-03-09T09:00:00Z'))
    const [segment] = toSegments([sidecarOf(late, WORKSPACE)])
    await world.putText(`catalog/workspace=${WORKSPACE}/day=2024-03-09/late.ndjson`, segment!.ndjson)
    const found = await searchAll(world)
    expect(found.rows).toHaveLength(1)
    expect(found).toMatchObject({
      complete: false,
      reasons: [expect.stringContaining('not come to its end')],
    })
    await world.local.rebuild(WORKSPACE, QUIET, NEVER)
    expect(await searchAll(world)).toMatchObject({ complete: true, reasons: [] })
  })

  it('whose progress cannot be read is a reason for doubt, until one comes to its end', async () => {
    const world = await startArchive(6)
    await world.putText(PROGRESS, 'nothing')
    expect(await searchAll(world)).toMatchObject({
      complete: false,
      reasons: [
        `${PROGRESS} does not say how far a rebuild of the catalog has come: bird-archive catalog rebuild --restart`,
      ],
    })
    await world.local.rebuild(WORKSPACE, { ...QUIET, anew: true }, NEVER)
    expect(await searchAll(world)).toMatchObject({ complete: true, reasons: [] })
  })

  it('begins anew on request although it could be gone on with', async () => {
    const world = await startArchive(6)
    const unfinished = JSON.stringify({
      schema: 'urn:bird-recording-archiver:catalog-rebuild:1',
      workspaceId: WORKSPACE,
      startedAt: '2024-03-01T00:00:00.000Z',
      after: `recordings/${WORKSPACE}/~`,
      recordings: 7,
      segments: 1,
      unreadable: [],
      unreadableCount: 0,
      finishedAt: null,
    })
    await world.putText(PROGRESS, unfinished)
    expect(await world.local.rebuild(WORKSPACE, QUIET, NEVER)).toMatchObject({ recordings: 7 })
    await world.putText(PROGRESS, unfinished)
    const anew = await world.local.rebuild(WORKSPACE, { ...QUIET, anew: true }, NEVER)
    expect(anew).toMatchObject({ recordings: 6 })
  })

  it('ends where another one has begun meanwhile, and leaves its progress alone', async () => {
    const world = await startArchive(6)
    const others = JSON.stringify({ of: 'another' })
    let writing: Promise<void> | undefined
    let isWritten = false
    world.faults = ({ operation, key }) => {
      if (operation !== 'PutObject') return undefined
      writing ??= world.putText(PROGRESS, others).then(() => {
        isWritten = true
      })
      return key === PROGRESS && !isWritten ? { kind: 'error', status: 503, code: 'SlowDown' } : undefined
    }
    const running = world.local.rebuild(WORKSPACE, QUIET, NEVER)
    await expect(running).rejects.toThrow(/another rebuild of .* is under way/)
    expect(await world.get(PROGRESS)).toBe(others)
  })

  it('is told of a failing bucket, and goes on from there', async () => {
    const world = await startArchive(6)
    await deleteCatalog(world)
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.startsWith('catalog/')
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    await expect(world.local.rebuild(WORKSPACE, QUIET, NEVER)).rejects.toThrow('AccessDenied')
    world.faults = () => undefined
    await world.local.rebuild(WORKSPACE, QUIET, NEVER)
    expect((await searchAll(world)).rows).toHaveLength(6)
  })
})
