import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { type Kept, startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { runWithin } from '../helpers/run-within.ts'
import { type Finished, jsonLines, start } from './command.ts'

vi.setConfig({ testTimeout: 120_000 })

let world: VaultWorld
beforeAll(async () => {
  world = await startVaultWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.faults = () => undefined
  world.requests.length = 0
})

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'get-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}
const get = (args: readonly string[], environment: Record<string, string> = {}) =>
  runWithin(['get', ...args], { ...world.env, ...environment })
const digestOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** Changes one byte of what is stored, as a failing disk would. */
function flip({ audioKey, audio }: Kept): void {
  const flipped = Buffer.from(audio)
  flipped[1000] = (flipped[1000] ?? 0) ^ 4
  writeFileSync(join(world.directory, 'archive', audioKey), flipped)
}

test('a file in a directory that is not there is refused, and it is said what to do', async () => {
  const kept = await world.keep()
  const directory = await makeDirectory()
  const missing = join(directory, 'none')
  const { code, stderr } = await get([kept.id, '-o', join(missing, 'call.mp3')])
  expect(code).toBe(2)
  expect(stderr).toContain(`there is no directory ${missing}: make it first, or name another file with -o`)
  expect(readdirSync(directory)).toEqual([])
})

test('a recording becomes a file that only its owner can read, and the access log says who got it and why', async () => {
  const kept = await world.keep()
  const directory = await makeDirectory()
  const file = join(directory, 'call.mp3')
  const { code, stdout, stderr } = await get([
    kept.id.toUpperCase(),
    '-o',
    file,
    '--actor',
    'anna',
    '--reason',
    ' complaint 4711 ',
  ])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain(kept.sha256)
  expect(digestOf(file)).toBe(kept.sha256)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(directory)).toEqual(['call.mp3'])
  expect(await world.accessLines()).toEqual([
    expect.objectContaining({
      action: 'get',
      actor: 'anna',
      reason: 'complaint 4711',
      via: 'terminal',
      recordingIds: [kept.id],
    }),
  ])
})

test('a directory that is named with a slash at its end is made', async () => {
  const kept = await world.keep()
  const directory = await makeDirectory()
  const made = join(directory, 'case', '4711')
  expect((await get([kept.id, '-o', `${made}/`])).code).toBe(0)
  expect(readdirSync(made)).toEqual([expect.stringContaining(kept.id)])
  expect(statSync(made).mode & 0o777).toBe(0o700)
  writeFileSync(join(directory, 'file'), '')
  const refused = await get([kept.id, '-o', `${join(directory, 'file')}/`])
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('name another file with -o') })
})

test('several recordings go into a directory under their days and ids; what cannot be got is named, the rest comes', async () => {
  const metadata = { createdAt: '2026-03-01T09:00:00Z' }
  const [one, two] = [await world.keep({ metadata }), await world.keep({ metadata })]
  const gone = 'b3b1b7c4-9b8a-4d52-8f0e-000000000000'
  const directory = await makeDirectory()
  const { code, stdout, stderr } = await get([one.id, gone, two.id, one.id, '-o', directory, '--json'])
  expect(code).toBe(1)
  expect(jsonLines(stdout)).toMatchObject([
    {
      recordingId: one.id,
      kind: 'got',
      sha256: one.sha256,
      path: join(directory, `2026-03-01-${one.id}.mp3`),
    },
    { recordingId: gone, kind: 'not-archived' },
    { recordingId: two.id, kind: 'got' },
  ])
  expect(stderr).toContain(`${gone}: it is not archived`)
  expect(readdirSync(directory).toSorted()).toEqual(
    [`2026-03-01-${one.id}.mp3`, `2026-03-01-${two.id}.mp3`].toSorted(),
  )
})

test('a flipped byte leaves no file, and both digests are said', async () => {
  const kept = await world.keep()
  flip(kept)
  const directory = await makeDirectory()
  const { code, stderr } = await get([kept.id, '-o', directory])
  expect(code).toBe(1)
  expect(stderr).toContain('NOT what was archived')
  expect(stderr).toContain(kept.sha256)
  expect(stderr.match(/SHA-256 [0-9a-f]{64}/g)).toHaveLength(2)
  expect(readdirSync(directory)).toEqual([])
})

test('on standard output the bytes come as they are, and a flipped one makes it fail loudly', async () => {
  const kept = await world.keep()
  const good = await get([kept.id, '-o', '-'])
  expect([good.code, good.stdout.length]).toEqual([0, kept.audio.toString('utf8').length])
  expect(good.stderr).toContain(`SHA-256 agrees (${kept.sha256})`)
  flip(kept)
  const bad = await get([kept.id, '-o', '-'])
  expect(bad.code).toBe(1)
  expect(bad.stderr).toContain('DO NOT USE')
})

test('a file that is there stays as it is, and nothing is asked for; --force replaces it', async () => {
  const kept = await world.keep()
  const file = join(await makeDirectory(), 'call.mp3')
  writeFileSync(file, 'mine')
  const lines = (await world.accessLines()).length
  const refused = await get([kept.id, '-o', file])
  expect([refused.code, readFileSync(file, 'utf8')]).toEqual([2, 'mine'])
  expect(refused.stderr).toContain('--force')
  expect(await world.accessLines()).toHaveLength(lines)
  expect(world.requests).not.toContain(`GetObject ${kept.audioKey}`)
  expect((await get([kept.id, '-o', file, '--force'])).code).toBe(0)
  expect(digestOf(file)).toBe(kept.sha256)
})

test('an unfinished download is not mistaken for one’s own', async () => {
  const kept = await world.keep()
  const file = join(await makeDirectory(), 'call.mp3')
  writeFileSync(`${file}.part`, 'half')
  const refused = await get([kept.id, '-o', file])
  expect([refused.code, readFileSync(`${file}.part`, 'utf8')]).toEqual([2, 'half'])
  expect((await get([kept.id, '-o', file, '--force'])).code).toBe(0)
  expect(existsSync(`${file}.part`)).toBe(false)
})

test('without a line in the access log no byte is read and no file is made', async () => {
  const kept = await world.keep()
  const directory = await makeDirectory()
  world.faults = ({ operation, key }) =>
    operation === 'PutObject' && key.startsWith('access/')
      ? { kind: 'error', status: 500, code: 'InternalError' }
      : undefined
  const { code, stdout, stderr } = await get([kept.id, '-o', directory])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain('access/day=')
  expect(readdirSync(directory)).toEqual([])
  expect(world.requests).not.toContain(`GetObject ${kept.audioKey}`)
})

test('Ctrl-C leaves nothing behind', async () => {
  const kept = await world.keep()
  const directory = await makeDirectory()
  const command = start(['get', kept.id, '-o', directory], world.env)
  world.faults = ({ operation, key }) => {
    if (operation !== 'GetObject' || key !== kept.audioKey) return undefined
    command.child.kill('SIGINT')
    return { kind: 'body', stallAfterBytes: 1_000 }
  }
  const { code, stderr } = await command.done
  expect(code).toBe(130)
  expect(stderr).toContain('interrupted')
  expect(readdirSync(directory)).toEqual([])
})

test('what lies in Glacier is said so, and asked for with --restore', async () => {
  const kept = await world.keep({ storageClass: 'GLACIER' })
  const directory = await makeDirectory()
  const first = await get([kept.id, '-o', directory])
  expect(first.code).toBe(1)
  expect(first.stderr).toContain('it lies in GLACIER and must be restored')
  expect(first.stderr).toContain('--restore')
  const second = await get([kept.id, '-o', directory, '--restore', 'bulk', '--days', '3'])
  expect(second.code).toBe(1)
  expect(second.stderr).toContain('in 5 to 12 hours')
  expect(second.stderr).toContain('3 days')
  const third = await get([kept.id, '-o', directory, '--restore', 'bulk'])
  expect(third.stderr).toContain('is being restored')
  expect(readdirSync(directory)).toEqual([])
})

test('where a reason is required, nothing is asked of the bucket without one', async () => {
  const kept = await world.keep()
  world.requests.length = 0
  const { code, stderr } = await get([kept.id, '-o', '-'], { RETRIEVE_REASON_REQUIRED: 'true' })
  expect(code).toBe(2)
  expect(stderr).toContain('--reason')
  expect(world.requests).toEqual([])
})

test('wrong arguments are refused before anything is done', async () => {
  const directory = await makeDirectory()
  await mkdir(join(directory, 'd'))
  const id = 'b3b1b7c4-9b8a-4d52-8f0e-000000000000'
  const other = 'b3b1b7c4-9b8a-4d52-8f0e-000000000001'
  const wrong = [
    [],
    ['+447700900456'],
    [id, other, '-o', join(directory, 'one.mp3')],
    [id, other, '-o', '-'],
    [id, '-o', '-', '--json'],
    [id, '--restore', 'fast'],
    [id, '--days', '0'],
    [id, '--workspace', 'a/b'],
    [id, '--reason', 'two\nlines'],
  ]
  const ends: Finished[] = []
  for (const args of wrong) ends.push(await get(args))
  expect(ends.map(({ code }, index) => [wrong[index], code])).toEqual(wrong.map((args) => [args, 2]))
  expect(ends.map(({ stderr }) => stderr).join('')).not.toContain('447700900456')
  expect(world.requests).toEqual([])
})

test('neither a key nor a number comes into the messages', async () => {
  const kept = await world.keep()
  const file = join(await makeDirectory(), 'call.mp3')
  const { stdout, stderr } = await get([kept.id, '-o', file])
  for (const secret of ['test-secret-access-key', '15550100123', '447700900456', 'X-Amz-Signature'])
    expect(stdout + stderr).not.toContain(secret)
})
