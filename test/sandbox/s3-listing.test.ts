import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { bucket, refusal, startTestS3, type TestS3 } from '../helpers/s3-sandbox.ts'

const KEYS = ['a', 'b/1', 'b/2', 'b/c/3', 'b0', 'z/', 'é', '\u{ff5e}', '\u{1f600}']

async function withKeys(keys: readonly string[]): Promise<TestS3> {
  const s3 = await startTestS3()
  for (const key of keys) await s3.server.putFile(bucket, key, Buffer.from('x'))
  return s3
}

/** All keys and groups of a listing, page by page. */
async function listAll(client: S3Client, input: Partial<ListObjectsV2CommandInput>): Promise<string[][]> {
  const pages: string[][] = []
  for (let ContinuationToken: string | undefined; ;) {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        ...input,
        ...(ContinuationToken ? { ContinuationToken } : {}),
      }),
    )
    const entries = [
      ...(page.Contents ?? []).map((one) => one.Key!),
      ...(page.CommonPrefixes ?? []).map((one) => one.Prefix!),
    ]
    expect(page.KeyCount).toBe(entries.length)
    pages.push(entries)
    ContinuationToken = page.NextContinuationToken
    expect(page.IsTruncated).toBe(ContinuationToken !== undefined)
    if (ContinuationToken === undefined) return pages
  }
}

test('lists in the order of the UTF-8 bytes, on one page or on many', async () => {
  const { client } = await withKeys(KEYS.toReversed())
  expect(await listAll(client, {})).toEqual([KEYS])
  for (const MaxKeys of [1, 2, 3, 9]) {
    const pages = await listAll(client, { MaxKeys })
    expect(pages.flat()).toEqual(KEYS)
    expect(pages).toHaveLength(Math.ceil(KEYS.length / MaxKeys))
  }
})

test('groups by delimiter below a prefix, each group once, over page ends too', async () => {
  const { client } = await withKeys(KEYS)
  const [all] = await listAll(client, { Delimiter: '/' })
  expect(all?.toSorted()).toEqual(['a', 'b/', 'b0', 'z/', 'é', '\u{1f600}', '\u{ff5e}'].toSorted())
  expect(await listAll(client, { Delimiter: '/', MaxKeys: 1, Prefix: 'b' })).toEqual([['b/'], ['b0']])
  expect(await listAll(client, { Delimiter: '/', Prefix: 'b/' })).toEqual([['b/1', 'b/2', 'b/c/']])
  expect(await listAll(client, { Prefix: 'nothing' })).toEqual([[]])
})

test('starts after a key, whether or not it exists', async () => {
  const { client } = await withKeys(KEYS)
  expect((await listAll(client, { StartAfter: 'b/2', MaxKeys: 2 })).flat()).toEqual(KEYS.slice(3))
  expect((await listAll(client, { StartAfter: 'b/', Prefix: 'b/', Delimiter: '/' })).flat()).toEqual([
    'b/1',
    'b/2',
    'b/c/',
  ])
  expect((await listAll(client, { StartAfter: 'b/2x' })).flat()).toEqual(KEYS.slice(3))
})

test('encodes keys on request and refuses a token of somebody else', async () => {
  const { client } = await withKeys(['a b/ü&<>"\u0001'])
  expect(await listAll(client, { EncodingType: 'url' })).toEqual([['a%20b/%C3%BC%26%3C%3E%22%01']])
  const foreign = client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: 'x' }))
  expect(await refusal(foreign)).toBe('400 InvalidArgument')
})

test('answers the older form of the listing with markers', async () => {
  const { client } = await withKeys(KEYS)
  const one = await client.send(new ListObjectsCommand({ Bucket: bucket, MaxKeys: 2 }))
  expect(one.Contents?.map(({ Key }) => Key)).toEqual(['a', 'b/1'])
  const two = await client.send(
    new ListObjectsCommand({ Bucket: bucket, MaxKeys: 2, Marker: one.NextMarker }),
  )
  expect(two.Contents?.map(({ Key }) => Key)).toEqual(['b/2', 'b/c/3'])
})

test('keeps versions, hides a key under a delete marker and shows it again without', async () => {
  const { client } = await startTestS3({ versioning: true })
  const put = (Body: string) => client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body }))
  const read = async (VersionId?: string) => {
    const got = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: 'k', ...(VersionId ? { VersionId } : {}) }),
    )
    return await got.Body!.transformToString()
  }
  const one = await put('one')
  const two = await put('two')
  const marker = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'k' }))
  expect(marker.DeleteMarker).toBe(true)
  expect(await refusal(read())).toBe('404 NoSuchKey')
  expect(await read(one.VersionId)).toBe('one')
  expect(await listAll(client, {})).toEqual([[]])

  const seen: string[] = []
  let more: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {}
  while (more) {
    const page: ListObjectVersionsCommandOutput = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, MaxKeys: 1, ...more }),
    )
    seen.push(...[...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map((one_) => one_.VersionId!))
    more = page.IsTruncated
      ? { KeyMarker: page.NextKeyMarker!, VersionIdMarker: page.NextVersionIdMarker! }
      : undefined
  }
  expect(seen).toEqual([marker.VersionId, two.VersionId, one.VersionId])

  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'k', VersionId: marker.VersionId }))
  expect(await read()).toBe('two')
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'k', VersionId: two.VersionId }))
  expect(await read()).toBe('one')
})
