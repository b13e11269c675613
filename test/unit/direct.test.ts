import { HeadObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import type { Http, HttpAnswer, HttpRequest } from '../../lib/http.ts'
import { createDirectRequests, type DirectRequests } from '../../lib/s3/direct.ts'

const NOW = new Date('2026-03-01T12:00:00Z')
const clock = { now: () => NOW, random: () => 0, pause: async () => {} }
const never = new AbortController().signal
const CONFIG = {
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
}

type Sign = { readonly accessKey: string; readonly date: string; readonly scope: string }
function readAuthorization(headers: Readonly<Record<string, string>>): Sign {
  const [, accessKey = '', date = '', scope = ''] =
    /Credential=([^/]+)\/(\d+)\/([^,]+)/.exec(headers['authorization'] ?? '') ?? []
  return { accessKey, date, scope }
}

/** Connections on which nothing is sent: what would be is noted, and answered as told. */
function connect(
  config: S3ClientConfig,
  bucket: string,
  answer: () => Partial<HttpAnswer> = () => ({}),
): { readonly direct: DirectRequests; readonly client: S3Client; readonly sent: HttpRequest[] } {
  const sent: HttpRequest[] = []
  const http: Pick<Http, 'exchange'> = {
    async exchange(request) {
      sent.push(request)
      return { status: 200, headers: {}, body: Buffer.alloc(0), ...answer() }
    },
  }
  const client = new S3Client({ ...CONFIG, ...config })
  return { direct: createDirectRequests(client, bucket, http as Http, clock), client, sent }
}

interface SdkRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** Where the SDK itself sends a HEAD for a key, and the scope of its signature. */
async function sentBySdk(config: S3ClientConfig, bucket: string, key: string): Promise<string> {
  const requests: SdkRequest[] = []
  const requestHandler = {
    async handle(request: SdkRequest) {
      requests.push(request)
      return { response: { statusCode: 200, headers: {} } }
    },
  }
  const client = new S3Client({ ...CONFIG, ...config, requestHandler: requestHandler as never })
  await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
  const [{ protocol, hostname, port, path, headers } = {} as SdkRequest] = requests
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path} ${readAuthorization(headers).scope}`
}

const KEYS = ['recordings/5b74ee9e.mp3', 'a b+c/\u00e9.json', "!'()*~._-", 'a//b', '/a', 'a/', './a', '../a']
const ODD_KEYS = ['%20', 'a?b#c&d=e', '\u{1f4de}', 'a\nb', 'key']
const POINT = 'arn:aws:s3:eu-central-1:123456789012:accesspoint/calls'

describe('a direct request', () => {
  it.each<[string, string, S3ClientConfig]>([
    ['a bucket', 'call-archive', {}],
    ['a bucket with dots in its name', 'call.archive.example', {}],
    ['a bucket by its path', 'call-archive', { forcePathStyle: true }],
    ['a bucket in China', 'call-archive', { region: 'cn-north-1' }],
    ['a dual-stack endpoint', 'call-archive', { useDualstackEndpoint: true }],
    ['FIPS', 'call-archive', { useFipsEndpoint: true, region: 'us-east-1' }],
    ['an accelerated bucket', 'call-archive', { useAccelerateEndpoint: true }],
    ['an access point of another region', POINT, { useArnRegion: true }],
    ['another store', 'call-archive', { endpoint: 'http://127.0.0.1:9000', forcePathStyle: true }],
    ['another store under a path', 'key', { endpoint: 'https://s.example:8443/s3/', forcePathStyle: true }],
  ])('to %s goes where the SDK sends it, whatever the key', async (_, bucket, config) => {
    const { direct, sent } = connect(config, bucket)
    for (const key of [...KEYS, ...ODD_KEYS]) {
      await direct.send({ method: 'HEAD', key }, never)
      const { origin, path, headers } = sent.at(-1) as HttpRequest
      expect(`${origin}${path} ${readAuthorization(headers).scope}`).toBe(
        await sentBySdk(config, bucket, key),
      )
    }
  })

  it.each([
    ['S3 Express, which has sessions', 'call-archive--euw1-az1--x-s3'],
    [
      'a multi-region access point, which has signatures of its own',
      'arn:aws:s3::123456789012:accesspoint/m.mrap',
    ],
    ['what is no bucket', 'arn:aws:s3:nowhere'],
  ])('to %s is left to the SDK', async (_, bucket) => {
    const { direct, sent } = connect({}, bucket)
    expect(await direct.send({ method: 'HEAD', key: 'a' }, never)).toBeUndefined()
    expect(sent).toEqual([])
  })

  it('is signed with the credentials of its own time, and the time that the SDK found to be right', async () => {
    let turn = 0
    const credentials = async (): Promise<{
      accessKeyId: string
      secretAccessKey: string
      sessionToken: string
      expiration: Date
    }> => {
      turn += 1
      return {
        accessKeyId: `KEY${turn}`,
        secretAccessKey: 's',
        sessionToken: `token${turn}`,
        expiration: new Date(0),
      }
    }
    const { direct, client, sent } = connect({ credentials }, 'call-archive')
    await direct.send({ method: 'HEAD', key: 'a' }, never)
    client.config.systemClockOffset = 36 * 60 * 60 * 1000
    await direct.send({ method: 'HEAD', key: 'a' }, never)
    const [first, second] = sent.map(({ headers }) => ({
      ...readAuthorization(headers),
      token: headers['x-amz-security-token'],
      at: headers['x-amz-date'],
    }))
    expect(first).toMatchObject({ date: '20260301', at: '20260301T120000Z' })
    expect(second).toMatchObject({ date: '20260303', at: '20260303T000000Z' })
    expect(second?.token).not.toBe(first?.token)
    for (const { accessKey = '', token = '' } of [first ?? {}, second ?? {}])
      expect(token).toBe(accessKey.replace('KEY', 'token'))
  })

  it.each([
    ['the digest where it is known', 'http://store.example', { sha256: 'ab'.repeat(32) }, 'ab'.repeat(32)],
    ['nothing over TLS', 'https://store.example', {}, 'UNSIGNED-PAYLOAD'],
    ['nothing on this machine', 'http://127.0.0.1:9000', {}, 'UNSIGNED-PAYLOAD'],
    [
      'the digest where others could change it',
      'http://store.example',
      {},
      '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
    ],
    [
      'the digest for a host that only looks like this machine',
      'http://127.example',
      {},
      '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
    ],
  ])('with a body signs %s', async (_, endpoint, more, digest) => {
    const { direct, sent } = connect({ endpoint, forcePathStyle: true }, 'call-archive')
    await direct.send({ method: 'PUT', key: 'a', body: Buffer.from('x'), ...more }, never)
    expect(sent[0]?.headers['x-amz-content-sha256']).toBe(digest)
    expect(sent[0]?.headers['authorization']).toMatch(/SignedHeaders=[^,]*x-amz-content-sha256/)
  })

  it.each([
    [200, true],
    [206, true],
    [404, true],
    [301, false],
    [307, false],
    [400, false],
    [403, false],
    [409, false],
    [412, false],
    [500, false],
    [503, false],
  ])('that is answered %i counts: %s; it is sent once', async (status, counts) => {
    const { direct, sent } = connect({}, 'call-archive', () => ({ status }))
    const answer = await direct.send({ method: 'GET', key: 'a' }, never)
    expect(answer?.status).toBe(counts ? status : undefined)
    expect(sent).toHaveLength(1)
  })

  it('that is not answered is left to the SDK, and the next is sent all the same', async () => {
    let isDown = true
    const { direct } = connect({}, 'call-archive', () => {
      if (isDown) throw new Error('socket hang up')
      return {}
    })
    expect(await direct.send({ method: 'HEAD', key: 'a' }, never)).toBeUndefined()
    isDown = false
    expect((await direct.send({ method: 'HEAD', key: 'a' }, never))?.status).toBe(200)
  })

  it('that is aborted ends with the reason, sent or not', async () => {
    const controller = new AbortController()
    const { direct, sent } = connect({}, 'call-archive', () => {
      controller.abort(new Error('stopped'))
      throw new Error('socket hang up')
    })
    const request = { method: 'HEAD', key: 'a' } as const
    await expect(direct.send(request, AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
    expect(sent).toEqual([])
    await expect(direct.send(request, controller.signal)).rejects.toThrow('stopped')
  })
})
