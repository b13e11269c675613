import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readConfig } from '../../lib/config.ts'
import { startSandboxCommand } from './command.ts'

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cli-sandbox-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'prints one line of JSON, stays until %s, exits with 0, and leaves nothing behind',
  async (signal) => {
    const TMPDIR = await temporaryDirectory()
    const { command, ready } = await startSandboxCommand([], { TMPDIR })
    expect(Object.keys(ready)).toEqual(['s3', 'sqs', 'bird', 'env'])
    expect(Object.keys(ready.s3)).toEqual(['endpoint', 'accessKeyId', 'secretAccessKey', 'region', 'bucket'])
    expect(Object.keys(ready.sqs)).toEqual(['endpoint', 'queueUrl', 'deadLetterQueueUrl'])
    expect(Object.keys(ready.bird)).toEqual(['url', 'workspaceId', 'accessKey'])
    expect(readConfig(ready.env, { queues: true })).toMatchObject({ bucket: ready.s3.bucket })
    for (const url of [ready.s3.endpoint, ready.sqs.endpoint, ready.bird.url])
      expect((await fetch(url)).status).toBeLessThan(500)
    expect(await readdir(TMPDIR)).toHaveLength(1)

    command.child.kill(signal)
    const { code, stdout } = await command.done
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(await readdir(TMPDIR)).toEqual([])
  },
)

test('with --data it is the same sandbox again', async () => {
  const data = await temporaryDirectory()
  const first = await startSandboxCommand(['--recordings', '2', '--seed', '7', '--data', data])
  first.command.child.kill('SIGTERM')
  expect(await first.command.done).toMatchObject({ code: 0 })
  const second = await startSandboxCommand(['--data', data])
  expect(second.ready.bird.accessKey).toBe(first.ready.bird.accessKey)
  expect(second.ready.s3.secretAccessKey).toBe(first.ready.s3.secretAccessKey)
  second.command.child.kill('SIGTERM')
  const { stderr } = await second.command.done
  expect(stderr).toContain('Bird knows 2 calls')
})
