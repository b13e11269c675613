import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { at, BODY, rawGet, startFaulty } from '../helpers/s3-faulty.ts'
import { bucket, refusal } from '../helpers/s3-sandbox.ts'

test('asks the script once per authenticated request, with what the request is about', async () => {
  const { client, script, server, connect } = await startFaulty('Nothing', { kind: 'cut' })
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at))
  await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 3, Body: 'x' }))
  await fetch(server.presignGet(bucket, 'other', 60))
  const stranger = connect({ credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })
  await refusal(stranger.send(new HeadObjectCommand(at)))
  expect(script.seen).toMatchObject([
    { operation: 'CreateMultipartUpload', bucket, key: 'k', presigned: false },
    { operation: 'UploadPart', key: 'k', partNumber: 3, uploadId: UploadId },
    { operation: 'GetObject', key: 'other', presigned: true },
  ])
  expect(script.seen).toHaveLength(3)
})

test('respond: answers the given status, headers and body without doing anything', async () => {
  const { client, put, server } = await startFaulty('PutObject', {
    kind: 'respond',
    status: 429,
    headers: { 'retry-after': '7' },
  })
  expect(await refusal(put())).toMatch(/^429/)
  expect(await refusal(client.send(new HeadObjectCommand(at)))).toBe('404 NotFound')
  await server.close()
  const page = await startFaulty('GetObject', {
    kind: 'respond',
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<html>',
  })
  expect(await rawGet(page.server.presignGet(bucket, 'k', 60))).toMatchObject({
    body: '<html>',
    headers: { 'content-type': 'text/html' },
  })
})

test('error: answers an S3 error, before the operation or after it', async () => {
  const { put, head, script } = await startFaulty('PutObject', {
    kind: 'error',
    status: 503,
    code: 'SlowDown',
  })
  expect(await refusal(put())).toBe('503 SlowDown')
  expect(await refusal(head())).toBe('404 NotFound')
  script.fault = { kind: 'error', status: 500, code: 'InternalError', after: true }
  expect(await refusal(put())).toBe('500 InternalError')
  expect((await head()).ContentLength).toBe(BODY.length)
})

test('error-in-200: says 200 and fails in the body, although the upload is complete', async () => {
  const { client, head } = await startFaulty('CompleteMultipartUpload', {
    kind: 'error-in-200',
    code: 'InternalError',
    after: true,
  })
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at))
  const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: BODY }))
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  const done = client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }))
  expect(await refusal(done)).toMatch(/InternalError/)
  expect((await head()).ContentLength).toBe(BODY.length)
})

test('cut: closes the connection without an answer, before the operation or after it', async () => {
  const { put, head, script } = await startFaulty('PutObject', { kind: 'cut' })
  await expect(put()).rejects.toThrow(/socket hang up|ECONNRESET|EPIPE/)
  expect(await refusal(head())).toBe('404 NotFound')
  script.fault = { kind: 'cut', after: true }
  await expect(put()).rejects.toThrow(/socket hang up|ECONNRESET|EPIPE/)
  expect((await head()).ContentLength).toBe(BODY.length)
})

test('stall: never answers, and lets go when the server closes', async () => {
  const { put, script, server } = await startFaulty('PutObject', { kind: 'stall' })
  let ended = false
  const stalled = put().catch((error: unknown) => {
    ended = true
    return error
  })
  while (script.seen.length === 0) await new Promise(setImmediate)
  await server.createBucket('something-else')
  expect(ended).toBe(false)
  await server.close()
  expect(await stalled).toBeInstanceOf(Error)
})

test('corrupt: stores one flipped byte, says success, and describes what it stored', async () => {
  const { put, head, directory } = await startFaulty('PutObject', { kind: 'corrupt' })
  await put({ ChecksumAlgorithm: 'SHA256' })
  const stored = await readFile(join(directory, bucket, 'k'))
  const differing = [...stored].filter((byte, index) => byte !== BODY.charCodeAt(index))
  expect(stored).toHaveLength(BODY.length)
  expect(differing).toHaveLength(1)
  const { ChecksumSHA256, ETag } = await head()
  expect(ChecksumSHA256).toBe(createHash('sha256').update(stored).digest('base64'))
  expect(ETag).toBe(`"${createHash('md5').update(stored).digest('hex')}"`)
})

test('corrupt: damages a part in the same way', async () => {
  const { client } = await startFaulty('UploadPart', { kind: 'corrupt' })
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at))
  const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: BODY }))
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }))
  const got = await client.send(new GetObjectCommand(at))
  expect(await got.Body!.transformToString('latin1')).not.toBe(BODY)
  expect(got.ContentLength).toBe(BODY.length)
})

test('truncate-stored: stores the first bytes only and says success', async () => {
  const { put, client } = await startFaulty('PutObject', { kind: 'truncate-stored', bytes: 5 })
  await put()
  const got = await client.send(new GetObjectCommand(at))
  expect(got.ContentLength).toBe(5)
  expect(await got.Body!.transformToString()).toBe('abcde')
})

test('ignore-condition: overwrites in spite of If-None-Match', async () => {
  const { put, head } = await startFaulty('PutObject', { kind: 'ignore-condition' })
  await put({ Body: '1', IfNoneMatch: '*' })
  await put({ Body: '22', IfNoneMatch: '*' })
  expect((await head()).ContentLength).toBe(2)
})

test('ignore-lock: takes lock headers and keeps none, and deletes what is locked', async () => {
  const { put, client, script } = await startFaulty(
    'PutObject',
    { kind: 'ignore-lock' },
    { objectLock: true },
  )
  const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: new Date(Date.now() + 3_600_000) }
  await put(lock)
  expect(await refusal(client.send(new GetObjectRetentionCommand(at)))).toBe(
    '404 NoSuchObjectLockConfiguration',
  )
  script.fault = undefined
  const { VersionId } = await put(lock)
  const remove = () => refusal(client.send(new DeleteObjectCommand({ ...at, VersionId })))
  expect(await remove()).toBe('403 AccessDenied')
  Object.assign(script, { operation: 'DeleteObject', fault: { kind: 'ignore-lock' } })
  expect(await remove()).toBe('accepted')
})

test('no-checksum: neither checks, keeps nor gives checksums', async () => {
  const { put, head } = await startFaulty('PutObject', { kind: 'no-checksum' })
  const put1 = await put({ ChecksumCRC32: 'AAAAAA==' })
  expect(put1.ChecksumCRC32).toBeUndefined()
  const { ChecksumCRC32, ChecksumCRC64NVME, ContentLength } = await head()
  expect({ ChecksumCRC32, ChecksumCRC64NVME, ContentLength }).toEqual({ ContentLength: BODY.length })
})
