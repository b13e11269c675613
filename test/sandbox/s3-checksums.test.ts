import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  type ChecksumAlgorithm,
  GetObjectAttributesCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { createChecksum } from '../../lib/sandbox/s3/checksums.ts'
import { bucket, refusal, startTestS3 } from '../helpers/s3-sandbox.ts'

const base64 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64')

// The check values of "123456789" in the CRC catalogue, and of SHA-1 and SHA-256.
test.each([
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
  ['CRC64NVME', 'ae8b14860a799888'],
  ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
] as const)('computes %s right, in one piece or in many', (algorithm, expected) => {
  const whole = createChecksum(algorithm)
  whole.update(Buffer.from('123456789'))
  expect(whole.digest().toString('hex')).toBe(expected)

  const bytes = randomBytes(10_000)
  const once = createChecksum(algorithm)
  const pieces = createChecksum(algorithm)
  once.update(bytes)
  for (let at = 0; at < bytes.length; at += 37) pieces.update(bytes.subarray(at, at + 37))
  expect(pieces.digest()).toEqual(once.digest())
})

test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] satisfies ChecksumAlgorithm[])(
  'verifies %s as header and as trailer, and gives it back',
  async (ChecksumAlgorithm) => {
    const { client } = await startTestS3()
    const bytes = randomBytes(100_000)
    const expected = createChecksum(ChecksumAlgorithm)
    expected.update(bytes)
    const value = expected.digest().toString('base64')
    const bodies = { buffer: bytes, stream: Readable.from([bytes]) }
    for (const [Key, Body] of Object.entries(bodies)) {
      const input = { Bucket: bucket, Key, Body, ContentLength: bytes.length, ChecksumAlgorithm }
      const put = await client.send(new PutObjectCommand(input))
      expect(put[`Checksum${ChecksumAlgorithm}`]).toBe(value)
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key, ChecksumMode: 'ENABLED' }))
      expect(head[`Checksum${ChecksumAlgorithm}`]).toBe(value)
      expect(head.ChecksumType).toBe('FULL_OBJECT')
    }
  },
)

test('refuses a body that is not what a header says, and keeps what was there before', async () => {
  const { client } = await startTestS3()
  const good = { Bucket: bucket, Key: 'k', Body: 'good' }
  await client.send(new PutObjectCommand(good))
  const wrong = [
    { ChecksumSHA256: base64(Buffer.from('other')) },
    { ChecksumCRC32C: 'AAAAAA==' },
    { ContentMD5: createHash('md5').update('other').digest('base64') },
  ]
  for (const claim of wrong)
    expect(await refusal(client.send(new PutObjectCommand({ ...good, Body: 'bad', ...claim })))).toBe(
      '400 BadDigest',
    )
  const malformed = client.send(new PutObjectCommand({ ...good, ChecksumSHA256: 'AAAA' }))
  expect(await refusal(malformed)).toBe('400 InvalidRequest')
  const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' }))
  expect(head.ContentLength).toBe(4)
})

test('checksums with CRC64NVME what came without a checksum', async () => {
  const { connect } = await startTestS3()
  const client = connect({ requestChecksumCalculation: 'WHEN_REQUIRED' })
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: '123456789' }))
  const attributes = await client.send(
    new GetObjectAttributesCommand({
      Bucket: bucket,
      Key: 'k',
      ObjectAttributes: ['Checksum', 'ObjectSize', 'ETag'],
    }),
  )
  expect(attributes.Checksum?.ChecksumCRC64NVME).toBe(
    Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
  )
  expect(attributes.ObjectSize).toBe(9)
  expect(attributes.StorageClass).toBeUndefined()
})
