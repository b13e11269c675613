import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  deadLettersOf,
  expectArchivedOnce,
  expectNothingOf,
  rowsOf,
  versionsOf,
} from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { eventOf, type TestMessage } from '../helpers/sqs-events.ts'
import { ACCESS_KEY, keysOf, startWorld, type World } from '../helpers/world.ts'

const BUNDLE = fileURLToPath(new URL('../../dist/functions/archive.cjs', import.meta.url))
/** Stands for Lambda's runtime: loads the bundle, hands it the event, and prints the answer as the last line. */
const INVOKE = `
const { handler } = require(process.argv[1])
const endsAt = Date.now() + 60_000
const context = { awsRequestId: process.argv[2], getRemainingTimeInMillis: () => endsAt - Date.now() }
const event = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
handler(event, context).then((answer) => {
  process.stdout.write(JSON.stringify(answer) + '\\n', () => process.exit(0))
})`

let world: World
beforeAll(async () => {
  if (!existsSync(BUNDLE))
    throw new Error(`${BUNDLE} is missing: npm run build makes it (npm test does so itself)`)
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** The documented environment and nothing else: the child inherits nothing. */
function environment(): Record<string, string> {
  const aws = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'))
  return {
    ...Object.fromEntries(aws.map(([name, value]) => [name, value ?? ''])),
    ...world.env,
    PATH: process.env['PATH'] ?? '',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  }
}

function start(messages: readonly TestMessage[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, ['--eval', INVOKE, BUNDLE, randomUUID()], { env, stdio: 'pipe' })
  child.stdin?.end(JSON.stringify(eventOf(messages)))
  return child
}

async function invoke(
  messages: readonly TestMessage[],
  changes: Record<string, string> = {},
): Promise<{ code: number | null; answer: unknown; output: string }> {
  const child = start(messages, { ...environment(), ...changes })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('the child has no output')
  const [out, err, code] = await Promise.all([text(stdout), text(stderr), ended])
  const last = out.trim().split('\n').at(-1) ?? ''
  return { code, answer: code === 0 ? JSON.parse(last) : undefined, output: out + err }
}

describe('the built function, alone in a process with nothing but its environment', () => {
  it('archives what is good, small and large, and answers only with what failed', async () => {
    const small = await world.addRecording()
    const large = await world.addRecording({ audio: buildLargeAudio(9, 8) })
    const ongoing = await world.addRecording({ metadata: { status: 'ongoing' } })
    const misled = await world.addRecording({
      linkReplies: [
        { status: 307, headers: { location: 'https://evil.example/a.mp3?X-Amz-Signature=secret' } },
      ],
    })
    const poison = `poison ${randomUUID()}`
    const { code, answer, output } = await invoke([small.id, large.id, ongoing.id, misled.id, poison])
    expect(code).toBe(0)
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-3' }] })
    for (const recording of [small, large]) await expectArchivedOnce(world, recording)
    for (const { id } of [ongoing, misled]) await expectNothingOf(world, id)
    expect(await deadLettersOf(world, poison)).toHaveLength(1)
    for (const secret of [ACCESS_KEY, 'X-Amz-Signature', '15550100123', '447700900456'])
      expect(output).not.toContain(secret)
  })

  it('finds on redelivery that all is done, and changes nothing', async () => {
    const recording = await world.addRecording()
    await invoke([recording.id])
    const sidecar = await world.get(keysOf(recording.id).sidecar)
    const { answer, output } = await invoke([{ body: recording.id, attempt: 2 }])
    expect(answer).toEqual({ batchItemFailures: [] })
    expect(output).toContain('"recording.already-archived"')
    await expectArchivedOnce(world, recording)
    expect((await world.get(keysOf(recording.id).sidecar)).equals(sidecar)).toBe(true)
  })

  it.for([
    ['the audio', /\.mp3$/],
    ['the sidecar', /\.json$/],
    ['the catalog', /^catalog\//],
  ] as const)('killed while it writes %s is healed by the next delivery', async ([, key]) => {
    const recording = await world.addRecording()
    const reached = Promise.withResolvers<void>()
    world.faults = (request) => {
      if (request.bucket !== 'archive' || request.operation !== 'PutObject' || !key.test(request.key))
        return undefined
      reached.resolve()
      return { kind: 'stall' }
    }
    const child = start([recording.id], environment())
    const ended = new Promise((resolve) => child.once('close', resolve))
    await reached.promise
    child.kill('SIGKILL')
    await ended
    world.faults = () => undefined
    expect(await rowsOf(world, recording.id)).toEqual([])
    expect((await versionsOf(world, recording.id)).length).toBeLessThanOrEqual(2)

    const { answer } = await invoke([{ body: recording.id, attempt: 2 }])
    expect(answer).toEqual({ batchItemFailures: [] })
    await expectArchivedOnce(world, recording)
    expect(await rowsOf(world, recording.id)).toHaveLength(1)
  })

  it('fails as a whole, and says every mend, when its environment is wrong', async () => {
    const recording = await world.addRecording()
    const { code, output } = await invoke([recording.id], { ARCHIVE_BUCKET: '', CONCURRENCY: '0' })
    expect(code).not.toBe(0)
    const line = output.split('\n').find((one) => one.includes('"configuration.fault"')) ?? '{}'
    expect((JSON.parse(line) as { faults?: string[] }).faults).toEqual([
      expect.stringContaining('ARCHIVE_BUCKET'),
      expect.stringContaining('CONCURRENCY'),
    ])
    await expectNothingOf(world, recording.id)
  })
})
