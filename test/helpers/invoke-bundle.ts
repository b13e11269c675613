import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

/** What a built function printed. */
export interface BundleRun {
  readonly out: string
  /** Its lines, parsed. */
  readonly lines: readonly Readonly<Record<string, ReturnType<typeof JSON.parse>>>[]
  /** What it answered to each event, in their order. */
  readonly answers: readonly ReturnType<typeof JSON.parse>[]
}

/** Stands for Lambda's runtime: loads the bundle, hands it one event after another, and prints each answer as a line. */
const INVOKE = `
const [bundle, functionName, events] = process.argv.slice(1)
const { handler } = require(bundle)
const invoke = async () => {
  for (const event of JSON.parse(events)) {
    const endsAt = Date.now() + 60_000
    const answer = await handler(event, { functionName, getRemainingTimeInMillis: () => endsAt - Date.now() })
    process.stdout.write(JSON.stringify({ answer }) + '\\n')
  }
}
invoke().then(() => process.stdout.write('', () => process.exit(0)))`

/** Runs `dist/functions/<name>.cjs` alone in a process that has nothing but this environment, and expects no complaint. */
export async function invokeBundle(
  name: string,
  functionName: string,
  events: readonly unknown[],
  environment: Readonly<Record<string, string>>,
): Promise<BundleRun> {
  const bundle = fileURLToPath(new URL(`../../dist/functions/${name}.cjs`, import.meta.url))
  if (!existsSync(bundle))
    throw new Error(`${bundle} is missing: npm run build makes it (npm test does so itself)`)
  const child = spawn(process.execPath, ['--eval', INVOKE, bundle, functionName, JSON.stringify(events)], {
    env: { ...environment, PATH: process.env['PATH'] ?? '', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  expect([code, err]).toEqual([0, ''])
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as BundleRun['lines'][number])
  return {
    out,
    lines,
    answers: lines.flatMap(({ answer }) => (answer === undefined ? [] : [answer as unknown])),
  }
}
