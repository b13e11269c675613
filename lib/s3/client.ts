import { S3Client } from '@aws-sdk/client-s3'
import { createHttp, type Http } from '../http.ts'
import { createRequestHandler } from './request-handler.ts'
import { Sha256 } from './sha256.ts'

/** A way to S3: the SDK's client, and the connections under it. */
export interface S3Connection {
  readonly client: S3Client
  readonly http: Http
  close(): Promise<void>
}

const CONNECT_MS = 5_000
/** A part of 8 MiB takes 7 s at 10 Mbit/s; nothing that we send is larger. */
const ANSWER_MS = 60_000

/**
 * The SDK's client as this program needs it. Endpoint, region and credentials come from AWS's own variables.
 * `Expect: 100-continue` is off because the SDK would wait for it before each body.
 * @param sockets connections to the bucket; requests beyond them wait
 */
export function connectS3({
  forcePathStyle,
  sockets,
}: {
  readonly forcePathStyle: boolean
  readonly sockets: number
}): S3Connection {
  const http = createHttp({
    connections: sockets,
    connectMs: CONNECT_MS,
    headersMs: ANSWER_MS,
    idleMs: ANSWER_MS,
  })
  const client = new S3Client({
    forcePathStyle,
    expectContinueHeader: false,
    maxAttempts: 4,
    requestHandler: createRequestHandler(http),
    sha256: Sha256,
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
  return {
    client,
    http,
    async close() {
      client.destroy()
      await http.close()
    },
  }
}
