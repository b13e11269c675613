import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { auditBucket } from '../../lib/sandbox/audit.ts'
import { type Call, describeCalls } from '../../lib/sandbox/calls.ts'
import type { MediaFact } from '../../lib/sandbox/media.ts'
import type { SandboxReady } from '../../lib/sandbox/sandbox-ready.ts'
import { runWithin } from '../helpers/run-within.ts'
import { type Command, jsonLines, run, start, startSandboxCommand } from './command.ts'

let [directory, command]: [string, Command | undefined] = ['', undefined]
let ready: SandboxReady
const calls = describeCalls({ seed: 1, count: 6, now: new Date(0) })
const idsOf = (role: Call['role']): string[] =>
  calls.filter((call) => call.role === role).map(({ recordingId }) => recordingId)
const [healthy, absent] = [idsOf('plain'), idsOf('absent')]
const [silence = ''] = absent

const summaryOf = (stdout: string): Record<string, number> =>
  (jsonLines(stdout).at(-1)?.['summary'] ?? {}) as Record<string, number>

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cli-archive-'))
  const sandbox = await startSandboxCommand(['--recordings', '6', '--seed', '1', '--data', directory])
  ready = sandbox.ready
  command = sandbox.command
})
afterAll(async () => {
  command?.child.kill('SIGTERM')
  await command?.done
  await rm(directory, { recursive: true, force: true })
})

test('what is available is archived, what is absent is not, and both together are all accounted for', async () => {
  const { code, stdout } = await run(['archive', ...healthy, ...absent, '--json'], ready.env)
  const lines = jsonLines(stdout)
  expect(code).toBe(0)
  expect(
    lines
      .slice(0, -1)
      .map(({ recordingId, outcome }) => [recordingId, outcome].join(' '))
      .toSorted(),
  ).toEqual(
    [...healthy.map((id) => `${id} archived`), ...absent.map((id) => `${id} nothing-to-archive`)].toSorted(),
  )
  expect(lines.at(-1)).toMatchObject({
    summary: {
      recordings: 4,
      duplicates: 0,
      archived: 3,
      alreadyArchived: 0,
      nothingToArchive: 1,
      notYet: 0,
      throttled: 0,
      refused: 0,
      failed: 0,
      left: 0,
    },
  })

  const made = jsonLines(await readFile(join(directory, 'media.ndjson'), 'utf8')) as unknown as MediaFact[]
  const expected = made.filter(({ recordingId }) => healthy.includes(recordingId))
  expect(await auditBucket(ready, expected)).toMatchObject({ violations: [], proven: 3, catalogRows: 3 })

  const again = await runWithin(['archive', ...healthy], ready.env)
  expect(again.code).toBe(0)
  expect(again.stdout).toMatch(/already archived +3/)

  // The audit is worth something only if it sees what is wrong.
  const { accessKeyId, secretAccessKey, endpoint, region, bucket } = ready.s3
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  })
  const keyOf = (id: string): string => `recordings/${ready.bird.workspaceId}/${id}.mp3`
  const [first = ''] = healthy
  const stray = keyOf(randomUUID())
  for (const Key of [keyOf(first), stray])
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'other bytes' }))
  client.destroy()
  const { violations } = await auditBucket(ready, [
    ...expected,
    { recordingId: silence, bytes: 1, sha256: '' },
  ])
  expect(violations).toEqual(
    expect.arrayContaining([
      `${first}: 2 versions of the audio in place of 1`,
      expect.stringContaining(`${first}: the audio is 11 bytes`),
      `${first}: the sidecar describes other audio than is stored`,
      `${silence}: 0 versions of the sidecar in place of 1`,
      `${stray} should not be in the bucket`,
    ]),
  )
})

test('a recording that Bird does not have is named with the reason, and the exit code is 1', async () => {
  const missing = randomUUID()
  const { code, stdout } = await runWithin(
    ['archive', '--ids', '-'],
    ready.env,
    `${missing}\n${missing}\n${silence}\n`,
  )
  expect(code).toBe(1)
  expect(stdout).toContain('1 named more than once')
  expect(stdout).toMatch(new RegExp(`${missing} +not-found: `))
  expect(stdout).toMatch(/nothing to archive +1/)
})

test('a key that Bird refuses stops the run, and the exit code is 2', async () => {
  const environment = { ...ready.env, BIRD_ACCESS_KEY: 'another-key' }
  const ids = Array.from({ length: 12 }, () => randomUUID())
  const { code, stdout } = await runWithin(['archive', ...ids, '--concurrency', '2', '--json'], environment)
  const lines = jsonLines(stdout)
  expect(code).toBe(2)
  expect(lines[0]).toMatchObject({ outcome: 'failed', reason: 'misconfigured' })
  const summary = summaryOf(stdout)
  expect(summary).toMatchObject({ recordings: 12 })
  expect(summary['left']).toBeGreaterThanOrEqual(10)
  expect(stdout).not.toContain('another-key')
})

test('each advice to run again is given once, and what was not begun is not counted as done', async () => {
  const environment = { ...ready.env, BIRD_ACCESS_KEY: 'another-key' }
  const ids = Array.from({ length: 12 }, () => randomUUID())
  const { stdout, stderr } = await runWithin(['archive', ...ids, '--concurrency', '1'], environment)
  expect(stdout).toContain('Mend the configuration')
  expect(stdout).not.toContain('Run the same command again')
  expect(stderr).toContain('archiving 1/12')
})

test('a workspace that the key has no right to stops nothing but its own recordings, and the exit code is 1', async () => {
  const bird = createServer((request, response) => {
    const own = request.url?.includes(ready.bird.workspaceId) === true
    response.writeHead(own ? 404 : 403, { 'content-type': 'application/json' }).end('{}')
  })
  await once(bird.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void bird.close())
  const { port } = bird.address() as AddressInfo
  const foreign = { recordingId: randomUUID(), workspaceId: randomUUID() }
  const own = randomUUID()
  const { code, stdout } = await runWithin(
    ['archive', '--ids', '-', '--json', '--concurrency', '1'],
    { ...ready.env, BIRD_API_URL: `http://127.0.0.1:${port}` },
    `${JSON.stringify(foreign)}\n${own}\n`,
  )
  expect(code).toBe(1)
  expect(jsonLines(stdout)).toMatchObject([
    { ...foreign, outcome: 'failed', reason: 'misconfigured', httpStatus: 403 },
    { recordingId: own, outcome: 'failed', reason: 'not-found' },
    { summary: { failed: 2, left: 0 } },
  ])
})

test.each([
  ['region', ['AWS_REGION'], "AWS_REGION is not set: it is the bucket's region"],
  [
    'credentials',
    ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    'there are no AWS credentials: set AWS_PROFILE, or sign in',
  ],
])('without AWS %s it says what is missing, and the exit code is 2', async (_, missing, message) => {
  const environment = Object.fromEntries(
    Object.entries(ready.env).filter(([name]) => !missing.includes(name)),
  )
  const { code, stdout, stderr } = await runWithin(['archive', ...healthy], environment)
  expect(stdout + stderr).toContain(message)
  expect(code).toBe(2)
})

test('Ctrl-C begins nothing new, tells what is left, and exits with 130', async () => {
  const ids = Array.from({ length: 9 }, () => randomUUID())
  const { child, firstLine, done } = start(['archive', ...ids, '--concurrency', '1', '--json'], ready.env)
  await firstLine
  child.kill('SIGINT')
  const { code, stdout, stderr } = await done
  expect(code).toBe(130)
  expect(stderr).toContain('Nothing new is begun')
  const summary = summaryOf(stdout)
  expect(summary['recordings']).toBe(9)
  expect(summary['left']).toBeGreaterThanOrEqual(6)
})
