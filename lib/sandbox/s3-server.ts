import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { handleRequest } from './s3/handle-request.ts'
import type { S3Faults } from './s3/faults.ts'
import { presignGet } from './s3/presign.ts'
import { seedObject } from './s3/seed-object.ts'
import { createBucket, getBucket, openStore } from './s3/store.ts'

export type { S3Fault, S3Faults, S3Request } from './s3/faults.ts'

export interface S3ServerOptions {
  /** where everything lies: `<directory>/<bucket>/<key>`, and `<directory>/.s3` for what has no place there */
  directory: string
  /** 0, the default: one that the system chooses */
  port?: number
  /** the only ones that are let in */
  credentials: { accessKeyId: string; secretAccessKey: string }
  /** the region that signatures must name */
  region: string
  /** the clock of signatures, expiries and locks */
  now?: () => Date
  faults?: S3Faults
}

export interface S3Server {
  /** `http://127.0.0.1:<port>` */
  url: string
  port: number
  /** Does nothing when the bucket exists. @throws {S3Error} InvalidBucketName */
  createBucket: (name: string, options?: { objectLock?: boolean; versioning?: boolean }) => Promise<void>
  /** Seeds an object directly; without a content type it is `binary/octet-stream`. @throws {S3Error} NoSuchBucket */
  putFile: (
    bucket: string,
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options?: { contentType?: string },
  ) => Promise<void>
  /** A link to an object that may be got without other credentials. */
  presignGet: (bucket: string, key: string, expiresSeconds: number) => string
  /** Closes every connection and waits until nothing is under way. */
  close: () => Promise<void>
}

/**
 * Starts an S3 server on 127.0.0.1 over a directory; what was acknowledged there before is there again. One server at a time may
 * use a directory. Rejects when the directory can't be used or the port is taken.
 */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const { directory, credentials, region, now = () => new Date(), faults = () => undefined } = options
  const store = openStore(directory)
  const account = { ...credentials, region }
  const service = { store, account, now, faults }
  const underway = new Set<Promise<void>>()
  const serve = (request: IncomingMessage, response: ServerResponse, expected: boolean): void => {
    const handled = handleRequest(service, request, response, expected).finally(() =>
      underway.delete(handled),
    )
    underway.add(handled)
  }
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) =>
    serve(request, response, false),
  )
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    serve(request, response, true),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const host = `127.0.0.1:${port}`

  return {
    url: `http://${host}`,
    port,
    async createBucket(name, { objectLock = false, versioning = objectLock } = {}) {
      if (store.buckets.has(name)) return
      const created = now().toISOString()
      await Promise.resolve(
        createBucket(store, {
          name,
          created,
          objectLock,
          versioning: versioning ? 'Enabled' : '',
          documents: {},
        }),
      )
    },
    async putFile(bucket, key, body, { contentType = 'binary/octet-stream' } = {}) {
      await seedObject(getBucket(store, bucket), key, body, contentType, now())
    },
    presignGet: (bucket, key, expiresSeconds) =>
      presignGet(account, { host, path: `/${bucket}/${key}` }, expiresSeconds, now()),
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      server.closeAllConnections()
      await Promise.all([closed, ...underway])
    },
  }
}
