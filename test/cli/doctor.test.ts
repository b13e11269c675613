import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { SandboxReady } from '../../lib/sandbox/sandbox-ready.ts'
import { runWithin } from '../helpers/run-within.ts'
import { type Command, jsonLines, run, startSandboxCommand } from './command.ts'

let command: Command | undefined
let ready: SandboxReady
let s3: S3Client
let sqs: SQSClient

beforeAll(async () => {
  const sandbox = await startSandboxCommand(['--recordings', '3', '--seed', '1'])
  ;({ ready, command } = sandbox)
  const { accessKeyId, secretAccessKey, endpoint, region } = ready.s3
  const credentials = { accessKeyId, secretAccessKey }
  s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  sqs = new SQSClient({ endpoint: ready.sqs.endpoint, region, credentials })
})
afterAll(async () => {
  s3.destroy()
  sqs.destroy()
  command?.child.kill('SIGTERM')
  await command?.done
})

/** Runs the doctor for programs; findings as `level` by `check`. */
async function examine(
  environment: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<{ code: number | null; levels: Record<string, unknown>; stdout: string }> {
  const { code, stdout } = await runWithin(['doctor', '--json', ...args], { ...ready.env, ...environment })
  const findings = jsonLines(stdout).slice(0, -1)
  return {
    code,
    levels: Object.fromEntries(findings.map(({ check, level }) => [String(check), level])),
    stdout,
  }
}

/** Passes requests on to the sandbox, host and all, after `answer` has had a look at each; `date` replaces the real one. */
async function startFront(
  upstream: string,
  options: { date?: Date; answer?: (request: IncomingMessage, response: ServerResponse) => boolean },
): Promise<string> {
  const { hostname, port } = new URL(upstream)
  const server = createServer((request, response) => {
    if (options.answer?.(request, response) === true) return
    const { method, url: path, headers } = request
    const onward = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      const date = options.date === undefined ? {} : { date: options.date.toUTCString() }
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...date })
      answer.pipe(response)
    })
    request.pipe(onward)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a sandbox as it comes has nothing that fails, and each warning names its mend', async () => {
  const { code, stdout, stderr } = await run(['doctor', '--function-timeout', '60'], ready.env)
  expect(stderr).toBe('')
  expect(stdout).toMatch(/ok +the redirect leads to 127\.0\.0\.1:\d+, which MEDIA_ORIGINS allows/)
  expect(stdout).toContain('the visibility timeout of 360 s is at least 6 × 60 s')
  expect(stdout).toContain('s3api put-bucket-encryption --bucket call-archive')
  expect(stdout).toContain('0 to mend · 5 warnings · 1 that cannot be told · 18 in order')
  expect(code).toBe(0)
})

test('a bucket that is set up as it should be has no warnings, and nothing is written into it', async () => {
  const Bucket = ready.s3.bucket
  const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`]
  const Condition = { Bool: { 'aws:SecureTransport': 'false' } }
  const Statement = [{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource, Condition }]
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Statement }) }))
  await s3.send(
    new PutBucketEncryptionCommand({
      Bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
      },
    }),
  )
  await s3.send(
    new PutPublicAccessBlockCommand({
      Bucket,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      },
    }),
  )
  await s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: {
        Rules: [
          { Status: 'Enabled', Filter: {}, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
        ],
      },
    }),
  )
  await s3.send(
    new PutBucketOwnershipControlsCommand({
      Bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    }),
  )
  const { code, stdout } = await examine({}, '--function-timeout', '61')
  const findings = jsonLines(stdout).filter(({ level }) => level !== 'ok')
  expect(findings).toEqual([
    expect.objectContaining({ check: 'bucket.write', level: 'unknown' }),
    expect.objectContaining({
      check: 'queue.visibility',
      level: 'fail',
      mend: 'aws sqs set-queue-attributes --queue-url "$QUEUE_URL" --attributes VisibilityTimeout=366',
    }),
    { summary: { ok: 22, warn: 0, fail: 1, unknown: 1 } },
  ])
  expect(code).toBe(1)
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }))
  expect(Versions).toEqual([])
})

test('a bucket without lock, a queue without redrive and a wrong MEDIA_ORIGINS are all found in one run', async () => {
  await s3.send(new CreateBucketCommand({ Bucket: 'unlocked' }))
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'without-redrive' }))
  const { code, levels, stdout } = await examine({
    ARCHIVE_BUCKET: 'unlocked',
    QUEUE_URL: QueueUrl,
    DEAD_LETTER_QUEUE_URL: `${ready.sqs.queueUrl}-of-nobody`,
    MEDIA_ORIGINS: 'https://*.amazonaws.com',
  })
  expect(levels).toMatchObject({
    'bird.metadata': 'ok',
    'bird.redirect': 'fail',
    'bucket.exists': 'ok',
    'bucket.versioning': 'fail',
    'bucket.lock': 'fail',
    'queue.exists': 'ok',
    'dead-letters.exists': 'fail',
    'queue.redrive': 'fail',
  })
  expect(stdout).not.toContain('X-Amz-Signature')
  expect(code).toBe(1)
})

test('a wrong key is named once, is not printed, and the rest is looked at all the same', async () => {
  const { code, levels, stdout } = await examine({ BIRD_ACCESS_KEY: 'another-key' })
  expect(Object.keys(levels).filter((check) => check.startsWith('bird.'))).toEqual(['bird.list'])
  expect(levels).toMatchObject({ 'bird.list': 'fail', 'bucket.exists': 'ok', 'queue.redrive': 'ok' })
  expect(stdout).not.toContain('another-key')
  expect(code).toBe(1)
})

test('skewed clocks are told by how much, and what may not be seen is not called a fault', async () => {
  const inTenMinutes = new Date(Date.now() + 600_000)
  const twoMinutesAgo = new Date(Date.now() - 120_000)
  const birdUrl = await startFront(ready.bird.url, { date: inTenMinutes })
  const s3Url = await startFront(ready.s3.endpoint, {
    date: twoMinutesAgo,
    answer({ url = '' }, response) {
      if (!url.includes('policy') && !url.includes('versioning')) return false
      response.writeHead(403, { 'content-type': 'application/xml' })
      response.end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>')
      return true
    },
  })
  const { code, levels, stdout } = await examine({ BIRD_API_URL: birdUrl, AWS_ENDPOINT_URL_S3: s3Url })
  expect(levels).toMatchObject({
    'clock.bird': 'fail',
    'clock.s3': 'warn',
    'bucket.lock': 'ok',
    'bucket.versioning': 'unknown',
    'bucket.tls-only': 'unknown',
  })
  expect(stdout).toMatch(/this clock is (?:59\d|600) s behind Bird/)
  expect(stdout).toMatch(/this clock is 12\d s ahead of S3/)
  expect(stdout).toContain('run it with credentials that have s3:GetBucketPolicy')
  expect(code).toBe(1)
})

test('an environment that cannot be read is told whole, with exit code 2', async () => {
  const { code, stdout } = await runWithin(['doctor'], { ...ready.env, QUEUE_URL: '', RETENTION_DAYS: 'ten' })
  expect(stdout).toContain('FAIL  QUEUE_URL is not set')
  expect(stdout).toContain('FAIL  RETENTION_DAYS must be a whole number')
  expect(code).toBe(2)
  const usage = await runWithin(['doctor', 'not-an-id'], ready.env)
  expect(usage).toMatchObject({ code: 2, stdout: '' })
})
