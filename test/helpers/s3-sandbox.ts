import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { onTestFinished } from 'vitest'
import { type S3Faults, type S3Server, startS3Server } from '../../lib/sandbox/s3-server.ts'

export const credentials = { accessKeyId: 'SANDBOXKEY', secretAccessKey: 'sandbox/secret+key' }
export const region = 'eu-west-1'
export const bucket = 'calls'

/** A running server with its client and one bucket; everything goes with the test. */
export interface TestS3 {
  server: S3Server
  client: S3Client
  directory: string
  /** a second client, set up otherwise */
  connect: (config: S3ClientConfig) => S3Client
}

export interface TestS3Options {
  directory?: string
  faults?: S3Faults
  now?: () => Date
  objectLock?: boolean
  versioning?: boolean
}

/** A directory of its own for the running test. */
export async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 's3-sandbox-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Starts a server on a fresh directory (or the given one) and a client that never tries twice. */
export async function startTestS3(options: TestS3Options = {}): Promise<TestS3> {
  const directory = options.directory ?? (await makeDirectory())
  const { faults, now, objectLock = false, versioning = objectLock } = options
  const server = await startS3Server({
    directory,
    credentials,
    region,
    ...(faults ? { faults } : {}),
    ...(now ? { now } : {}),
  })
  onTestFinished(() => server.close())
  await server.createBucket(bucket, { objectLock, versioning })
  const connect = (config: S3ClientConfig): S3Client => {
    const client = new S3Client({
      endpoint: server.url,
      region,
      credentials,
      forcePathStyle: true,
      maxAttempts: 1,
      ...config,
    })
    onTestFinished(() => client.destroy())
    return client
  }
  return { server, directory, client: connect({}), connect }
}

/** The name and status with which a call is refused; fails when it isn't. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
    return `${$metadata?.httpStatusCode ?? 'no status'} ${name ?? 'nameless'}`
  }
  return 'accepted'
}
