import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { countsOf, HOUR_MS, idsOf, queuedIds, reportOf } from '../helpers/backfill-run.ts'
import { type BackfillWorld, startBackfillWorld } from '../helpers/backfill-world.ts'
import { callAt } from '../helpers/listed-calls.ts'
import { ACCESS_KEY } from '../helpers/world.ts'

const BUNDLE = fileURLToPath(new URL('../../dist/functions/backfill.cjs', import.meta.url))
/** Stands for Lambda's runtime: loads the bundle, hands it the event, and prints the answer as the last line. */
const INVOKE = `
const { handler } = require(process.argv[1])
const endsAt = Date.now() + 60_000
const context = { functionName: 'sweeper', getRemainingTimeInMillis: () => endsAt - Date.now() }
handler({ sweep: 'recent', days: 3 }, context).then((answer) => {
  process.stdout.write(JSON.stringify(answer) + '\\n', () => process.exit(0))
})`

let world: BackfillWorld
beforeAll(async () => {
  if (!existsSync(BUNDLE))
    throw new Error(`${BUNDLE} is missing: npm run build makes it (npm test does so itself)`)
  world = await startBackfillWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

it('the built function, alone in a process with nothing but its environment, sweeps what is missing', async () => {
  const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * HOUR_MS)
  const [missing, there] = [callAt(hoursAgo(2)), callAt(hoursAgo(3))]
  world.setCalls([missing, there])
  await world.archived(there)
  const child = spawn(process.execPath, ['--eval', INVOKE, BUNDLE], {
    env: { ...world.env, PATH: process.env['PATH'] ?? '', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  expect([code, err]).toEqual([0, ''])
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.at(-1)).toEqual({
    finished: true,
    workspaces: [{ workspaceId: world.workspaceId, why: 'finished' }],
  })
  expect(lines.at(-2)).toMatchObject({ FunctionName: 'sweeper', SweepsFinished: 1, Sent: 1, Listed: 2 })
  expect(out).not.toContain(ACCESS_KEY)
  expect(await queuedIds(world)).toEqual(idsOf([missing]))
  expect(countsOf(await reportOf(world))).toEqual({ archived: 1, sent: 1 })
})
