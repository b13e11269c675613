import { createHash, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { currentVersion, discardBody, saveVersions, versionsWith } from './commit.ts'
import { checkWriteConditions } from './conditions.ts'
import type { Context } from './context.ts'
import type { Bucket, Version } from './model.ts'
import { hidesMd5 } from './properties.ts'
import { S3Error } from './s3-error.ts'

/** A version id as the bucket's versioning has it: `null` unless it is enabled. */
export function newVersionId(bucket: Bucket): string {
  return bucket.config.versioning === 'Enabled' ? randomBytes(24).toString('base64url') : 'null'
}

/** What a single write's ETag is: the MD5, except where S3 encrypts with a KMS key. */
export function etagOf(headers: Record<string, string>, md5: string, bodyId: string): string {
  return hidesMd5(headers) ? createHash('md5').update(`${bodyId}${md5}`).digest('hex') : md5
}

/** The headers whose conditions count: none when a fault passes them over. */
export function conditionHeaders({ headers, fault }: Context): IncomingHttpHeaders {
  return fault?.kind === 'ignore-condition' ? {} : headers
}

/**
 * Checks a write's conditions now, and gives the same check for the moment of the commit, which also knows of deletions in between.
 * @throws {S3Error} what `checkWriteConditions` throws; the later check also 409 ConditionalRequestConflict
 */
export function guardConditions(bucket: Bucket, key: string, headers: IncomingHttpHeaders): () => void {
  if (headers['if-none-match'] === undefined && headers['if-match'] === undefined) return () => undefined
  const deletions = bucket.deletions.get(key)
  const check = (): void => {
    if (bucket.deletions.get(key) !== deletions)
      throw new S3Error(
        'ConditionalRequestConflict',
        'The conditional request cannot succeed due to a conflicting operation against this resource.',
        { Key: key },
      )
    checkWriteConditions(headers, currentVersion(bucket, key), key)
  }
  check()
  return check
}

/** Makes a written body a version of its key if `check` doesn't throw; check and commit are one step, so one of several writers wins. */
export function commitVersion(bucket: Bucket, key: string, version: Version, check: () => void): void {
  try {
    check()
  } catch (error) {
    discardBody(bucket, version.bodyId)
    throw error
  }
  saveVersions(bucket, key, versionsWith(bucket, key, version))
}
