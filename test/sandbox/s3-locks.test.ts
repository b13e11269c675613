import {
  DeleteObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { bucket, refusal, startTestS3 } from '../helpers/s3-sandbox.ts'

const START = Date.parse('2026-03-01T00:00:00Z')
const days = (count: number) => new Date(START + count * 86_400_000)
const k = { Bucket: bucket, Key: 'k' }

async function startLocked() {
  let now = new Date(START)
  const s3 = await startTestS3({ objectLock: true, now: () => now })
  // The SDK signs with the system's clock: it must believe the server's.
  const client = s3.connect({ systemClockOffset: START - Date.now() })
  const elapse = (date: Date) => {
    now = date
    client.config.systemClockOffset = date.getTime() - Date.now()
  }
  return { ...s3, client, elapse }
}

const put = (client: S3Client, more: Partial<PutObjectCommandInput> = {}) =>
  client.send(new PutObjectCommand({ ...k, Body: 'x', ...more }))
const remove = (client: S3Client, VersionId: string | undefined, BypassGovernanceRetention = false) =>
  refusal(client.send(new DeleteObjectCommand({ ...k, VersionId, BypassGovernanceRetention })))
const retain = (client: S3Client, Mode: 'GOVERNANCE' | 'COMPLIANCE', RetainUntilDate: Date, bypass = false) =>
  refusal(
    client.send(
      new PutObjectRetentionCommand({
        ...k,
        Retention: { Mode, RetainUntilDate },
        BypassGovernanceRetention: bypass,
      }),
    ),
  )

test('lets nobody delete a COMPLIANCE version before its time, and anybody after', async () => {
  const { client, elapse } = await startLocked()
  const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: days(10) } as const
  const { VersionId } = await put(client, lock)
  const head = await client.send(new HeadObjectCommand(k))
  expect(head).toMatchObject(lock)
  expect(await remove(client, VersionId)).toBe('403 AccessDenied')
  expect(await remove(client, VersionId, true)).toBe('403 AccessDenied')
  elapse(days(11))
  expect(await remove(client, VersionId)).toBe('accepted')
})

test('extends a retention for anybody, shortens GOVERNANCE with the bypass only and COMPLIANCE never', async () => {
  const { client } = await startLocked()
  await put(client, { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: days(10) })
  expect(await retain(client, 'GOVERNANCE', days(20))).toBe('accepted')
  expect(await retain(client, 'GOVERNANCE', days(5))).toBe('403 AccessDenied')
  expect(await retain(client, 'GOVERNANCE', days(5), true)).toBe('accepted')
  expect(await retain(client, 'COMPLIANCE', days(30))).toBe('accepted')
  expect(await retain(client, 'COMPLIANCE', days(29), true)).toBe('403 AccessDenied')
  expect(await retain(client, 'GOVERNANCE', days(40), true)).toBe('403 AccessDenied')
  const { Retention } = await client.send(new GetObjectRetentionCommand(k))
  expect(Retention).toEqual({ Mode: 'COMPLIANCE', RetainUntilDate: days(30) })
})

test('holds a version under a legal hold apart from any retention', async () => {
  const { client } = await startLocked()
  const { VersionId } = await put(client)
  const hold = (Status: 'ON' | 'OFF') =>
    client.send(new PutObjectLegalHoldCommand({ ...k, LegalHold: { Status } }))
  await hold('ON')
  expect((await client.send(new GetObjectLegalHoldCommand(k))).LegalHold).toEqual({ Status: 'ON' })
  expect(await remove(client, VersionId, true)).toBe('403 AccessDenied')
  await hold('OFF')
  expect(await remove(client, VersionId)).toBe('accepted')
})

test("gives every new version the bucket's default retention, counted from its arrival", async () => {
  const { client } = await startLocked()
  const config = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 7 } } as const
  await client.send(
    new PutObjectLockConfigurationCommand({
      Bucket: bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: config },
    }),
  )
  const read = await client.send(new GetObjectLockConfigurationCommand({ Bucket: bucket }))
  expect(read.ObjectLockConfiguration?.Rule).toEqual(config)
  const { VersionId } = await put(client)
  const head = await client.send(new HeadObjectCommand(k))
  expect(head).toMatchObject({ ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: days(7) })
  expect(await remove(client, VersionId)).toBe('403 AccessDenied')
  expect(await remove(client, VersionId, true)).toBe('accepted')
})

test('refuses what S3 refuses of a lock', async () => {
  const { client, connect } = await startLocked()
  const past = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: days(-1) } as const
  expect(await refusal(put(client, past))).toBe('400 InvalidArgument')
  expect(await refusal(put(client, { ObjectLockMode: 'COMPLIANCE' }))).toBe('400 InvalidArgument')
  const suspend = { Bucket: bucket, VersioningConfiguration: { Status: 'Suspended' } } as const
  expect(await refusal(client.send(new PutBucketVersioningCommand(suspend)))).toBe('409 InvalidBucketState')
  const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: days(1) } as const
  const bare = connect({
    requestChecksumCalculation: 'WHEN_REQUIRED',
    systemClockOffset: client.config.systemClockOffset,
  })
  expect(await refusal(put(bare, lock))).toBe('400 InvalidRequest')
  expect(await refusal(put(client))).toBe('accepted')
  expect(await retain(client, 'COMPLIANCE', days(-1))).toBe('400 InvalidArgument')
})

test('refuses lock headers in a bucket without Object Lock', async () => {
  const { client } = await startTestS3()
  expect(await refusal(put(client, { ObjectLockLegalHoldStatus: 'ON' }))).toBe('400 InvalidRequest')
  expect(await refusal(client.send(new GetObjectLockConfigurationCommand({ Bucket: bucket })))).toBe(
    '404 ObjectLockConfigurationNotFoundError',
  )
})
