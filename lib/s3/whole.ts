import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Lock } from '../archive/retention.ts'
import type { Clock } from '../deadline.ts'
import { isConcurrentWrite } from './failure.ts'
import type { Place } from './stored.ts'

/** An object to be written in one request, its SHA-256 (hex) known beforehand: S3 refuses whatever arrives otherwise. */
export interface WholeObject {
  readonly key: string
  readonly body: Buffer
  readonly sha256: string
  readonly contentType: string
  readonly lock: Lock | undefined
}

const CONFLICT_ATTEMPTS = 5
const CONFLICT_DELAY_MS = 200

/**
 * One PUT, on the condition that the key is free. Sent again while another write to the key is under way (409).
 * Resolves to the version id, if the bucket keeps versions.
 * @throws the SDK's exception; 412 means that the key is taken
 */
export async function putWhole(
  place: Place,
  object: WholeObject,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { key, body, contentType, sha256, lock } = object
  const checksum = Buffer.from(sha256, 'hex').toString('base64')
  const headers = {
    'content-type': contentType,
    'if-none-match': '*',
    'x-amz-checksum-sha256': checksum,
    ...(lock !== undefined && {
      'x-amz-object-lock-mode': lock.mode,
      'x-amz-object-lock-retain-until-date': lock.until.toISOString(),
    }),
  }
  const answer = await place.direct.send({ method: 'PUT', key, headers, body, sha256 }, signal)
  if (answer?.status === 200) {
    const versionId = answer.headers['x-amz-version-id']
    return typeof versionId === 'string' ? versionId : undefined
  }
  const command = new PutObjectCommand({
    Bucket: place.bucket,
    Key: key,
    Body: body,
    ContentLength: body.length,
    ContentType: contentType,
    ChecksumSHA256: checksum,
    IfNoneMatch: '*',
    ...lockParameters(lock),
  })
  return repeatOnConflict(
    async () => (await place.client.send(command, { abortSignal: signal })).VersionId,
    clock,
    signal,
  )
}

/** Object Lock as PutObject and CreateMultipartUpload take it. */
export function lockParameters(lock: Lock | undefined): {
  ObjectLockMode?: Lock['mode']
  ObjectLockRetainUntilDate?: Date
} {
  return lock === undefined ? {} : { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: lock.until }
}

/** 409 says "another write is under way, try again": after it there is either room or a 412. */
export async function repeatOnConflict<T>(
  write: () => Promise<T>,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      if (!isConcurrentWrite(error) || attempt >= CONFLICT_ATTEMPTS) throw error
      await clock.pause(CONFLICT_DELAY_MS * 2 ** attempt * clock.random(), signal)
    }
  }
}
