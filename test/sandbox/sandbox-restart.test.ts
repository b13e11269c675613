import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { BirdRecording } from '../../lib/sandbox/bird-recording.ts'
import { startSandbox } from '../../lib/sandbox/sandbox.ts'
import type { Sandbox } from '../../lib/sandbox/sandbox.ts'
import type { SandboxReady } from '../../lib/sandbox/sandbox-ready.ts'

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sandbox-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

async function askBird({ bird }: SandboxReady, recordingId: string): Promise<BirdRecording> {
  const response = await fetch(`${bird.url}/workspaces/${bird.workspaceId}/recordings/${recordingId}`, {
    headers: { authorization: `AccessKey ${bird.accessKey}` },
  })
  return (await response.json()) as BirdRecording
}

describe('a sandbox that is killed and started again', () => {
  it('has the same keys, ports, calls, objects and messages', async () => {
    const directory = await makeDirectory()
    const module = new URL('../../lib/sandbox/sandbox.ts', import.meta.url).href
    const code = `const { startSandbox } = await import(${JSON.stringify(module)})
      const sandbox = await startSandbox({ directory: ${JSON.stringify(directory)}, recordings: 6 })
      console.log(JSON.stringify([sandbox.ready, [...sandbox.media]]))`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    const [ready, media] = JSON.parse(line) as [SandboxReady, [string, unknown][]]
    const { endpoint, region, bucket, accessKeyId, secretAccessKey } = ready.s3
    const credentials = { accessKeyId, secretAccessKey }
    const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials })
    const sqs = new SQSClient({ endpoint: ready.sqs.endpoint, region, credentials })
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'kept', Body: 'evidence' }))
    await sqs.send(new SendMessageCommand({ QueueUrl: ready.sqs.queueUrl, MessageBody: 'kept' }))
    const before = await askBird(ready, media[0]![0])
    child.kill('SIGKILL')
    await once(child, 'exit')

    const made: number[] = []
    const again = await startSandbox({ directory, onProgress: (done) => made.push(done) })
    onTestFinished(() => again.close())
    expect(again.ready).toEqual(ready)
    expect([...again.media]).toEqual(media)
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'kept' }))
    expect(await Body?.transformToString()).toBe('evidence')
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: ready.sqs.queueUrl }))
    expect(Messages?.map((message) => message.Body)).toEqual(['kept'])
    const { url: _, status, ...after } = await askBird(again.ready, media[0]![0])
    expect(before).toMatchObject(
      status === before.status ? after : { id: after.id, createdAt: after.createdAt },
    )
  })

  it('goes on with the statuses of its calls from when it first began', async () => {
    const directory = await makeDirectory()
    const clock = { ms: Date.parse('2026-11-23T12:00:00Z') }
    const start = () => startSandbox({ directory, recordings: 4, now: () => new Date(clock.ms) })
    const statusOf = async ({ ready, calls }: Sandbox) =>
      (await askBird(ready, calls.find(({ role }) => role === 'becomes-available')!.recordingId)).status
    const first = await start()
    expect(await statusOf(first)).not.toBe('available')
    await first.close()
    clock.ms += 20_000
    const second = await start()
    onTestFinished(() => second.close())
    expect(await statusOf(second)).toBe('available')
  })

  it('makes only the audio that it has not made yet', async () => {
    const directory = await makeDirectory()
    const first = await startSandbox({ directory, recordings: 8 })
    await first.close()
    const file = join(directory, 'media.ndjson')
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    // The last two are forgotten, one of them in the middle of its line.
    writeFileSync(
      file,
      lines
        .slice(0, -2)
        .map((line) => `${line}\n`)
        .join(''),
    )
    appendFileSync(file, lines.at(-2)!.slice(0, 40))
    const second = await startSandbox({ directory })
    onTestFinished(() => second.close())
    expect([...second.media]).toEqual([...first.media])
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toEqual(lines)
  })

  it('takes other ports where its own are taken by a stranger', async () => {
    const directory = await makeDirectory()
    const first = await startSandbox({ directory })
    await first.close()
    const stranger = await startSandbox({
      directory: await makeDirectory(),
      ports: { bird: Number(new URL(first.ready.bird.url).port) },
    })
    onTestFinished(() => stranger.close())
    const second = await startSandbox({ directory })
    onTestFinished(() => second.close())
    expect(second.ready.bird.url).not.toBe(first.ready.bird.url)
    expect(second.ready.bird.accessKey).toBe(first.ready.bird.accessKey)
    expect(second.ready.s3.endpoint).toBe(first.ready.s3.endpoint)
  })
})
