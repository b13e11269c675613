import { writeBody } from './body-file.ts'
import { checksumHeaders } from './checksums.ts'
import { bucketOf, versionHeaders } from './context.ts'
import type { Answer, Context } from './context.ts'
import { lockOfHeaders, requireChecksumForLock, withDefaultRetention } from './locks.ts'
import type { Lock } from './locks.ts'
import type { Bucket, Version } from './model.ts'
import { receivePayload } from './payload.ts'
import { encryptionHeaders, objectHeaders, tagsOfHeader } from './properties.ts'
import { commitVersion, conditionHeaders, etagOf, guardConditions, newVersionId } from './write-version.ts'

/** The lock with which a write's version is born: what its headers ask for, else the bucket's default. */
export function lockOfWrite({ headers, fault, now }: Context, bucket: Bucket): Lock {
  if (fault?.kind === 'ignore-lock') return {}
  return withDefaultRetention(lockOfHeaders(headers, bucket.config, now), bucket.config, now)
}

/** PutObject: the body goes to a file of its own first; conditions and commit are then one step. */
export async function putObject(context: Context): Promise<Answer> {
  const bucket = bucketOf(context)
  const { headers, fault, now, target } = context
  const lock = lockOfWrite(context, bucket)
  requireChecksumForLock(headers, lock, 'Put Object')
  const kept = objectHeaders(headers)
  const tags = tagsOfHeader(headers)
  const check = guardConditions(bucket, target.key, conditionHeaders(context))
  const ignoreChecksum = fault?.kind === 'no-checksum'
  const body = await writeBody(
    bucket.paths.bodies,
    (write) => receivePayload(context.incoming, { fallback: 'CRC64NVME', ignoreChecksum, write }),
    fault,
  )
  const version: Version = {
    versionId: newVersionId(bucket),
    modified: now.toISOString(),
    deleteMarker: false,
    size: body.size,
    etag: etagOf(kept, body.md5, body.bodyId),
    bodyId: body.bodyId,
    headers: kept,
    tags,
    ...(ignoreChecksum ? {} : { checksum: body.checksum }),
    ...lock,
  }
  commitVersion(bucket, target.key, version, check)
  return {
    status: 200,
    headers: {
      etag: `"${version.etag}"`,
      ...encryptionHeaders(kept),
      ...checksumHeaders(version.checksum),
      ...versionHeaders(bucket, version),
    },
  }
}
