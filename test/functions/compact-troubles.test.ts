import { describe, expect, it } from 'vitest'
import { startAthenaWorld } from '../helpers/athena-world.ts'
import { rowOf, segmentOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { COMPACTS, fillDays, findAll, listFetched, runCompact } from '../helpers/compact-run.ts'

const NEVER = new AbortController().signal

describe('the compact function', () => {
  it('tells what it wrote by its digest: where that is not it, what it was made of is read', async () => {
    const world = await startAthenaWorld({ filesOfInsert: 2 })
    await fillDays(world)
    const before = await findAll(world)
    await runCompact(world)
    const written = (await world.keys(COMPACTS)).filter((key) => !key.includes('/_compact-'))
    await world.putText(written[0] ?? '', 'PAR1 something else PAR1')
    const catalog = await world.elsewhere()
    expect(await catalog.search({ workspaceId: WORKSPACE }, { limit: 100 }, NEVER)).toEqual(before)
  })

  it('leaves a day alone that has a line which cannot be read, and says which', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    const broken = segmentOf([rowOf('broken', { created_at: '2024-03-02T10:00:00.000Z' })]).slice(0, -30)
    await world.putText(`catalog/workspace=${WORKSPACE}/day=2024-03-02/broken.ndjson`, broken)
    const { answer, metrics, events } = await runCompact(world)
    expect(answer).toMatchObject({ finished: true, workspaces: [{ compacted: 1, failed: 1 }] })
    expect(metrics).toMatchObject({ DaysNotCompacted: 1, CompactionsFinished: 1 })
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'compact.failed',
        day: '2024-03-02',
        reasons: [expect.stringMatching(/^1 line .* cannot be read, in .*broken.ndjson: /)],
      }),
    )
    const result = await world.catalog.search({ workspaceId: WORKSPACE }, { limit: 100 }, NEVER)
    expect(result).toMatchObject({
      complete: false,
      reasons: [expect.stringMatching(/^1 line .*cannot be read/)],
    })
    expect(result.rows).toHaveLength(11)
  })

  it('puts the other days together where Athena cannot read something of one, and says of which', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    await world.put('2024-03-03', 'a', [rowOf('a', { created_at: '2024-03-03T00:00:00.000Z' })])
    await world.put('2024-03-03', 'b', [rowOf('b', { created_at: '2024-03-03T01:00:00.000Z' })])
    const key = `${COMPACTS}day=2024-03-02/20240302_half_a_file`
    await world.putText(key, 'PAR1 half a file')
    for (const compacted of [2, 0]) {
      const { answer, metrics, events } = await runCompact(world)
      expect(answer).toMatchObject({ finished: true, workspaces: [{ days: 4, compacted, failed: 1 }] })
      expect(metrics).toMatchObject({ CompactionsFinished: 1, DaysNotCompacted: 1 })
      expect(events).toMatchObject([
        {
          event: 'compact.failed',
          day: '2024-03-02',
          reasons: [expect.stringContaining(`Athena cannot read ${key}: move it away`)],
        },
        { event: 'compact.finished' },
      ])
    }
  })

  it('puts the other days together where one has more than a statement may read', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    world.athena.conduct.end = ({ parameters }) =>
      parameters.includes("'2024-03-01'")
        ? { state: 'CANCELLED', reason: 'Query cancelled! : Bytes scanned limit was exceeded' }
        : undefined
    const { answer, events } = await runCompact(world)
    expect(answer).toMatchObject({ finished: true, workspaces: [{ days: 3, compacted: 1, failed: 1 }] })
    expect(events).toContainEqual(
      expect.objectContaining({
        day: '2024-03-01',
        reasons: [expect.stringContaining('raise searchScanGb')],
      }),
    )
  })

  it('writes no row twice where it fails after Athena has written', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    const before = await findAll(world)
    let files = 0
    world.athena.conduct.end = ({ text }) =>
      text.includes('as path') && ++files === 1
        ? { state: 'FAILED', reason: 'GENERIC_INTERNAL_ERROR' }
        : undefined
    expect((await runCompact(world)).answer).toMatchObject({
      workspaces: [{ days: 3, compacted: 2, failed: 0 }],
    })
    expect(await findAll(world)).toEqual(before)
    expect((await runCompact(world)).answer).toMatchObject({ workspaces: [{ compacted: 0, failed: 0 }] })
  })

  it('is no fault of the set-up where the bucket cannot be listed, and ends as one that has not finished', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    world.faults = ({ operation }) =>
      operation === 'ListObjectsV2' ? { kind: 'error', status: 400, code: 'InvalidRequest' } : undefined
    const { answer, metrics, events } = await runCompact(world)
    expect(answer).toMatchObject({ name: 'StoreError' })
    expect(metrics).toMatchObject({ CompactionsFinished: 0 })
    expect(events).toMatchObject([
      { event: 'compact.finished', finished: false, reasons: [expect.stringContaining('InvalidRequest')] },
    ])
  })

  it('puts the other days together where one has nothing but empty files', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    for (const batch of ['empty-1', 'empty-2']) await world.put('2024-02-29', batch, [])
    const { answer } = await runCompact(world)
    expect(answer).toMatchObject({ finished: true, workspaces: [{ compacted: 2, failed: 1 }] })
  })

  it('keeps everything to be read where other rows came while it ran, and does it at the next run', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    let begun = 0
    world.athena.conduct.onOperation = async (operation) => {
      if (operation !== 'StartQueryExecution' || ++begun !== 2) return
      await world.put('2024-03-01', 'meanwhile', [
        rowOf('meanwhile', { created_at: '2024-03-01T12:00:00.000Z' }),
      ])
    }
    const { answer, events } = await runCompact(world)
    expect(answer).toMatchObject({ finished: true, workspaces: [{ compacted: 1, failed: 1 }] })
    expect(events).toContainEqual(expect.objectContaining({ event: 'compact.failed', day: '2024-03-01' }))
    const before = await findAll(world)
    expect(before).toMatchObject({ rows: { length: 12 }, complete: true })
    expect((await runCompact(world)).answer).toMatchObject({ workspaces: [{ compacted: 1, failed: 0 }] })
    expect(await findAll(world)).toEqual(before)
    expect(await listFetched(world)).not.toContain('2024-03-01/meanwhile.ndjson')
  })

  it('that dies before the manifest is written loses nothing: the next run begins again', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    const before = await findAll(world)
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.includes('/_compact-')
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    const { answer, metrics, events } = await runCompact(world)
    expect(answer).toMatchObject({ name: 'ConfigurationError' })
    expect(metrics).toMatchObject({ CompactionsFinished: 0 })
    expect(events).toContainEqual(expect.objectContaining({ event: 'configuration.fault' }))
    expect(await findAll(world)).toEqual(before)
    world.faults = () => undefined
    expect((await runCompact(world)).answer).toMatchObject({ finished: true, workspaces: [{ compacted: 2 }] })
    expect(await findAll(world)).toEqual(before)
    expect(await listFetched(world)).toHaveLength(3)
    expect((await runCompact(world)).answer).toMatchObject({ workspaces: [{ compacted: 0 }] })
  })

  it('says that it is not finished where its time is over', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    const { answer, metrics } = await runCompact(world, { compact: 'all' }, 0)
    expect(answer).toMatchObject({ finished: false, workspaces: [{ finished: false, compacted: 0 }] })
    expect(metrics).toMatchObject({ CompactionsFinished: 0 })
  })
})
