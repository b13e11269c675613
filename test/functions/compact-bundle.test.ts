import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, it } from 'vitest'
import { startAthenaWorld } from '../helpers/athena-world.ts'
import { rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'

const BUNDLE = fileURLToPath(new URL('../../dist/functions/compact.cjs', import.meta.url))
/** Stands for Lambda's runtime: loads the bundle, hands it the event, and prints the answer as the last line. */
const INVOKE = `
const { handler } = require(process.argv[1])
const endsAt = Date.now() + 60_000
const context = { functionName: 'compact', getRemainingTimeInMillis: () => endsAt - Date.now() }
handler({ compact: 'all' }, context).then((answer) => {
  process.stdout.write(JSON.stringify(answer) + '\\n', () => process.exit(0))
})`

beforeAll(() => {
  if (!existsSync(BUNDLE))
    throw new Error(`${BUNDLE} is missing: npm run build makes it (npm test does so itself)`)
})

it('the built function, alone in a process with nothing but its environment, puts a day together', async () => {
  const world = await startAthenaWorld()
  for (const batch of ['one', 'two']) await world.put('2024-03-01', batch, [rowOf(batch)])
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
    workspaces: [{ workspaceId: WORKSPACE, days: 1, compacted: 1, failed: 0, finished: true }],
  })
  expect(lines.at(-2)).toMatchObject({ FunctionName: 'compact', CompactionsFinished: 1, DaysCompacted: 1 })
  const names = await world.keys('catalog-compact/')
  expect(names.map((name) => /\/day=2024-03-01\/(_?)/.exec(name)?.[1])).toEqual(['', '_'])
})
