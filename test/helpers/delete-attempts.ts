import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { refusal } from './s3-sandbox.ts'

interface Version {
  readonly Bucket: string
  readonly Key: string
  readonly VersionId: string
}

/** Tries to get rid of a version in every way that S3 has; how each attempt ended. */
export async function tryToDelete(client: S3Client, version: Version): Promise<Record<string, string>> {
  const { Bucket, Key, VersionId } = version
  const ends: Record<string, string> = {}
  for (const [name, more] of [
    ['plainly', {}],
    ['with bypass', { BypassGovernanceRetention: true }],
  ] as const) {
    ends[name] = await refusal(client.send(new DeleteObjectCommand({ ...version, ...more })))
    const many = new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key, VersionId }] }, ...more })
    const { Errors = [] } = await client.send(many)
    ends[`among others, ${name}`] = Errors.map(({ Code = '' }) => Code).join() || 'accepted'
  }
  return ends
}

/** What {@link tryToDelete} finds where the version is protected. */
export const ALL_REFUSED = {
  plainly: '403 AccessDenied',
  'with bypass': '403 AccessDenied',
  'among others, plainly': 'AccessDenied',
  'among others, with bypass': 'AccessDenied',
}

/** What remains of a version after something was written over it, and its key deleted. */
export async function buryAndRead(
  client: S3Client,
  { Bucket, Key, VersionId }: Version,
): Promise<{ bytes: Buffer; hold: string | undefined }> {
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'written over it' }))
  await client.send(new DeleteObjectCommand({ Bucket, Key }))
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }))
  const { LegalHold } = await client.send(new GetObjectLegalHoldCommand({ Bucket, Key, VersionId }))
  return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), hold: LegalHold?.Status }
}
