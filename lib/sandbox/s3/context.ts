import type { IncomingHttpHeaders } from 'node:http'
import type { Identity } from './authenticate.ts'
import type { S3Fault } from './faults.ts'
import type { Bucket, Version } from './model.ts'
import type { Incoming } from './payload.ts'
import { S3Error } from './s3-error.ts'
import { getBucket } from './store.ts'
import type { Store } from './store.ts'
import type { Target } from './target.ts'
import { currentVersion } from './commit.ts'

/** A stretch of an open file; whoever gets it closes the descriptor. */
export interface FileBody {
  fd: number
  start: number
  end: number
}

export interface Answer {
  status: number
  headers?: Record<string, string>
  body?: string | Uint8Array | FileBody
}

/** All that an operation may know. */
export interface Context {
  store: Store
  target: Target
  /** as sent; on a presigned request with what its query says in their place */
  headers: IncomingHttpHeaders
  identity: Identity
  incoming: Incoming
  fault: S3Fault | undefined
  now: Date
  region: string
}

export type Operation = (context: Context) => Answer | Promise<Answer>

const HOISTED = /^x-amz-(?!checksum-(crc|sha)|sdk-checksum|trailer)/

/**
 * Headers as they count: a presigned link carries x-amz-* ones in its query. Not so checksums, which there would be those of a body
 * that did not exist yet.
 */
export function effectiveHeaders(
  headers: IncomingHttpHeaders,
  query: Map<string, string>,
  presigned: boolean,
): IncomingHttpHeaders {
  if (!presigned) return headers
  const hoisted = [...query].filter(([name]) => HOISTED.test(name))
  return { ...Object.fromEntries(hoisted), ...headers }
}

/** @throws {S3Error} NoSuchBucket */
export function bucketOf({ store, target }: Context): Bucket {
  return getBucket(store, target.bucket)
}

/**
 * The version that the request means: by `versionId`, else the current one.
 * @throws {S3Error} NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker
 */
export function versionOf(context: Context, bucket: Bucket): Version {
  const { key, query } = context.target
  const asked = query.get('versionId')
  const newest = bucket.records.get(key)?.versions[0]
  if (asked === undefined) {
    const current = currentVersion(bucket, key)
    if (current) return current
    throw new S3Error(
      'NoSuchKey',
      'The specified key does not exist.',
      { Key: key },
      newest ? { 'x-amz-delete-marker': 'true', 'x-amz-version-id': newest.versionId } : {},
    )
  }
  const version = bucket.records.get(key)?.versions.find(({ versionId }) => versionId === asked)
  if (!version)
    throw new S3Error('NoSuchVersion', 'The specified version does not exist.', {
      Key: key,
      VersionId: asked,
    })
  if (version.deleteMarker)
    throw new S3Error(
      'MethodNotAllowed',
      'The specified method is not allowed against this resource.',
      { Method: 'GET', ResourceType: 'DeleteMarker' },
      { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId, allow: 'DELETE' },
    )
  return version
}

/** `x-amz-version-id`, where the bucket has ever had versioning. */
export function versionHeaders(bucket: Bucket, version: Version): Record<string, string> {
  return bucket.config.versioning === '' ? {} : { 'x-amz-version-id': version.versionId }
}

/** An XML answer. */
export function xmlAnswer(body: string, headers: Record<string, string> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body }
}
