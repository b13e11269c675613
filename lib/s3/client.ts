import { S3Client } from '@aws-sdk/client-s3'

export interface S3ClientOptions {
  readonly forcePathStyle: boolean
  /** Sockets to the bucket; requests beyond them wait. */
  readonly sockets: number
}

const CONNECT_MS = 5_000
/** A part of 8 MiB takes 7 s at 10 Mbit/s; nothing that we send is larger. */
const REQUEST_MS = 60_000

/**
 * The SDK's client as this program needs it. Endpoint, region and credentials come from AWS's own variables.
 * `Expect: 100-continue` is off because the SDK opens a new connection for each request that carries it.
 */
export function createS3Client({ forcePathStyle, sockets }: S3ClientOptions): S3Client {
  const agent = { keepAlive: true, maxSockets: sockets }
  const client = new S3Client({
    forcePathStyle,
    expectContinueHeader: false,
    maxAttempts: 4,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  })
  // Who gives the body's SHA-256 as checksum has hashed it already: the signature takes the same digest.
  client.middlewareStack.add(
    (next) => (args) => {
      const { input, request } = args as {
        input: { ChecksumSHA256?: string }
        request: { headers?: Record<string, string>; body?: unknown }
      }
      if (
        input.ChecksumSHA256 !== undefined &&
        request.headers !== undefined &&
        Buffer.isBuffer(request.body)
      )
        request.headers['x-amz-content-sha256'] = Buffer.from(input.ChecksumSHA256, 'base64').toString('hex')
      return next(args)
    },
    { step: 'build', name: 'signWithKnownDigest' },
  )
  return client
}
