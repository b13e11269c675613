import { randomUUID } from 'node:crypto'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readDropped } from '../../lib/backfill/dropped.ts'
import type { S3Faults } from '../../lib/sandbox/s3-server.ts'
import { type DeadLetterQueues, startDeadLetterQueues } from '../helpers/dead-letter-queues.ts'
import { bucket, credentials, startTestS3 } from '../helpers/s3-sandbox.ts'
import { runWithin } from '../helpers/run-within.ts'
import { type Finished, jsonLines, run } from './command.ts'

let queues: DeadLetterQueues
beforeAll(async () => {
  queues = await startDeadLetterQueues()
})
afterAll(() => queues[Symbol.asyncDispose]())
beforeEach(() => queues.reset())

interface Archive {
  drop(...args: string[]): Promise<Finished>
  put(key: string, text: string): Promise<void>
  keys(): Promise<string[]>
  read(key: string): Promise<string>
}

/** A bucket for the running test, and the command with it in its environment. */
async function openArchive(options: { faults?: S3Faults } = {}): Promise<Archive> {
  const { server, client } = await startTestS3(options)
  const environment = {
    ...queues.environment,
    AWS_ENDPOINT_URL_S3: server.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    S3_FORCE_PATH_STYLE: 'true',
    ARCHIVE_BUCKET: bucket,
    ARCHIVE_PREFIX: 'calls/',
    BIRD_WORKSPACE_ID: 'ours',
  }
  return {
    drop: (...args) => runWithin(['dlq', 'drop', '--by', 'ada', ...args], environment),
    async put(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))
    },
    async keys() {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
      return Contents.map(({ Key = '' }) => Key)
    },
    async read(Key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
      return (await Body?.transformToString()) ?? ''
    },
  }
}

describe('drop', () => {
  test('writes who gave what up and why, and deletes the letter only then', async () => {
    const archive = await openArchive()
    const [id, theirs, kept] = [randomUUID(), randomUUID(), randomUUID()]
    const firstSeenAt = '2026-11-20T10:00:00.000Z'
    await queues.put(id, { reason: 'never-available', detail: 'still ongoing', firstSeenAt })
    await queues.put(JSON.stringify({ recordingId: theirs, workspaceId: 'theirs' }))
    await queues.put(kept)
    const keysBeforeDelete: string[][] = []
    queues.sqs.script = async ({ operation }, pass) => {
      if (operation === 'DeleteMessageBatch') keysBeforeDelete.push(await archive.keys())
      return await pass()
    }
    const { code, stdout } = await archive.drop(id, theirs, '--because', 'deleted at Bird, ticket 17')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2 letters dropped.\n' })

    const keys = [`calls/backfill/dropped/ours/${id}.json`, `calls/backfill/dropped/theirs/${theirs}.json`]
    expect(await archive.keys()).toEqual(keys)
    expect(keysBeforeDelete).toEqual([keys])
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: [kept], hidden: [] })
    expect(JSON.parse(await archive.read(keys[0] ?? ''))).toEqual({
      schema: 'urn:bird-recording-archiver:dropped:1',
      workspaceId: 'ours',
      recordingId: id,
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      reason: 'deleted at Bird, ticket 17',
      by: 'ada',
      deadLetter: { reason: 'never-available', detail: 'still ongoing', firstSeenAt },
      droppedAt: expect.stringMatching(/Z$/) as unknown,
    })
  })

  test('keeps a body that names no recording in the bucket, and prints nothing of it', async () => {
    const archive = await openArchive()
    await queues.put('call +49 170 1234567', { reason: 'unreadable-message' })
    const { stdout, stderr } = await archive.drop('--all', '--json', '--because', 'sender mended')
    const [line] = jsonLines(stdout)
    expect(line).toMatchObject({ outcome: 'dropped', recordingId: null, unreadable: { bytes: 20 } })
    expect(stdout + stderr).not.toContain('1234567')
    const key = `calls/backfill/dropped/ours/message-${String(line?.['messageId'])}.json`
    expect(await archive.keys()).toEqual([key])
    const read = readDropped(await archive.read(key))
    expect(read).toMatchObject({ ok: true, dropped: { recordingId: null, body: 'call +49 170 1234567' } })
  })

  test('leaves a document that is there already, and deletes the letter', async () => {
    const archive = await openArchive()
    const id = randomUUID()
    const key = `calls/backfill/dropped/ours/${id}.json`
    await archive.put(key, 'of an earlier run')
    await queues.put(id)
    const { code } = await archive.drop(id, '--because', 'another reason')
    expect(code).toBe(0)
    expect(await archive.read(key)).toBe('of an earlier run')
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: [], hidden: [] })
  })

  test.each([
    [
      'fails',
      { kind: 'error', status: 500, code: 'InternalError' },
      1,
      'stays: write calls/backfill/dropped/',
    ],
    ['is forbidden', { kind: 'error', status: 403, code: 'AccessDenied' }, 2, 'AccessDenied'],
  ] as const)('leaves the letter where it is when the bucket %s', async (_, fault, exitCode, message) => {
    const archive = await openArchive({
      faults: ({ operation }) => (operation === 'PutObject' ? fault : undefined),
    })
    const ids = await queues.putMany(2)
    const { code, stderr } = await archive.drop(...ids, '--because', 'why not')
    expect(code).toBe(exitCode)
    expect(stderr).toContain(message)
    expect(await archive.keys()).toEqual([])
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: ids, hidden: [] })
  })

  test('writes and deletes nothing in a dry run', async () => {
    const archive = await openArchive()
    const ids = await queues.putMany(2)
    const { code, stdout } = await archive.drop('--all', '--dry-run', '--because', 'why not')
    expect(code).toBe(0)
    expect(stdout).toContain('2 letters would be dropped.')
    expect(await archive.keys()).toEqual([])
    expect(await queues.bodies()).toEqual({ queue: [], deadLetters: ids, hidden: [] })
  })

  test.each([
    ['without a reason', ['--all'], "required option '--because <why>' not specified"],
    ['with an empty reason', ['--all', '--because', ' '], '--because is empty'],
    ['of nothing', ['--because', 'why not'], 'or say --all'],
    ['without a bucket', ['--all', '--because', 'why not'], 'ARCHIVE_BUCKET is not set'],
    ['without a workspace', ['--all', '--because', 'why not'], 'BIRD_WORKSPACE_ID is not set'],
  ])('is refused %s', async (_, args, message) => {
    const { code, stdout, stderr } = await run(['dlq', 'drop', ...args], queues.environment)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(queues.sqs.calls).toEqual([])
  })
})
