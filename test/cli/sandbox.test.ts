import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readConfig } from '../../lib/config.ts'
import { run, startSandboxCommand } from './command.ts'

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
    expect(Object.keys(ready)).toEqual(['s3', 'sqs', 'bird', 'api', 'env'])
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

test('what it can not start on is named with what to do, and the exit code is 2', async () => {
  const data = await temporaryDirectory()
  const { command, ready } = await startSandboxCommand(['--data', data])
  onTestFinished(async () => {
    command.child.kill('SIGTERM')
    await command.done
  })
  const { port } = new URL(ready.s3.endpoint)
  const [samePort, sameDirectory, otherCalls] = await Promise.all([
    run(['sandbox', '--bird-port', port]),
    run(['sandbox', '--data', data]),
    run(['sandbox', '--data', data, '--recordings', '3']),
  ])
  expect(samePort).toMatchObject({ code: 2, stdout: '' })
  expect(samePort.stderr).toContain(`port ${port} is taken: leave --bird-port out or name another`)
  expect(sameDirectory).toMatchObject({ code: 2, stdout: '' })
  expect(sameDirectory.stderr).toContain('stop that one, or choose another directory with --data')
  expect(otherCalls).toMatchObject({ code: 2, stdout: '' })
})

test('a directory that holds other things is refused, and stays as it is', async () => {
  const data = await temporaryDirectory()
  await writeFile(join(data, 'thesis.txt'), 'years of work')
  const { code, stdout, stderr } = await run(['sandbox', '--data', data])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('was not made by the sandbox')
  expect(await readdir(data)).toEqual(['thesis.txt'])
})

test('progress knows how many recordings are made, and is not shown where there are none', async () => {
  const data = await temporaryDirectory()
  const first = await startSandboxCommand(['--recordings', '6', '--seed', '1', '--data', data])
  first.command.child.kill('SIGTERM')
  expect((await first.command.done).stderr).toMatch(/making recordings (\d+)\/\1\n/)
  const second = await startSandboxCommand()
  second.command.child.kill('SIGTERM')
  expect((await second.command.done).stderr).not.toContain('making recordings')
})
