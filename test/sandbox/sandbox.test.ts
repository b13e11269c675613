import { createHash } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectLockConfigurationCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { BirdRecording } from '../../lib/sandbox/bird-recording.ts'
import type { Call } from '../../lib/sandbox/calls.ts'
import { startSandbox } from '../../lib/sandbox/sandbox.ts'
import type { Sandbox, SandboxOptions } from '../../lib/sandbox/sandbox.ts'

const UNLIMITED = { requestsPerSecond: 1e6, burst: 1e6 }

let directory: string
let sandbox: Sandbox
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandbox-'))
  sandbox = await startSandbox({ directory, recordings: 24, rateLimit: UNLIMITED })
})
afterAll(async () => {
  await sandbox.close()
  await rm(directory, { recursive: true })
})

async function startAnother(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const other = await mkdtemp(join(tmpdir(), 'sandbox-'))
  onTestFinished(() => rm(other, { recursive: true }))
  const started = await startSandbox({ directory: other, ...options })
  onTestFinished(() => started.close())
  return started
}

function callOf(role: Call['role']): Call {
  return sandbox.calls.find((call) => call.role === role)!
}

function askBird(path: string): Promise<Response> {
  const { BIRD_API_URL = '', BIRD_WORKSPACE_ID = '', BIRD_ACCESS_KEY = '' } = sandbox.ready.env
  return fetch(`${BIRD_API_URL}/workspaces/${BIRD_WORKSPACE_ID}/recordings/${path}`, {
    headers: { authorization: `AccessKey ${BIRD_ACCESS_KEY}` },
    redirect: 'manual',
  })
}

/** Follows the redirect as Bird means it: with nothing but the link. */
async function download(
  call: Call,
): Promise<{ status: number; type: string | null; sha256: string; bytes: number }> {
  const response = await fetch((await askBird(`${call.recordingId}.mp3`)).headers.get('location')!)
  const body = new Uint8Array(await response.arrayBuffer())
  const sha256 = createHash('sha256').update(body).digest('hex')
  return { status: response.status, type: response.headers.get('content-type'), sha256, bytes: body.length }
}

function whole(call: Call) {
  const { bytes, sha256 } = sandbox.media.get(call.recordingId)!
  return { status: 200, type: 'audio/mpeg', bytes, sha256 }
}

function connectS3({ env }: Sandbox['ready']): S3Client {
  return new S3Client({
    endpoint: env['AWS_ENDPOINT_URL_S3']!,
    region: env['AWS_REGION']!,
    forcePathStyle: env['S3_FORCE_PATH_STYLE'] === 'true',
    credentials: { accessKeyId: env['AWS_ACCESS_KEY_ID']!, secretAccessKey: env['AWS_SECRET_ACCESS_KEY']! },
  })
}

describe('the sandbox', () => {
  it('says in env all that a deployed function is told, and nothing else', () => {
    expect(Object.keys(sandbox.ready.env).toSorted()).toEqual([
      'ARCHIVE_BUCKET',
      'AWS_ACCESS_KEY_ID',
      'AWS_ENDPOINT_URL_S3',
      'AWS_ENDPOINT_URL_SQS',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY',
      'BIRD_ACCESS_KEY',
      'BIRD_API_URL',
      'BIRD_WORKSPACE_ID',
      'CONCURRENCY',
      'DEAD_LETTER_QUEUE_URL',
      'MEDIA_ORIGINS',
      'QUEUE_URL',
      'RETENTION_DAYS',
      'RETENTION_MODE',
      'S3_FORCE_PATH_STYLE',
    ])
    expect(sandbox.ready.env['MEDIA_ORIGINS']).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('gives out links that lead to the very audio that it made', async () => {
    const healthy = sandbox.calls.filter(({ role }) => role === 'plain' || role === 'unknown-duration')
    expect(healthy.length).toBeGreaterThan(10)
    for (const call of healthy) {
      expect(await download(call)).toEqual(whole(call))
      const { url } = (await (await askBird(call.recordingId)).json()) as BirdRecording
      expect(new URL(url!).origin).toBe(sandbox.ready.env['MEDIA_ORIGINS'])
      expect(new URL(url!).searchParams.get('X-Amz-Expires')).toBe('600')
    }
  })

  it('refuses its links to whoever sends the key along, as S3 does', async () => {
    const link = (await askBird(`${callOf('plain').recordingId}.mp3`)).headers.get('location')!
    const response = await fetch(link, {
      headers: { authorization: `AccessKey ${sandbox.ready.bird.accessKey}` },
    })
    await response.body?.cancel()
    expect(response.status).toBe(400)
  })

  it('spoils the first download where that is planned, and the second no more', async () => {
    for (const role of ['link-expired', 'connection-cut', 'body-truncated', 'html-once'] as const) {
      const call = callOf(role)
      const first = await download(call).catch(() => 'cut')
      expect(first).not.toEqual(whole(call))
      expect(await download(call)).toEqual(whole(call))
    }
  })

  it('has a bucket with Object Lock and a queue', async () => {
    const { s3, sqs } = sandbox.ready
    const lock = await connectS3(sandbox.ready).send(
      new GetObjectLockConfigurationCommand({ Bucket: s3.bucket }),
    )
    expect(lock.ObjectLockConfiguration?.ObjectLockEnabled).toBe('Enabled')
    const client = new SQSClient({ endpoint: sqs.endpoint, region: s3.region, credentials: { ...s3 } })
    for (const QueueUrl of [sqs.queueUrl, sqs.deadLetterQueueUrl]) {
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      )
      expect(Attributes?.['ApproximateNumberOfMessages']).toBe('0')
    }
  })

  it('asks for no retention of a bucket that has no Object Lock', async () => {
    const { ready } = await startAnother({ objectLock: false })
    expect(Object.keys(ready.env)).not.toContain('RETENTION_MODE')
    const s3 = connectS3(ready)
    await s3.send(new PutObjectCommand({ Bucket: ready.s3.bucket, Key: 'k', Body: 'b' }))
    await expect(s3.send(new GetObjectLockConfigurationCommand({ Bucket: ready.s3.bucket }))).rejects.toThrow(
      'configuration does not exist',
    )
  })

  it('has no recordings unless asked for some, and keys of its own', async () => {
    const other = await startAnother()
    expect([other.calls.length, other.media.size]).toEqual([0, 0])
    expect(other.ready.bird.accessKey).not.toBe(sandbox.ready.bird.accessKey)
    expect(other.ready.s3.secretAccessKey).not.toBe(sandbox.ready.s3.secretAccessKey)
    expect(other.ready.bird.workspaceId).not.toBe(sandbox.ready.bird.workspaceId)
  })

  it('keeps its keys in a file that only its owner may read', async () => {
    expect((await stat(join(directory, 'sandbox.json'))).mode & 0o777).toBe(0o600)
  })

  it('refuses a directory that another sandbox uses, and leaves that one alone', async () => {
    await expect(startSandbox({ directory })).rejects.toThrow('another sandbox uses the same directory')
    expect((await askBird(callOf('plain').recordingId)).status).toBe(200)
  })

  it('refuses a directory that holds another call center', async () => {
    await expect(startSandbox({ directory, recordings: 25 })).rejects.toThrow('24 recordings with seed 1')
    await expect(startSandbox({ directory, seed: 2 })).rejects.toThrow('24 recordings with seed 1')
  })
})
