import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { expect, test } from 'vitest'
import { startS3Server } from '../../lib/sandbox/s3-server.ts'
import { bucket, credentials, makeDirectory, refusal, startTestS3 } from '../helpers/s3-sandbox.ts'

const MINUTE_MS = 60_000

/** Status and error code of a plain GET. */
async function get(url: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(url, { headers })
  const body = await response.text()
  return `${response.status} ${/<Code>(.*)<\/Code>/.exec(body)?.[1] ?? body}`
}

test('opens a presigned link to anybody, with a Range if they like, until it expires', async () => {
  let now = new Date('2026-03-01T12:00:00Z')
  const { server } = await startTestS3({ now: () => now })
  await server.putFile(bucket, 'a/ü +.mp3', Buffer.from('hello'), { contentType: 'audio/mpeg' })
  const link = server.presignGet(bucket, 'a/ü +.mp3', 600)
  expect(await get(link)).toBe('200 hello')
  expect(await get(link, { range: 'bytes=1-2' })).toBe('206 el')
  now = new Date(now.getTime() + 10 * MINUTE_MS)
  expect(await get(link)).toBe('200 hello')
  now = new Date(now.getTime() + 1000)
  const late = await fetch(link)
  expect(late.status).toBe(403)
  expect(await late.text()).toMatch(/<Code>AccessDenied<\/Code><Message>Request has expired<\/Message>/)
})

test('answers 400 when an Authorization header of any kind meets a presigned query', async () => {
  const { server } = await startTestS3()
  await server.putFile(bucket, 'k', Buffer.from('x'))
  const link = server.presignGet(bucket, 'k', 60)
  for (const authorization of ['AccessKey abc', 'Bearer abc', 'AWS4-HMAC-SHA256 Credential=a']) {
    const response = await fetch(link, { headers: { authorization } })
    const body = await response.text()
    expect(response.status).toBe(400)
    expect(body).toContain('<Code>InvalidArgument</Code><Message>Only one auth mechanism allowed')
    expect(body).not.toContain('abc')
  }
})

test('holds a presigned link to its key, its method, its query and its signed headers', async () => {
  const { server } = await startTestS3()
  await server.putFile(bucket, 'k', Buffer.from('x'))
  await server.putFile(bucket, 'other', Buffer.from('y'))
  const link = server.presignGet(bucket, 'k', 60)
  expect(await get(link.replace('/k?', '/other?'))).toBe('403 SignatureDoesNotMatch')
  expect(await get(link.replace('Expires=60', 'Expires=6000'))).toBe('403 SignatureDoesNotMatch')
  expect(await get(`${link}&response-content-type=a`)).toBe('403 SignatureDoesNotMatch')
  expect(await get(link, { 'x-amz-checksum-mode': 'ENABLED' })).toBe('403 AccessDenied')
  expect(await get(link.replace('Expires=60', 'Expires=700000'))).toBe(
    '400 AuthorizationQueryParametersError',
  )
  expect((await fetch(link, { method: 'HEAD' })).status).toBe(403)
  expect(await get(`${server.url}/${bucket}/k`)).toBe('403 AccessDenied')
})

test("takes the SDK's presigned links for reading and for writing", async () => {
  const { client } = await startTestS3()
  const put = new PutObjectCommand({ Bucket: bucket, Key: 'p', Metadata: { a: 'b' } })
  const stored = await fetch(await getSignedUrl(client, put, { expiresIn: 60 }), {
    method: 'PUT',
    body: 'hi',
  })
  expect(stored.status).toBe(200)
  expect((await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'p' }))).Metadata).toEqual({
    a: 'b',
  })
  const command = new GetObjectCommand({ Bucket: bucket, Key: 'p', ResponseContentType: 'audio/x' })
  const got = await fetch(await getSignedUrl(client, command, { expiresIn: 60 }))
  expect(got.headers.get('content-type')).toBe('audio/x')
  expect(await got.text()).toBe('hi')
})

test('lets in only the right key with the right secret, region and clock', async () => {
  const { connect } = await startTestS3()
  const list = (config: object) => refusal(connect(config).send(new ListObjectsV2Command({ Bucket: bucket })))
  expect(await list({})).toBe('accepted')
  expect(await list({ credentials: { ...credentials, secretAccessKey: 'no' } })).toBe(
    '403 SignatureDoesNotMatch',
  )
  expect(await list({ credentials: { ...credentials, accessKeyId: 'NO' } })).toBe('403 InvalidAccessKeyId')
  expect(await list({ region: 'us-west-2' })).toBe('400 AuthorizationHeaderMalformed')
  expect(await list({ systemClockOffset: -16 * MINUTE_MS })).toBe('403 RequestTimeTooSkewed')
  expect(await list({ systemClockOffset: 14 * MINUTE_MS })).toBe('accepted')
})

test('refuses a body that is not the one whose SHA-256 was signed', async () => {
  const { client } = await startTestS3()
  client.middlewareStack.add(
    (next) => async (args) => {
      Object.assign(args.request as object, { body: Buffer.from('evil') })
      return await next(args)
    },
    { step: 'finalizeRequest', priority: 'low' },
  )
  const put = client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'good' }))
  expect(await refusal(put)).toBe('400 XAmzContentSHA256Mismatch')
})

// "Example: PUT Object" of "Signature calculations for the Authorization header: transferring payload in multiple chunks" and its
// sibling with a trailer, in the S3 API Reference: Amazon's own request, byte for byte, must be let in.
const EXAMPLE = {
  seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  chunks: [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ],
}
const TRAILER_EXAMPLE = {
  seed: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  chunks: [
    'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
  ],
  trailer: [
    'x-amz-checksum-crc32c:sOO8/Q==',
    'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
  ],
}

async function sendExample(
  example: { seed: string; chunks: string[]; trailer?: string[] },
  spoil: (body: Buffer) => void = () => undefined,
): Promise<string> {
  const account = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  }
  const server = await startS3Server({
    directory: await makeDirectory(),
    credentials: account,
    region: 'us-east-1',
    now: () => new Date('2013-05-24T00:00:00Z'),
  })
  await server.createBucket('examplebucket')
  const [first = '', second = '', last = ''] = example.chunks
  const body = Buffer.from(
    `10000;chunk-signature=${first}\r\n${'a'.repeat(65_536)}\r\n400;chunk-signature=${second}\r\n${'a'.repeat(1024)}\r\n` +
      `0;chunk-signature=${last}\r\n${(example.trailer ?? []).map((line) => `${line}\r\n`).join('')}\r\n`,
  )
  spoil(body)
  const trailing = example.trailer !== undefined
  const signed = [
    'content-encoding',
    ...(trailing ? [] : ['content-length']),
    'host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
    ...(trailing ? ['x-amz-trailer'] : []),
  ].join(';')
  const answer = await new Promise<string>((resolve, reject) => {
    const put = request(`${server.url}/examplebucket/chunkObject.txt`, {
      method: 'PUT',
      headers: {
        host: 's3.amazonaws.com',
        authorization: `AWS4-HMAC-SHA256 Credential=${account.accessKeyId}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signed},Signature=${example.seed}`,
        'content-encoding': 'aws-chunked',
        'content-length': body.length,
        'x-amz-content-sha256': `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailing ? '-TRAILER' : ''}`,
        'x-amz-date': '20130524T000000Z',
        'x-amz-decoded-content-length': '66560',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        ...(trailing ? { 'x-amz-trailer': 'x-amz-checksum-crc32c' } : {}),
      },
    })
    put.on('error', reject)
    put.on('response', (response) => {
      text(response).then(
        (xml) => resolve(`${response.statusCode ?? 0} ${/<Code>(.*)<\/Code>/.exec(xml)?.[1] ?? ''}`),
        reject,
      )
    })
    put.end(body)
  })
  await server.close()
  return answer
}

test("accepts Amazon's documented example of a signed chunked upload, and no byte changed in it", async () => {
  expect(await sendExample(EXAMPLE)).toBe('200 ')
  const changed = sendExample(EXAMPLE, (body) => body.write('b', 1000))
  expect(await changed).toBe('403 SignatureDoesNotMatch')
})

test("accepts Amazon's documented example of a signed trailer, and no byte changed in it", async () => {
  expect(await sendExample(TRAILER_EXAMPLE)).toBe('200 ')
  const changed = sendExample(TRAILER_EXAMPLE, (body) => body.write('t', body.indexOf('sOO8')))
  expect(await changed).toBe('403 SignatureDoesNotMatch')
})
