import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { expect, test } from 'vitest'
import { bucket, refusal, startTestS3 } from '../helpers/s3-sandbox.ts'

const at = (Key: string) => ({ Bucket: bucket, Key })

test('gives back what was put, with the headers that were put with it', async () => {
  const { client } = await startTestS3()
  const Body = randomBytes(300_000)
  const put = await client.send(
    new PutObjectCommand({
      ...at('a.mp3'),
      Body,
      ContentType: 'audio/mpeg',
      CacheControl: 'max-age=1',
      StorageClass: 'STANDARD_IA',
      Metadata: { Who: 'me' },
    }),
  )
  expect(put.ETag).toBe(`"${createHash('md5').update(Body).digest('hex')}"`)
  const got = await client.send(new GetObjectCommand(at('a.mp3')))
  expect(Buffer.from(await got.Body!.transformToByteArray()).equals(Body)).toBe(true)
  expect(got).toMatchObject({
    ContentType: 'audio/mpeg',
    CacheControl: 'max-age=1',
    StorageClass: 'STANDARD_IA',
    Metadata: { who: 'me' },
    ServerSideEncryption: 'AES256',
  })
})

test("keeps the chunked framing of the SDK's streams out of the object", async () => {
  const { client } = await startTestS3()
  const Body = randomBytes(200_000)
  const body = Readable.from([Body.subarray(0, 70_000), Body.subarray(70_000)])
  await client.send(new PutObjectCommand({ ...at('s'), Body: body, ContentLength: Body.length }))
  const got = await client.send(new GetObjectCommand(at('s')))
  expect(got.ContentEncoding).toBeUndefined()
  expect(Buffer.from(await got.Body!.transformToByteArray()).equals(Body)).toBe(true)
})

test('lets exactly one of several If-None-Match writers win and leaves its bytes alone', async () => {
  const { client } = await startTestS3()
  const writers = Array.from({ length: 8 }, (_, i) =>
    client.send(new PutObjectCommand({ ...at('once'), Body: `writer ${i}`, IfNoneMatch: '*' })).then(
      () => i,
      (error: unknown) => (error as Error).name,
    ),
  )
  const ends = await Promise.all(writers)
  const winners = ends.filter((end) => typeof end === 'number')
  expect(winners).toHaveLength(1)
  expect(ends.filter((end) => end === 'PreconditionFailed')).toHaveLength(7)
  const got = await client.send(new GetObjectCommand(at('once')))
  expect(await got.Body!.transformToString()).toBe(`writer ${winners[0] ?? ''}`)
})

test('swaps by If-Match only the object that the writer saw', async () => {
  const { client } = await startTestS3()
  const first = await client.send(new PutObjectCommand({ ...at('mark'), Body: '1' }))
  await client.send(new PutObjectCommand({ ...at('mark'), Body: '2', IfMatch: first.ETag }))
  const late = client.send(new PutObjectCommand({ ...at('mark'), Body: '3', IfMatch: first.ETag }))
  expect(await refusal(late)).toBe('412 PreconditionFailed')
  const nothing = client.send(new PutObjectCommand({ ...at('none'), Body: '3', IfMatch: first.ETag }))
  expect(await refusal(nothing)).toBe('404 NoSuchKey')
  const got = await client.send(new GetObjectCommand(at('mark')))
  expect(await got.Body!.transformToString()).toBe('2')
})

test('answers 409 to a conditional write whose key was deleted while its body came in', async () => {
  const { client } = await startTestS3()
  async function* slowly() {
    yield Buffer.alloc(70_000)
    await client.send(new DeleteObjectCommand(at('c')))
    yield Buffer.alloc(70_000)
  }
  const put = new PutObjectCommand({
    ...at('c'),
    Body: Readable.from(slowly()),
    ContentLength: 140_000,
    IfNoneMatch: '*',
  })
  expect(await refusal(client.send(put))).toBe('409 ConditionalRequestConflict')
  expect(await refusal(client.send(new HeadObjectCommand(at('c'))))).toBe('404 NotFound')
})

test('tells a waiting client to go on only when it wants the body', async () => {
  const { client } = await startTestS3()
  const send = async (Key: string) => {
    const link = await getSignedUrl(client, new PutObjectCommand(at(Key)), { expiresIn: 60 })
    const headers = { expect: '100-continue', 'if-none-match': '*', 'content-length': 1 }
    const put = request(link, { method: 'PUT', headers, agent: new Agent({ keepAlive: true }) })
    let continued = false
    put.on('continue', () => {
      continued = true
      put.end('x')
    })
    put.flushHeaders()
    const [response] = (await once(put, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    put.destroy()
    return { continued, status: response.statusCode, connection: response.headers.connection }
  }
  expect(await send('w')).toMatchObject({ continued: true, status: 200 })
  expect(await send('w')).toEqual({ continued: false, status: 412, connection: 'close' })
})

test.each([
  ['bytes=2-4', 206, 'cde', 'bytes 2-4/10'],
  ['bytes=7-', 206, 'hij', 'bytes 7-9/10'],
  ['bytes=-3', 206, 'hij', 'bytes 7-9/10'],
  ['bytes=8-99', 206, 'ij', 'bytes 8-9/10'],
  ['bytes=4-2', 200, 'abcdefghij', undefined],
  ['bytes=0-1,4-5', 200, 'abcdefghij', undefined],
])('answers Range %s with %i', async (Range, status, body, contentRange) => {
  const { client } = await startTestS3()
  await client.send(new PutObjectCommand({ ...at('r'), Body: 'abcdefghij' }))
  const got = await client.send(new GetObjectCommand({ ...at('r'), Range }))
  expect(got.$metadata.httpStatusCode).toBe(status)
  expect(got.ContentRange).toBe(contentRange)
  expect(await got.Body!.transformToString()).toBe(body)
})

test('refuses a range behind the end, a stale If-Match and an unchanged If-None-Match', async () => {
  const { client } = await startTestS3()
  const { ETag } = await client.send(new PutObjectCommand({ ...at('r'), Body: 'abc' }))
  const get = (input: object) => refusal(client.send(new GetObjectCommand({ ...at('r'), ...input })))
  expect(await get({ Range: 'bytes=3-' })).toBe('416 InvalidRange')
  expect(await get({ IfMatch: '"0"' })).toBe('412 PreconditionFailed')
  expect(await get({ IfNoneMatch: ETag })).toMatch(/^304/)
})

test('deletes in a batch, tells each end, and is content with what was never there', async () => {
  const { client } = await startTestS3()
  await client.send(new PutObjectCommand({ ...at('d'), Body: 'x' }))
  const { Deleted } = await client.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key: 'd' }, { Key: 'never' }] } }),
  )
  expect(Deleted?.map(({ Key }) => Key)).toEqual(['d', 'never'])
  expect(await refusal(client.send(new GetObjectCommand(at('d'))))).toBe('404 NoSuchKey')
})

test('copies bytes and properties, and takes new ones with REPLACE', async () => {
  const { client } = await startTestS3()
  await client.send(new PutObjectCommand({ ...at('a b/ü.mp3'), Body: 'x', Metadata: { a: '1' } }))
  const CopySource = `${bucket}/${encodeURIComponent('a b/ü.mp3')}`
  await client.send(new CopyObjectCommand({ ...at('same'), CopySource }))
  await client.send(
    new CopyObjectCommand({ ...at('new'), CopySource, MetadataDirective: 'REPLACE', Metadata: { b: '2' } }),
  )
  expect((await client.send(new HeadObjectCommand(at('same')))).Metadata).toEqual({ a: '1' })
  expect((await client.send(new HeadObjectCommand(at('new')))).Metadata).toEqual({ b: '2' })
})
