import { createHash, randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  type CreateMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { createChecksum } from '../../lib/sandbox/s3/checksums.ts'
import { bucket, refusal, startTestS3 } from '../helpers/s3-sandbox.ts'

const Key = 'long.mp3'
const first = randomBytes(5 * 1024 * 1024)
const second = randomBytes(1000)
const whole = Buffer.concat([first, second])

async function begin(client: S3Client, options: Partial<CreateMultipartUploadCommandInput> = {}) {
  const created = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key, ...options }))
  const UploadId = created.UploadId!
  const algorithm = options.ChecksumAlgorithm ? { ChecksumAlgorithm: options.ChecksumAlgorithm } : {}
  const upload = async (PartNumber: number, Body: Buffer, more: Partial<UploadPartCommandInput> = {}) => {
    const input = { Bucket: bucket, Key, UploadId, PartNumber, Body, ...algorithm, ...more }
    const { $metadata: _metadata, ...part } = await client.send(new UploadPartCommand(input))
    return { PartNumber, ...part }
  }
  const complete = async (Parts: CompletedPart[], more: Partial<CompleteMultipartUploadCommandInput> = {}) =>
    await client.send(
      new CompleteMultipartUploadCommand({
        Bucket: bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts },
        ...more,
      }),
    )
  const abort = () => client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
  return { UploadId, upload, complete, abort }
}

async function read(client: S3Client): Promise<Buffer> {
  const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
  return Buffer.from(await got.Body!.transformToByteArray())
}

const crc32 = (bytes: Uint8Array) => {
  const checksum = createChecksum('CRC32')
  checksum.update(bytes)
  return checksum.digest().toString('base64')
}

test('puts parts together in order, whatever order they came in, with the properties of the beginning', async () => {
  const { client } = await startTestS3()
  const { upload, complete } = await begin(client, { ContentType: 'audio/mpeg', Metadata: { a: 'b' } })
  const b = await upload(7, second)
  await upload(2, second)
  const a = await upload(2, first)
  const { ETag } = await complete([a, b])
  expect(ETag).toMatch(/^"[\da-f]{32}-2"$/)
  expect((await read(client)).equals(whole)).toBe(true)
  const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key }))
  expect(head).toMatchObject({ ContentType: 'audio/mpeg', Metadata: { a: 'b' }, ETag })
})

test('gives a composite SHA-256 and insists on every part naming its own', async () => {
  const { client } = await startTestS3()
  const { upload, complete } = await begin(client, { ChecksumAlgorithm: 'SHA256' })
  const parts = [await upload(1, first), await upload(2, second)]
  const bare = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag: ETag! }))
  expect(await refusal(complete(bare))).toBe('400 InvalidRequest')
  const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
  const expected = `${sha(Buffer.concat([sha(first), sha(second)])).toString('base64')}-2`
  expect((await complete(parts)).ChecksumSHA256).toBe(expected)
  const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key, ChecksumMode: 'ENABLED' }))
  expect(head).toMatchObject({ ChecksumSHA256: expected, ChecksumType: 'COMPOSITE' })
})

test('holds a full-object CRC32 and the size that the completion states against what it put together', async () => {
  const { client } = await startTestS3()
  const options = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const
  const { upload, complete } = await begin(client, options)
  const parts = [await upload(1, first), await upload(2, second)]
  const ChecksumType = 'FULL_OBJECT'
  expect(await refusal(complete(parts, { ChecksumCRC32: crc32(first), ChecksumType }))).toBe('400 BadDigest')
  expect(await refusal(complete(parts, { MpuObjectSize: 1 }))).toBe('400 InvalidRequest')
  expect(await refusal(client.send(new HeadObjectCommand({ Bucket: bucket, Key })))).toBe('404 NotFound')
  const ChecksumCRC32 = crc32(whole)
  const done = await complete(parts, { ChecksumCRC32, ChecksumType, MpuObjectSize: whole.length })
  expect(done).toMatchObject({ ChecksumCRC32, ChecksumType })
})

test('refuses wrong etags, wrong order, small middle parts, and parts of another checksum', async () => {
  const { client } = await startTestS3()
  const { upload, complete } = await begin(client, { ChecksumAlgorithm: 'CRC32C' })
  const a = await upload(1, second)
  const b = await upload(2, second)
  const shaPart = upload(3, second, { ChecksumAlgorithm: 'SHA256' })
  expect(await refusal(shaPart)).toBe('400 InvalidRequest')
  expect(await refusal(complete([{ ...a, ETag: `"${'0'.repeat(32)}"` }]))).toBe('400 InvalidPart')
  expect(await refusal(complete([a, { ...b, PartNumber: 9 }]))).toBe('400 InvalidPart')
  expect(await refusal(complete([b, a]))).toBe('400 InvalidPartOrder')
  expect(await refusal(complete([a, b]))).toBe('400 EntityTooSmall')
  expect(await refusal(upload(10_001, second))).toBe('400 InvalidArgument')
})

test('answers a completion asked for twice, at once or later, with the same object', async () => {
  const { client } = await startTestS3({ versioning: true })
  const { upload, complete } = await begin(client)
  const parts = [await upload(1, first), await upload(2, second)]
  const [one, two] = await Promise.all([complete(parts), complete(parts)])
  const three = await complete(parts)
  expect(two.VersionId).toBe(one.VersionId)
  expect(three).toMatchObject({ ETag: one.ETag, VersionId: one.VersionId })
  expect(await refusal(complete(parts.slice(0, 1)))).toBe('404 NoSuchUpload')
})

test('refuses to complete onto an object with If-None-Match and keeps the upload for an abort', async () => {
  const { client, server } = await startTestS3()
  await server.putFile(bucket, Key, Buffer.from('first'))
  const { upload, complete, abort } = await begin(client)
  const part = await upload(1, second)
  expect(await refusal(complete([part], { IfNoneMatch: '*' }))).toBe('412 PreconditionFailed')
  expect((await read(client)).toString()).toBe('first')
  expect(await refusal(abort())).toBe('accepted')
})

test('lists uploads and parts, and nothing of either after an abort', async () => {
  const { client } = await startTestS3()
  const { UploadId, upload, complete, abort } = await begin(client)
  const part = await upload(3, second)
  await upload(1, second)
  const uploads = () => client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: 'lo' }))
  expect((await uploads()).Uploads).toMatchObject([{ Key, UploadId }])
  const parts = await client.send(new ListPartsCommand({ Bucket: bucket, Key, UploadId, MaxParts: 1 }))
  expect(parts.Parts).toMatchObject([{ PartNumber: 1, Size: second.length }])
  expect(parts).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '1' })
  await abort()
  expect((await uploads()).Uploads).toBeUndefined()
  expect(await refusal(complete([part]))).toBe('404 NoSuchUpload')
  expect(await refusal(upload(1, second))).toBe('404 NoSuchUpload')
})
