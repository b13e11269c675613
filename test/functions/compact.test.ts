import { describe, expect, it } from 'vitest'
import { startAthenaWorld } from '../helpers/athena-world.ts'
import { rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { COMPACTS, fillDays, findAll, listFetched, runCompact, TODAY } from '../helpers/compact-run.ts'

const NEVER = new AbortController().signal

describe('the compact function', () => {
  it.each([1, 3])(
    'puts the days before today together, into %i files each: the answers stay',
    async (files) => {
      const world = await startAthenaWorld({ filesOfInsert: files })
      await fillDays(world)
      const before = await findAll(world)
      const { answer, metrics, events } = await runCompact(world)
      expect(answer).toEqual({
        finished: true,
        workspaces: [{ workspaceId: WORKSPACE, days: 3, compacted: 2, failed: 0, finished: true }],
      })
      expect(metrics).toMatchObject({
        FunctionName: 'compact',
        CompactionsFinished: 1,
        DaysCompacted: 2,
        DaysNotCompacted: 0,
      })
      expect(events).toMatchObject([{ event: 'compact.finished', compacted: 2 }])
      expect(await findAll(world)).toEqual(before)
      expect(await listFetched(world)).toEqual([
        '2024-03-05/single.ndjson',
        `${TODAY}/batch-1.ndjson`,
        `${TODAY}/batch-2.ndjson`,
      ])
      const names = await world.keys(COMPACTS)
      expect(names.filter((name) => name.includes('/_compact-'))).toHaveLength(2)
      expect(names.filter((name) => !name.includes('/_compact-'))).toHaveLength(2 * files)
    },
  )

  it('has Athena read segments of those days alone that are not compact', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    await runCompact(world)
    const search = {
      workspaceId: WORKSPACE,
      range: { from: new Date('2024-03-01'), to: new Date('2024-03-04') },
    }
    const begun = world.athena.statements.length
    await world.catalog.search(search, { limit: 100 }, NEVER)
    const [statement, ...more] = world.athena.statements.slice(begun)
    expect(more).toEqual([])
    expect(statement?.text).toContain('1 = 0')
  })

  it('does nothing where there is nothing to do, and takes up what has come to a compact day', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    await runCompact(world)
    const [names, begun] = [await world.keys('catalog'), world.athena.statements.length]
    expect((await runCompact(world)).answer).toMatchObject({
      finished: true,
      workspaces: [{ days: 3, compacted: 0 }],
    })
    expect(await world.keys('catalog')).toEqual(names)
    expect(world.athena.statements).toHaveLength(begun)
    await world.put('2024-03-01', 'late', [rowOf('late', { created_at: '2024-03-01T12:00:00.000Z' })])
    const before = await findAll(world)
    expect((await runCompact(world)).answer).toMatchObject({ workspaces: [{ compacted: 1 }] })
    expect(await findAll(world)).toEqual(before)
    expect(await listFetched(world)).not.toContain('2024-03-01/late.ndjson')
  })

  it.each([
    [null],
    [{}],
    [{ compact: 'some' }],
    [{ compact: 'all', from: 'yesterday' }],
    [{ compact: 'all', days: 3 }],
  ])('refuses the event %j, and says what is expected', async (event) => {
    const world = await startAthenaWorld()
    const { answer, events } = await runCompact(world, event)
    expect(answer).toMatchObject({ name: 'ConfigurationError' })
    expect(JSON.stringify(events)).toContain('{\\"compact\\": \\"all\\"} is expected')
  })

  it('keeps to the days that it is given', async () => {
    const world = await startAthenaWorld()
    await fillDays(world)
    const { answer } = await runCompact(world, { compact: 'all', from: '2024-03-02', to: '2024-03-03' })
    expect(answer).toMatchObject({ workspaces: [{ days: 1, compacted: 1 }] })
    // Never today: its segments still come.
    const later = await runCompact(world, { compact: 'all', from: '2024-03-31', to: '2024-05-01' })
    expect(later.answer).toMatchObject({ workspaces: [{ days: 0 }] })
  })
})
