import { readFile } from 'node:fs/promises'
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import type { Message } from '@aws-sdk/client-sqs'
import { randomUUID } from 'node:crypto'
import type { SQSEvent } from 'aws-lambda'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { S3Request } from '../../lib/sandbox/s3-server.ts'
import { buildEvent } from '../../lib/sandbox/sqs-event.ts'
import { deadLettersOf, expectArchivedOnce, expectNothingOf, versionsOf } from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { type FunctionHost, type FunctionProcess, layOutFunction } from './runtime/function-host.ts'
import { type Traffic, watchTraffic } from './runtime/traffic.ts'
import { type RuntimeApi, startRuntimeApi } from './runtime/runtime-api.ts'

let world: World
let host: FunctionHost
let api: RuntimeApi
let running: FunctionProcess
let traffic: Traffic
beforeAll(async () => {
  world = await startWorld()
  host = await layOutFunction()
  api = await startRuntimeApi()
  traffic = watchTraffic()
  start()
})
afterEach(() => {
  world.faults = () => undefined
})
afterAll(async () => {
  traffic[Symbol.dispose]()
  await running.kill()
  await Promise.all([api[Symbol.asyncDispose](), host[Symbol.asyncDispose](), world[Symbol.asyncDispose]()])
})

/** What Lambda sets, what the packaged template sets (with this world's places in it), and nothing of this process. */
function start(others: Readonly<Record<string, string>> = {}): void {
  const aws = Object.entries(process.env).filter(([name]) =>
    /^AWS_(?:REGION|ACCESS_KEY_ID|SECRET_ACCESS_KEY|ENDPOINT_URL_S3|ENDPOINT_URL_SQS)$/.test(name),
  )
  running = host.start(api.address, {
    ...(Object.fromEntries(aws) as Record<string, string>),
    ...host.deployed,
    ...world.env,
    ...others,
    AWS_LAMBDA_FUNCTION_NAME: 'archive',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/archive',
    AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
  })
}

/** A batch as it leaves the queue. */
function batchOf(bodies: readonly string[], attempt = 1): SQSEvent {
  const messages = bodies.map((body): Message => ({
    MessageId: body,
    ReceiptHandle: randomUUID(),
    Body: body,
    Attributes: { ApproximateReceiveCount: String(attempt), SentTimestamp: String(Date.now()) },
  }))
  return buildEvent(messages, 'arn:aws:sqs:eu-west-1:000000000000:recordings', 'eu-west-1')
}

/** Does what the bucket's lifecycle rule does. */
async function clearUploads(): Promise<void> {
  const Bucket = world.env['ARCHIVE_BUCKET']
  const { Uploads = [] } = await world.client.send(new ListMultipartUploadsCommand({ Bucket }))
  for (const { Key, UploadId } of Uploads)
    await world.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
}

const DONE = { kind: 'response', body: { batchItemFailures: [] } }

describe("the deployed bundle under AWS's own runtime client, unprivileged, in a folder that it cannot write to", () => {
  it('archives a batch at a cold start, and names only what failed', async () => {
    const small = await world.addRecording()
    const large = await world.addRecording({ audio: buildLargeAudio(9, 8) })
    const ongoing = await world.addRecording({ metadata: { status: 'ongoing' } })
    const location = 'https://evil.example/a.mp3?X-Amz-Signature=secret'
    const misled = await world.addRecording({ linkReplies: [{ status: 307, headers: { location } }] })
    const poison = `poison ${randomUUID()}`
    const answer = await api.invoke(batchOf([small.id, large.id, ongoing.id, misled.id, poison]))
    expect(answer).toMatchObject({
      kind: 'response',
      body: { batchItemFailures: [{ itemIdentifier: misled.id }] },
    })
    for (const recording of [small, large]) await expectArchivedOnce(world, recording)
    for (const { id } of [ongoing, misled]) await expectNothingOf(world, id)
    expect(await deadLettersOf(world, poison)).toHaveLength(1)
    expect(running.output()).toContain('"recording.archived"')
    expect(running.output()).not.toContain('X-Amz-Signature')
    expect(running.output()).not.toContain('OUTSIDE')
  })

  it('goes on in the same process at a warm start, also with what it knows already', async () => {
    const { pid } = running.child
    const recording = await world.addRecording()
    expect(await api.invoke(batchOf([recording.id]))).toMatchObject(DONE)
    expect(await api.invoke(batchOf([recording.id], 2))).toMatchObject(DONE)
    expect(running.child).toMatchObject({ pid, exitCode: null })
    await expectArchivedOnce(world, recording)
  })

  it.skipIf(process.platform !== 'linux')('runs as nobody in particular', async () => {
    await api.idle()
    const status = await readFile(`/proc/${String(running.child.pid)}/status`, 'utf8')
    expect(status).not.toMatch(/^Uid:\t0\t/m)
  })

  it('cannot write where its code lies', async () => {
    expect(await host.tryToWrite()).toEqual(['EACCES', 'EACCES', 'EACCES'])
  })

  it('is frozen with nothing under way, and thawed goes on as if nothing had been', async () => {
    const requests: S3Request[] = []
    world.faults = (request) => void requests.push(request)
    const before = await world.addRecording({ audio: buildLargeAudio(9, 9) })
    const answer = await api.invoke(batchOf([before.id]))
    expect(answer).toMatchObject(DONE)
    // Neither a timer nor a request nor a socket in use when it answered: nothing for the freeze to cut through.
    expect(answer.held).toBe('')
    expect(traffic.inFlight()).toEqual([])
    await api.idle()
    const asked = { s3: requests.length, bird: world.bird.requests.length }
    running.child.kill('SIGSTOP')
    await expectArchivedOnce(world, before)
    const after = await world.addRecording()
    // What is frozen for long finds its connections closed.
    expect(traffic.closeIdle()).toBeGreaterThan(0)
    const mine = requests.length
    expect(world.bird.requests).toHaveLength(asked.bird)
    running.child.kill('SIGCONT')
    expect(await api.invoke(batchOf([after.id]))).toMatchObject(DONE)
    expect(running.output()).not.toContain('OUTSIDE')
    expect(requests.slice(mine).filter(({ key }) => key.includes(before.id))).toEqual([])
    expect(world.bird.requests.slice(asked.bird).every(({ path }) => path.includes(after.id))).toBe(true)
    await expectArchivedOnce(world, after)
  })

  it.for([1, 2])(
    'killed by a time-out in mid-upload, part %s, is healed by the next delivery',
    async (part) => {
      const recording = await world.addRecording({ audio: buildLargeAudio(17, part) })
      const reached = Promise.withResolvers<void>()
      world.faults = ({ bucket, operation, partNumber }) => {
        if (bucket !== 'archive' || operation !== 'UploadPart' || partNumber !== part) return undefined
        reached.resolve()
        return { kind: 'stall' }
      }
      void api.invoke(batchOf([recording.id]))
      await reached.promise
      await running.kill()
      api.forget()
      world.faults = () => undefined
      expect(await versionsOf(world, recording.id)).toEqual([])

      start()
      expect(await api.invoke(batchOf([recording.id], 2))).toMatchObject(DONE)
      const left = await world.unfinishedUploads()
      // What the killed one had begun is the lifecycle rule's to clear; the second delivery left nothing of its own.
      expect(left).toHaveLength(1)
      await clearUploads()
      await expectArchivedOnce(world, recording)
    },
  )

  it.for([{ BIRD_API_URL: 'https://api.bird.com' }, { AWS_ENDPOINT_URL_S3: 'http://192.0.2.1' }])(
    'would not reach another machine unnoticed: %j',
    async (elsewhere) => {
      await running.kill()
      api.forget()
      start(elsewhere)
      const { id } = await world.addRecording()
      expect(await api.invoke(batchOf([id]), 3000)).toMatchObject({
        body: { batchItemFailures: [{ itemIdentifier: id }] },
      })
      expect(running.output()).toMatch(/^OUTSIDE (?:api\.bird\.com|192\.0\.2\.1)$/m)
    },
  )
})
