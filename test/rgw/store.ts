import { randomUUID } from 'node:crypto'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { presignGet } from '../../lib/sandbox/s3/presign.ts'
import type { WorldStore } from '../helpers/world-store.ts'
import type { Gateway } from './gateway.ts'

/** The gateway as a world's S3: two buckets of its own, the archive's with Object Lock. */
export async function openGatewayStore(
  gateway: Pick<Gateway, 'endpoint' | 'region' | 'credentials'>,
): Promise<WorldStore> {
  const { endpoint, region, credentials } = gateway
  const client = connectTo(gateway)
  const bucket = `archive-${randomUUID()}`
  const mediaBucket = `media-${randomUUID()}`
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }))
  await client.send(new CreateBucketCommand({ Bucket: mediaBucket }))
  return {
    url: endpoint,
    region,
    credentials,
    bucket,
    mediaBucket,
    async putFile(Bucket, Key, body, { contentType } = {}) {
      if (!(body instanceof Uint8Array)) throw new Error('the gateway takes whole bodies only')
      await client.send(new PutObjectCommand({ Bucket, Key, Body: body, ContentType: contentType }))
    },
    presignGet: (name, key, expiresSeconds) =>
      presignGet(
        { ...credentials, region },
        { host: new URL(endpoint).host, path: `/${name}/${key}` },
        expiresSeconds,
        new Date(),
      ),
    close: () => Promise.resolve(client.destroy()),
  }
}

/** The SDK's own client, as it comes, that never tries twice. */
export function connectTo({
  endpoint,
  region,
  credentials,
}: Pick<Gateway, 'endpoint' | 'region' | 'credentials'>): S3Client {
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 })
}
