import { afterAll, beforeAll, expect, it } from 'vitest'
import { countsOf, HOUR_MS, idsOf, queuedIds, reportOf } from '../helpers/backfill-run.ts'
import { type BackfillWorld, startBackfillWorld } from '../helpers/backfill-world.ts'
import { invokeBundle } from '../helpers/invoke-bundle.ts'
import { callAt } from '../helpers/listed-calls.ts'
import { ACCESS_KEY } from '../helpers/world.ts'

let world: BackfillWorld
beforeAll(async () => {
  world = await startBackfillWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

it('the built function, alone in a process with nothing but its environment, sweeps what is missing', async () => {
  const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * HOUR_MS)
  const [missing, there] = [callAt(hoursAgo(2)), callAt(hoursAgo(3))]
  world.setCalls([missing, there])
  await world.archived(there)
  const event = { sweep: 'recent', days: 3 }
  const { out, lines, answers } = await invokeBundle('backfill', 'sweeper', [event], world.env)
  expect(answers).toEqual([
    { finished: true, workspaces: [{ workspaceId: world.workspaceId, why: 'finished' }] },
  ])
  expect(lines.at(-2)).toMatchObject({ FunctionName: 'sweeper', SweepsFinished: 1, Sent: 1, Listed: 2 })
  expect(out).not.toContain(ACCESS_KEY)
  expect(await queuedIds(world)).toEqual(idsOf([missing]))
  expect(countsOf(await reportOf(world))).toEqual({ archived: 1, sent: 1 })
})
