import type { IncomingHttpHeaders } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import {
  HeadObjectCommand,
  type ObjectLockRetention,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { MediaFacts } from '../archive/media.ts'
import { isAsStrong, type Lock } from '../archive/retention.ts'
import type { StoredAudio } from '../archive/sidecar.ts'
import { ConfigurationError, ConflictError, StoreError } from '../errors.ts'
import { digestObject } from './digest-object.ts'
import type { DirectRequests } from './direct.ts'
import { isMissing } from './failure.ts'

/** An object as `HeadObject` describes it. */
export interface StoredObject {
  readonly bytes: number
  readonly contentType: string | undefined
  readonly versionId: string | undefined
  /** Full-object checksums only; a composite one says nothing about bytes that were not split alike. */
  readonly checksum: StoredAudio['checksum']
  readonly lock: Lock | undefined
}

export interface Place {
  readonly client: S3Client
  readonly direct: DirectRequests
  readonly bucket: string
}

/** Looks at what a key holds; undefined when it holds nothing. */
export async function headObject(
  place: Place,
  key: string,
  versionId: string | undefined,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const headers = { 'x-amz-checksum-mode': 'ENABLED' }
  const query = versionId === undefined ? {} : { versionId }
  const answer = await place.direct.send({ method: 'HEAD', key, query, headers }, signal)
  if (answer === undefined) return await headBySdk(place, key, versionId, signal)
  return answer.status === 404 ? undefined : readHead(answer.headers, versionId)
}

function readHead(headers: IncomingHttpHeaders, versionId: string | undefined): StoredObject {
  const text = (name: string): string | undefined => {
    const value = headers[name]
    return typeof value === 'string' ? value : undefined
  }
  const until = text('x-amz-object-lock-retain-until-date')
  return describe(
    {
      ContentLength: Number(text('content-length') ?? -1),
      ContentType: text('content-type'),
      VersionId: text('x-amz-version-id'),
      ChecksumType: text('x-amz-checksum-type'),
      ChecksumSHA256: text('x-amz-checksum-sha256'),
      ChecksumCRC32: text('x-amz-checksum-crc32'),
      ObjectLockMode: text('x-amz-object-lock-mode'),
      ObjectLockRetainUntilDate: until === undefined ? undefined : new Date(until),
    },
    versionId,
  )
}

async function headBySdk(
  place: Place,
  key: string,
  versionId: string | undefined,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const command = new HeadObjectCommand({
    Bucket: place.bucket,
    Key: key,
    ChecksumMode: 'ENABLED',
    ...(versionId !== undefined && { VersionId: versionId }),
  })
  try {
    return describe(await place.client.send(command, { abortSignal: signal }), versionId)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** What of a HEAD's answer matters here, by the names of S3's API Reference. */
interface Head {
  readonly ContentLength?: number | undefined
  readonly ContentType?: string | undefined
  readonly VersionId?: string | undefined
  readonly ChecksumType?: string | undefined
  readonly ChecksumSHA256?: string | undefined
  readonly ChecksumCRC32?: string | undefined
  readonly ObjectLockMode?: string | undefined
  readonly ObjectLockRetainUntilDate?: Date | undefined
}

function describe(head: Head, versionId: string | undefined): StoredObject {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = head
  return {
    bytes: head.ContentLength ?? -1,
    contentType: head.ContentType,
    versionId: head.VersionId ?? versionId,
    checksum: head.ChecksumType === 'COMPOSITE' ? undefined : fullObjectChecksum(head),
    lock:
      (mode === 'GOVERNANCE' || mode === 'COMPLIANCE') && until !== undefined ? { mode, until } : undefined,
  }
}

function fullObjectChecksum(head: Head): StoredAudio['checksum'] {
  // "…-4" is how a composite checksum is written where its type is not told.
  if (head.ChecksumSHA256 !== undefined && !head.ChecksumSHA256.includes('-'))
    return { algorithm: 'SHA256', value: head.ChecksumSHA256 }
  if (head.ChecksumCRC32 !== undefined && !head.ChecksumCRC32.includes('-'))
    return { algorithm: 'CRC32', value: head.ChecksumCRC32 }
  return undefined
}

/** The value of `x-amz-checksum-crc32`: four bytes, most significant first, base64. */
export function crc32Base64(crc: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc >>> 0)
  return bytes.toString('base64')
}

function sha256Base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

/**
 * Compares what the bucket holds with what was read: the size, and the checksum that S3 computed itself. A store that
 * keeps no checksum of the whole object, or one that was not computed here, is read again.
 * @param crc32 of the whole body, where it was computed
 * @throws StoreError when it holds something else
 */
export async function verifyStored(
  place: Place,
  key: string,
  stored: StoredObject,
  media: MediaFacts,
  crc32: number | undefined,
  signal: AbortSignal,
): Promise<StoredAudio['verifiedBy']> {
  if (stored.bytes !== media.bytes)
    throw new StoreError(`${key} holds ${stored.bytes} bytes, ${media.bytes} were sent`)
  const { checksum } = stored
  const expected = checksum && expectedChecksum(checksum.algorithm, media, crc32)
  if (checksum === undefined || expected === undefined) {
    const { sha256, bytes } = await digestObject(place, key, stored.versionId, signal)
    if (bytes !== media.bytes || sha256 !== media.sha256)
      throw new StoreError(
        `${key} reads back as ${bytes} bytes with SHA-256 ${sha256}, sent were ${media.bytes} with ${media.sha256}`,
      )
    return 'reading-again'
  }
  if (checksum.value !== expected)
    throw new StoreError(`${key} holds ${checksum.algorithm} ${checksum.value}, sent was ${expected}`)
  return 'checksum'
}

function expectedChecksum(
  algorithm: 'SHA256' | 'CRC32',
  media: MediaFacts,
  crc32: number | undefined,
): string | undefined {
  if (algorithm === 'SHA256') return sha256Base64(media.sha256)
  return crc32 === undefined ? undefined : crc32Base64(crc32)
}

/**
 * Proves that an object which was there already is the same evidence, by SHA-256 and nothing less: a CRC is no proof.
 * @throws ConflictError when it is not; the object stays as it is
 */
export async function proveEqual(
  place: Place,
  key: string,
  stored: StoredObject,
  media: MediaFacts,
  signal: AbortSignal,
): Promise<StoredAudio['verifiedBy']> {
  if (stored.bytes === media.bytes && stored.checksum?.algorithm === 'SHA256') {
    if (stored.checksum.value === sha256Base64(media.sha256)) return 'checksum'
    throw new ConflictError(key, Buffer.from(stored.checksum.value, 'base64').toString('hex'), media.sha256)
  }
  const { sha256, bytes } = await digestObject(place, key, stored.versionId, signal)
  if (bytes !== media.bytes || sha256 !== media.sha256) throw new ConflictError(key, sha256, media.sha256)
  return 'reading-again'
}

/**
 * Sees to it that a version carries the lock that is wanted: reads it back, sets it where the upload did not (or not
 * as strongly), and reads it back again. A longer or stronger lock is left alone, also one that came meanwhile.
 * @throws ConfigurationError when the bucket does not keep it
 */
export async function ensureLock(
  place: Place,
  key: string,
  stored: StoredObject,
  wanted: Lock | undefined,
  signal: AbortSignal,
): Promise<Lock | undefined> {
  if (wanted === undefined || isAsStrong(stored.lock, wanted)) return stored.lock
  const { versionId } = stored
  // Only what is missing is added: S3 refuses to weaken a lock in any respect, and an adopted object may carry another.
  const isCompliance = stored.lock?.mode === 'COMPLIANCE' || wanted.mode === 'COMPLIANCE'
  const Retention: ObjectLockRetention = {
    Mode: isCompliance ? 'COMPLIANCE' : 'GOVERNANCE',
    RetainUntilDate: new Date(Math.max(wanted.until.getTime(), stored.lock?.until.getTime() ?? 0)),
  }
  const command = new PutObjectRetentionCommand({
    Bucket: place.bucket,
    Key: key,
    Retention,
    ...(versionId !== undefined && { VersionId: versionId }),
  })
  try {
    await place.client.send(command, { abortSignal: signal })
  } catch (error) {
    signal.throwIfAborted()
    // S3 refuses to take back what somebody else has added meanwhile, in the words in which it denies a right.
    const now = await headObject(place, key, versionId, signal)
    if (now === undefined || isDeepStrictEqual(now.lock, stored.lock)) throw error
    return await ensureLock(place, key, { ...now, versionId }, wanted, signal)
  }
  const again = await headObject(place, key, versionId, signal)
  if (again === undefined || !isAsStrong(again.lock, wanted))
    throw new ConfigurationError([
      `the bucket accepted a ${wanted.mode} lock on ${key} but does not show it: enable Object Lock on the bucket and let the role read retention (s3:GetObjectRetention)`,
    ])
  return again.lock
}
