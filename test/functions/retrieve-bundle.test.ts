import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { beforeAll, expect, it } from 'vitest'
import { expectDocumented } from '../helpers/api-contract.ts'
import { type ApiCall, eventOf } from '../helpers/api-event.ts'
import { startApiWorld } from '../helpers/api-world.ts'

const BUNDLE = fileURLToPath(new URL('../../dist/functions/retrieve.cjs', import.meta.url))
/** Stands for Lambda's runtime: loads the bundle, hands it one event after another, and prints each answer as a line. */
const INVOKE = `
const { handler } = require(process.argv[1])
const answers = async () => {
  for (const event of JSON.parse(process.argv[2])) {
    const endsAt = Date.now() + 29_000
    const answer = await handler(event, { functionName: 'retrieve', getRemainingTimeInMillis: () => endsAt - Date.now() })
    process.stdout.write(JSON.stringify({ answer }) + '\\n')
  }
}
answers().then(() => process.exit(0))`

beforeAll(() => {
  if (!existsSync(BUNDLE))
    throw new Error(`${BUNDLE} is missing: npm run build makes it (npm test does so itself)`)
})

it('the built function, alone in a process with nothing but its environment, answers each route', async () => {
  const world = await startApiWorld()
  const kept = await world.catalogue()
  const calls: readonly ApiCall[] = [
    { path: '/recordings', query: 'findings=none&limit=1' },
    { path: `/recordings/${kept.id}` },
    { path: `/recordings/${kept.id}/link`, method: 'POST' },
    { path: `/recordings/${kept.id}/verification` },
    { path: '/openapi.json' },
    { path: '/nowhere' },
  ]
  const child = spawn(
    process.execPath,
    ['--eval', INVOKE, BUNDLE, JSON.stringify(calls.map((call) => eventOf(call)))],
    {
      env: { ...world.apiEnv, PATH: process.env['PATH'] ?? '', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  expect([code, err]).toEqual([0, ''])
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, ReturnType<typeof JSON.parse>>)
  const answers = lines.flatMap(({ answer }) => (answer === undefined ? [] : [answer as Answer]))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200, 404])
  for (const [index, { statusCode, headers, body }] of answers.entries()) {
    const { method = 'GET', path } = calls[index] ?? { path: '' }
    expectDocumented(method, path, { status: statusCode, headers, text: body })
  }
  const served = lines.filter(({ event }) => event === 'request.served')
  expect(served.map(({ status }) => Number(status))).toEqual([200, 200, 200, 200, 200, 404])
  expect(JSON.stringify(served)).not.toMatch(/X-Amz|test-secret/)
  expect(await world.accessLines()).toMatchObject([
    { action: 'search' },
    { action: 'show' },
    { action: 'link' },
    { action: 'verify' },
  ])
})

interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

it('is made of neither the embedded database nor anything that holds, releases or extends', async () => {
  const { metafile } = await build({
    entryPoints: ['functions/retrieve.ts'],
    absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
    bundle: true,
    platform: 'node',
    mainFields: ['module', 'main'],
    metafile: true,
    write: false,
  })
  const inputs = Object.keys(metafile.inputs)
  expect(inputs).toContain('lib/catalog/athena.ts')
  expect(
    inputs.filter((path) => /duckdb|lib\/s3\/(custody|holds)|compose-keep|lib\/(cli|sandbox)\//.test(path)),
  ).toEqual([])
})
