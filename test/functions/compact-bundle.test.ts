import { expect, it } from 'vitest'
import { startAthenaWorld } from '../helpers/athena-world.ts'
import { rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { invokeBundle } from '../helpers/invoke-bundle.ts'

it('the built function, alone in a process with nothing but its environment, puts a day together', async () => {
  const world = await startAthenaWorld()
  for (const batch of ['one', 'two']) await world.put('2024-03-01', batch, [rowOf(batch)])
  const { answers, lines } = await invokeBundle('compact', 'compactor', [{ compact: 'all' }], world.env)
  expect(answers).toEqual([
    {
      finished: true,
      workspaces: [{ workspaceId: WORKSPACE, days: 1, compacted: 1, failed: 0, finished: true }],
    },
  ])
  expect(lines.at(-2)).toMatchObject({ FunctionName: 'compactor', CompactionsFinished: 1, DaysCompacted: 1 })
  const names = await world.keys('catalog-compact/')
  expect(names.map((name) => /\/day=2024-03-01\/(_?)/.exec(name)?.[1])).toEqual(['', '_'])
})
