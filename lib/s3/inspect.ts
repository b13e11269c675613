import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import type { BucketFacts } from '../doctor/bucket.ts'
import type { ServerTime } from '../doctor/clock.ts'
import type { Seen } from '../doctor/finding.ts'
import { describeError } from '../errors.ts'
import { readLifecycle, readLock, readOpenBlocks } from './bucket-settings.ts'
import { statusOf } from './failure.ts'

/** Asks S3 about the archive bucket, and writes nothing. Never rejects. */
export async function inspectBucket(
  client: S3Client,
  bucket: string,
  prefix: string,
  now: () => Date,
): Promise<{ facts: BucketFacts; time: ServerTime | undefined }> {
  const date = watchDate(client, now)
  const Bucket = bucket
  const list = await see('s3:ListBucket', async () => {
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: prefix, MaxKeys: 1 }),
    )
    return Contents[0]?.Key
  })
  const Key = list.kind === 'seen' ? list.value : undefined
  const readable =
    Key === undefined
      ? undefined
      : see('s3:GetObject', async () => {
          await client.send(new HeadObjectCommand({ Bucket, Key }))
          return true as const
        })
  const [found, versioning, lock, encryption, policy, openBlocks, lifecycle, ownership, read] =
    await Promise.all([
      see('s3:ListBucket', () => findRegion(client, bucket)),
      see('s3:GetBucketVersioning', async () => {
        const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket }))
        return Status ?? 'off'
      }),
      see('s3:GetBucketObjectLockConfiguration', async () =>
        readLock(await client.send(new GetObjectLockConfigurationCommand({ Bucket }))),
      ),
      see('s3:GetEncryptionConfiguration', async () => {
        const { ServerSideEncryptionConfiguration } = await client.send(
          new GetBucketEncryptionCommand({ Bucket }),
        )
        const [rule] = ServerSideEncryptionConfiguration?.Rules ?? []
        return rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm
      }),
      see(
        's3:GetBucketPolicy',
        async () => (await client.send(new GetBucketPolicyCommand({ Bucket }))).Policy,
      ),
      see('s3:GetBucketPublicAccessBlock', async () =>
        readOpenBlocks(await client.send(new GetPublicAccessBlockCommand({ Bucket }))),
      ),
      see('s3:GetLifecycleConfiguration', async () =>
        readLifecycle(await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))),
      ),
      see('s3:GetBucketOwnershipControls', async () => {
        const { OwnershipControls } = await client.send(new GetBucketOwnershipControlsCommand({ Bucket }))
        return OwnershipControls?.Rules?.[0]?.ObjectOwnership
      }),
      readable,
    ])
  return {
    facts: {
      bucket: found,
      versioning,
      lock,
      list,
      encryption: known(encryption),
      policy: known(policy),
      openBlocks,
      lifecycle,
      ownership: known(ownership),
      ...(read !== undefined && { read }),
    },
    time: date(),
  }
}

/** S3 names the region even to who has asked the wrong one (301, or 400 where it checks the signature first). */
async function findRegion(client: S3Client, bucket: string): Promise<{ region: string | undefined }> {
  try {
    const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket: bucket }))
    return { region: BucketRegion }
  } catch (error) {
    const headers = error instanceof S3ServiceException ? error.$response?.headers : undefined
    const region = headers?.['x-amz-bucket-region']
    const elsewhere = statusOf(error) === 301 || statusOf(error) === 400
    if (region === undefined || !elsewhere) throw error
    return { region }
  }
}

/** Notes what the first answer says of the time; the SDK hides that header. */
function watchDate(client: S3Client, now: () => Date): () => ServerTime | undefined {
  let time: ServerTime | undefined
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const { headers = {} } = result.response as { headers?: Record<string, string> }
      time ??= { server: 'S3', date: headers['date'], receivedMs: now().getTime() }
      return result
    },
    { step: 'deserialize', name: 'watchDate', priority: 'low' },
  )
  return () => time
}

/** S3's names for "this was never set" (each question has its own), and for a bucket that is not there. */
const NOT_SET =
  /^(?:NoSuchBucket\w*|NotFound|404|ObjectLockConfigurationNotFoundError|ServerSideEncryptionConfigurationNotFoundError|NoSuchPublicAccessBlockConfiguration|NoSuchLifecycleConfiguration|OwnershipControlsNotFoundError)$/

/** Asks one question; `right` is the IAM action that S3 wants for it. */
async function see<T>(right: string, question: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { kind: 'seen', value: await question() }
  } catch (error) {
    const name = error instanceof S3ServiceException ? error.name : ''
    if (NOT_SET.test(name)) return { kind: 'none' }
    // A HEAD is refused without a name.
    if (statusOf(error) === 403 && /^(?:AccessDenied|Forbidden|403|Unknown\w*)$/.test(name))
      return { kind: 'denied', right }
    return { kind: 'failed', detail: describeError(error) }
  }
}

/** An answer that leaves the setting out means that there is none. */
function known<T>(seen: Seen<T | undefined>): Seen<T> {
  if (seen.kind !== 'seen') return seen
  return seen.value === undefined ? { kind: 'none' } : { kind: 'seen', value: seen.value }
}
