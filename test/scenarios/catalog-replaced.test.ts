import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type AthenaWorld, startAthenaWorld } from '../helpers/athena-world.ts'
import { rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { COMPACTS, fillDays, findAll, listFetched, runCompact } from '../helpers/compact-run.ts'
import { bucket, credentials, region } from '../helpers/s3-sandbox.ts'

const NEVER = new AbortController().signal
const DAYS = { first: '2024-03-01', last: '2024-03-02' }
const DAY = `${COMPACTS}day=2024-03-01/`

/** `bird-archive catalog compact`: what it said of each day. */
async function runCommand(world: AthenaWorld): Promise<unknown[]> {
  const ends: unknown[] = []
  for await (const end of world.local.compactor.compact(WORKSPACE, DAYS, NEVER)) ends.push(end)
  return ends
}

/** The deployed function: what it logged. */
async function runFunction(world: AthenaWorld): Promise<readonly unknown[]> {
  return (await runCompact(world, { compact: 'all', from: DAYS.first, to: '2024-03-03' })).events
}

const RUNS = [
  ['the command', runCommand],
  ['the function', runFunction],
] as const

async function startCompacted(
  run: (world: AthenaWorld) => Promise<unknown>,
  tables?: Parameters<typeof startAthenaWorld>[0],
): Promise<AthenaWorld> {
  const world = await startAthenaWorld(tables)
  await fillDays(world)
  await run(world)
  return world
}

async function parquetsOf(world: AthenaWorld): Promise<string[]> {
  return (await world.keys(COMPACTS)).filter((key) => !key.includes('/_'))
}

function connect(world: AthenaWorld): S3Client {
  const client = new S3Client({
    endpoint: world.env['AWS_ENDPOINT_URL_S3'] ?? '',
    region,
    credentials,
    forcePathStyle: true,
    customUserAgent: world.userAgent,
  })
  onTestFinished(() => client.destroy())
  return client
}

async function bytesOf(world: AthenaWorld, key: string): Promise<Uint8Array> {
  const { Body } = await connect(world).send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  return (await Body?.transformToByteArray()) ?? new Uint8Array()
}

/** Puts an object's own bytes there again in parts, as many tools do: they have another ETag then. */
async function copyInParts(world: AthenaWorld, key: string): Promise<void> {
  const client = connect(world)
  const target = { Bucket: bucket, Key: key }
  const Body = await bytesOf(world, key)
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target))
  const part = { ...target, UploadId, PartNumber: 1 }
  const { ETag } = await client.send(new UploadPartCommand({ ...part, Body }))
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] }
  await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }))
}

const STRAYS = [
  ["another day's Parquet", async (world: AthenaWorld) => bytesOf(world, (await parquetsOf(world))[1] ?? '')],
  ['junk', () => Promise.resolve(Buffer.alloc(5_000, 'x'))],
  ['nothing', () => Promise.resolve(Buffer.alloc(0))],
] as const

describe.each(RUNS)('in the place of a compact of %s', (_, run) => {
  it.each(STRAYS)('%s hides no row, and the day is put together without it', async (__, stray) => {
    const world = await startCompacted(run)
    const before = await findAll(world)
    expect(before).toMatchObject({ complete: true, rows: { length: 11 } })
    const [key = ''] = await parquetsOf(world)
    await world.putText(key, await stray(world))
    expect(await findAll(world)).toEqual(before)
    const told = expect.stringContaining(`${key} is not what was written there`) as unknown
    // It is told for as long as it lies there.
    for (const parquets of [3, 3]) {
      expect(await run(world)).toContainEqual(expect.objectContaining({ day: '2024-03-01', reasons: [told] }))
      expect(await parquetsOf(world)).toHaveLength(parquets)
      expect(await findAll(world)).toEqual(before)
      expect((await listFetched(world)).filter((name) => name < '2024-03-05')).toEqual([])
    }
    await world.delete(key)
    expect(JSON.stringify(await run(world))).not.toContain('reasons')
    expect(await findAll(world)).toEqual(before)
  })

  it('the same bytes with another ETag are the compact, when a run has read them', async () => {
    const world = await startCompacted(run)
    const before = await findAll(world)
    const parquets = await parquetsOf(world)
    for (const key of parquets) await copyInParts(world, key)
    expect(await findAll(world)).toEqual(before)
    expect(await listFetched(world)).toContain('2024-03-01/batch-1.ndjson')
    for (let runs = 0; runs < 2; runs++) expect(JSON.stringify(await run(world))).not.toContain('reasons')
    expect(await parquetsOf(world)).toEqual(parquets)
    expect((await world.keys(DAY)).filter((key) => key.includes('/_'))).toHaveLength(2)
    expect(await findAll(world)).toEqual(before)
    expect((await listFetched(world)).filter((name) => name < '2024-03-05')).toEqual([])
  })

  it('something makes the answer incomplete where what the compact was made of is gone', async () => {
    const world = await startCompacted(run)
    const [key = ''] = await parquetsOf(world)
    await world.putText(key, 'PAR1 something else PAR1')
    await world.delete(`catalog/workspace=${WORKSPACE}/day=2024-03-01/batch-2.ndjson`)
    const lost = expect.stringContaining(`${key} is not what was written there, nor is all there`) as unknown
    expect(await findAll(world)).toMatchObject({ complete: false, reasons: [lost], rows: { length: 10 } })
    await run(world)
    expect(await findAll(world)).toMatchObject({ complete: false, reasons: [lost] })
  })
})

it('more than can be left out one by one makes the answer incomplete, and a run looks at them again', async () => {
  const world = await startCompacted(runFunction)
  const [key = ''] = await parquetsOf(world)
  const [parquet, manifest] = [
    await bytesOf(world, key),
    (await world.keys(DAY)).find((name) => name.includes('/_')),
  ]
  const told = JSON.parse(await world.get(manifest ?? '')) as { files: { name: string; etag: string }[] }
  const names = Array.from({ length: 101 }, (_, index) => `copy-${index}`)
  for (const name of names) await world.putText(`${DAY}${name}`, parquet)
  const files = names.map((name) => ({ ...told.files[0], name, etag: 'of before' }))
  await world.putText(`${DAY}_compact-many.json`, JSON.stringify({ ...told, files }))
  const criteria = { workspaceId: WORKSPACE }
  const result = await world.catalog.search(criteria, { limit: 100 }, NEVER)
  expect(result).toMatchObject({
    complete: false,
    reasons: [expect.stringMatching(/^101 objects among the compacts are not what was written there/)],
    rows: { length: 11 },
  })
  await runFunction(world)
  expect(await findAll(world)).toMatchObject({ complete: true, rows: { length: 11 } })
})

describe('what Athena cannot read and cannot pass over', () => {
  const ask = (world: AthenaWorld, query?: string, until = NEVER) =>
    world.catalog.searchFor(
      { workspaceId: WORKSPACE },
      { limit: 100 },
      { caller: 'officer', query, until },
      NEVER,
    )

  it('is named, each time that it is asked for', async () => {
    const world = await startCompacted(runFunction)
    const key = `${DAY}20240301_half_a_file`
    await world.putText(key, 'PAR1 half a file')
    const named = {
      kind: 'unreadable',
      detail: expect.stringContaining(`Athena cannot read ${key}: move it`) as unknown,
    }
    expect(await ask(world)).toEqual(named)
    const begun = await ask(world, undefined, AbortSignal.abort())
    if (begun.kind !== 'searching') throw new Error(begun.kind)
    for (let looks = 0; looks < 3; looks++) expect(await ask(world, begun.query)).toEqual(named)
    await expect(world.catalog.search({ workspaceId: WORKSPACE }, { limit: 1 }, NEVER)).rejects.toThrow(key)
    await world.delete(key)
    expect(await ask(world)).toMatchObject({ kind: 'found', result: { complete: true } })
  })

  it('is named where Athena opens even what it is told to leave out', async () => {
    const world = await startCompacted(runFunction, { opensAll: true })
    const [key = ''] = await parquetsOf(world)
    await world.putText(key, Buffer.alloc(5_000, 'x'))
    const detail = `${key} is not what was written there: move it away`
    expect(await ask(world)).toEqual({ kind: 'unreadable', detail })
    expect(await runFunction(world)).toContainEqual(
      expect.objectContaining({ event: 'compact.failed', day: '2024-03-01', reasons: [detail] }),
    )
  })

  it('is looked for among what no compaction vouches for where Athena does not name it', async () => {
    const world = await startCompacted(runFunction)
    await world.put('2024-03-01', 'late', [rowOf('late')])
    const key = `${DAY}20240301_half_a_file`
    await world.putText(key, 'PAR1 half a file')
    world.athena.conduct.end = () => ({ state: 'FAILED', reason: 'HIVE_BAD_DATA: 4930123456 is no date' })
    expect(await ask(world)).toEqual({
      kind: 'unreadable',
      detail: `Athena cannot read something of the catalog, and does not say what: look at ${key}, which no compaction vouches for`,
    })
    await world.delete(key)
    expect(await ask(world)).toEqual({
      kind: 'unreadable',
      detail: 'Athena cannot read something of the catalog: HIVE_BAD_DATA: … is no date',
    })
  })
})
