import { randomUUID } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  type PutObjectCommandInput,
  type S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { Readable } from 'node:stream'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { connectTo } from './store.ts'

// What docs/s3-compatible.md says of this gateway. A test that fails here may be good news: the gateway has learnt it.
const client = connectTo(inject('gateway'))
const Bucket = `differences-${randomUUID()}`
const plain = `plain-${randomUUID()}`
const until = new Date(Date.now() + 86_400_000)
beforeAll(async () => {
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }))
  await client.send(new CreateBucketCommand({ Bucket: plain }))
})

const put = (more: Partial<PutObjectCommandInput>) =>
  client.send(new PutObjectCommand({ Bucket, Key: randomUUID(), Body: Buffer.from('body'), ...more }))

async function openUpload(Key: string, more: { lock?: boolean } = {}) {
  const lock = more.lock === true && {
    ObjectLockMode: 'GOVERNANCE' as const,
    ObjectLockRetainUntilDate: until,
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...lock }))
  const upload = { Bucket, Key, UploadId }
  const part = new UploadPartCommand({ ...upload, PartNumber: 1, Body: Buffer.from('body') })
  const { ETag } = await client.send(part)
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  return { upload, complete: { ...upload, MultipartUpload, IfNoneMatch: '*' } }
}

async function countVersions(Key: string): Promise<number> {
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }))
  return Versions.length
}

describe('the gateway, unlike AWS', () => {
  it('refuses every If-Match where the bucket keeps versions, and elsewhere each ETag in quotes', async () => {
    const replace = async (bucket: string, condition: (etag: string) => string): Promise<string> => {
      const Key = randomUUID()
      const { ETag = '' } = await put({ Bucket: bucket, Key })
      const replaced = put({ Bucket: bucket, Key, IfMatch: condition(ETag) })
      return await replaced.then(
        () => 'replaced',
        (error: unknown) => (error instanceof Error ? error.name : String(error)),
      )
    }
    const bare = (etag: string): string => etag.replaceAll('"', '')
    for (const bucket of [Bucket, plain])
      expect(await replace(bucket, (etag) => etag)).toBe('PreconditionFailed')
    expect(await replace(Bucket, bare)).toBe('PreconditionFailed')
    expect(await replace(plain, bare)).toBe('replaced')
  })

  it('does not say of a missing object that a delete marker lies on it', async () => {
    const Key = randomUUID()
    await put({ Key })
    await client.send(new DeleteObjectCommand({ Bucket, Key }))
    const error: unknown = await client
      .send(new GetObjectCommand({ Bucket, Key }))
      .catch((thrown: unknown) => thrown)
    const { $response } = error as S3ServiceException
    expect($response?.statusCode).toBe(404)
    expect($response?.headers['x-amz-delete-marker']).toBeUndefined()
  })

  it('ignores If-None-Match on PutObject where the bucket keeps versions, and only there', async () => {
    const Key = randomUUID()
    await put({ Key, IfNoneMatch: '*' })
    await put({ Key, IfNoneMatch: '*' })
    expect(await countVersions(Key)).toBe(2)
    await put({ Bucket: plain, Key, IfNoneMatch: '*' })
    await expect(put({ Bucket: plain, Key, IfNoneMatch: '*' })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 412 },
    })
  })

  it('ignores If-None-Match on CompleteMultipartUpload', async () => {
    const Key = randomUUID()
    const [one, two] = [await openUpload(Key), await openUpload(Key)]
    await client.send(new CompleteMultipartUploadCommand(one.complete))
    await client.send(new CompleteMultipartUploadCommand(two.complete))
    expect(await countVersions(Key)).toBe(2)
  })

  it('ignores the lock of a multipart upload', async () => {
    const Key = randomUUID()
    const { complete } = await openUpload(Key, { lock: true })
    await client.send(new CompleteMultipartUploadCommand(complete))
    expect(await client.send(new HeadObjectCommand({ Bucket, Key }))).not.toHaveProperty('ObjectLockMode')
  })

  it('ignores checksums and sizes that it is told, and keeps none', async () => {
    const wrong = { ChecksumSHA256: Buffer.alloc(32).toString('base64') }
    const Key = randomUUID()
    await put({ Key, ...wrong })
    const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
    expect(Object.keys(head).filter((name) => name.startsWith('Checksum'))).toEqual([])
    const { complete } = await openUpload(randomUUID())
    const told = { ...complete, MpuObjectSize: 99, ChecksumCRC32: 'AAAAAA==' }
    expect(await client.send(new CompleteMultipartUploadCommand(told))).toHaveProperty('VersionId')
  })

  it('says of a version that was never held or locked that its bucket has no Object Lock', async () => {
    const Key = randomUUID()
    const { VersionId } = await put({ Key })
    const version = { Bucket, Key, VersionId }
    const other = { name: 'ObjectLockConfigurationNotFoundError', $metadata: { httpStatusCode: 404 } }
    await expect(client.send(new GetObjectLegalHoldCommand(version))).rejects.toMatchObject(other)
    await expect(client.send(new GetObjectRetentionCommand(version))).rejects.toMatchObject(other)
    // It has, and shows the hold of a version that was held once.
    for (const Status of ['ON', 'OFF'] as const) {
      await client.send(new PutObjectLegalHoldCommand({ ...version, LegalHold: { Status } }))
      const { LegalHold } = await client.send(new GetObjectLegalHoldCommand(version))
      expect(LegalHold?.Status).toBe(Status)
    }
  })

  it("refuses the SDK's streams (chunks with a trailer) with 411", async () => {
    const Body = Readable.from([Buffer.from('body')])
    await expect(put({ Body, ContentLength: 4 })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 411 },
    })
  })
})

describe('the gateway, like AWS', () => {
  it('refuses a PUT whose bytes are not those that were signed', async () => {
    const other = connectTo(inject('gateway'))
    other.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> }
        headers['x-amz-content-sha256'] = '0'.repeat(64)
        return next(args)
      },
      { step: 'build' },
    )
    const sent = other.send(new PutObjectCommand({ Bucket, Key: 'k', Body: Buffer.from('body') }))
    await expect(sent).rejects.toMatchObject({ name: 'XAmzContentSHA256Mismatch' })
  })

  it('keeps the lock of a PutObject, and refuses one where the bucket has no Object Lock', async () => {
    const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until } as const
    await put({ Key: 'locked', ...lock })
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'locked' }))
    expect(head).toMatchObject({ ObjectLockMode: 'COMPLIANCE' })
    await expect(put({ Bucket: plain, ...lock })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 400 },
    })
  })

  it('leaves nothing of an aborted upload', async () => {
    const { upload } = await openUpload(randomUUID())
    const open = async () => (await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []
    const ours = expect.objectContaining({ Key: upload.Key }) as unknown
    expect(await open()).toContainEqual(ours)
    await client.send(new AbortMultipartUploadCommand(upload))
    expect(await open()).not.toContainEqual(ours)
    expect(await countVersions(upload.Key)).toBe(0)
  })
})
