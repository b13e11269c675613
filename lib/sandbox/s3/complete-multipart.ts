import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createDigests, readFileThrough, writeBody } from './body-file.ts'
import type { WrittenBody } from './body-file.ts'
import { compositeChecksum } from './checksums.ts'
import { checkWhole, matchParts, multipartEtag, readPartList } from './complete-upload.ts'
import type { ListedPart } from './complete-upload.ts'
import { bucketOf, versionHeaders, xmlAnswer } from './context.ts'
import type { Answer, Context } from './context.ts'
import { withDefaultRetention } from './locks.ts'
import type { Bucket, Checksum, Upload, UploadedPart, Version } from './model.ts'
import { checksumElements } from './object-attributes.ts'
import { receiveDocument } from './payload.ts'
import { encryptionHeaders } from './properties.ts'
import { findUpload, removeUpload, settled, uploadDirectory } from './uploads.ts'
import { commitVersion, conditionHeaders, guardConditions, newVersionId } from './write-version.ts'
import { textElement, xmlDocument } from './xml.ts'

/** The version that an upload made earlier, if these are the parts that it was made of. */
function completedBefore(
  bucket: Bucket,
  key: string,
  uploadId: string,
  listed: ListedPart[],
): Version | undefined {
  const version = bucket.records.get(key)?.versions.find((one) => one.uploadId === uploadId)
  const etag = multipartEtag(listed.map((part) => part.etag))
  return version?.etag === etag ? version : undefined
}

/** The checksum that an object of these parts carries; without a stated algorithm S3's own, CRC64NVME over all bytes. */
function wholeChecksum({ config }: Upload, parts: UploadedPart[], body: WrittenBody): Checksum {
  const checksums = parts.flatMap(({ checksum }) => (checksum ? [checksum] : []))
  return config.algorithm && config.checksumType === 'COMPOSITE'
    ? compositeChecksum(config.algorithm, checksums)
    : body.checksum
}

async function concatenate(
  context: Context,
  bucket: Bucket,
  upload: Upload,
  parts: UploadedPart[],
): Promise<WrittenBody> {
  const { uploadId, algorithm, checksumType } = upload.config
  const directory = uploadDirectory(bucket, uploadId)
  return await writeBody(
    bucket.paths.bodies,
    async (write) => {
      const digests = createDigests(checksumType === 'COMPOSITE' ? 'CRC32' : (algorithm ?? 'CRC64NVME'))
      for (const { bodyId } of parts) {
        await using file = await open(join(directory, bodyId), 'r')
        await readFileThrough(file, (chunk) => {
          digests.update(chunk)
          return write(chunk)
        })
      }
      const written = digests.finish()
      if (context.fault?.kind !== 'no-checksum')
        checkWhole(context.headers, written.size, wholeChecksum(upload, parts, { bodyId: '', ...written }))
      return written
    },
    context.fault,
  )
}

async function complete(
  context: Context,
  bucket: Bucket,
  upload: Upload,
  listed: ListedPart[],
): Promise<Version> {
  const { target, now, fault } = context
  const { config } = upload
  const parts = matchParts(upload, listed)
  const check = guardConditions(bucket, target.key, conditionHeaders(context))
  const body = await concatenate(context, bucket, upload, parts)
  const version: Version = {
    versionId: newVersionId(bucket),
    modified: now.toISOString(),
    deleteMarker: false,
    size: body.size,
    etag: multipartEtag(parts.map(({ etag }) => etag)),
    bodyId: body.bodyId,
    headers: config.headers,
    tags: config.tags,
    ...(fault?.kind === 'no-checksum' ? {} : { checksum: wholeChecksum(upload, parts, body) }),
    ...lockOfUpload(context, bucket, upload),
    parts: parts.map(({ partNumber, size, etag, checksum }) => ({
      partNumber,
      size,
      etag,
      ...(checksum ? { checksum } : {}),
    })),
    uploadId: config.uploadId,
  }
  commitVersion(bucket, target.key, version, check)
  removeUpload(bucket, upload)
  return version
}

function lockOfUpload(
  { fault, now }: Context,
  bucket: Bucket,
  { config }: Upload,
): Pick<Version, 'retention' | 'legalHold'> {
  if (fault?.kind === 'ignore-lock') return {}
  const { retention, legalHold } = config
  return withDefaultRetention(
    { ...(retention ? { retention } : {}), ...(legalHold ? { legalHold } : {}) },
    bucket.config,
    now,
  )
}

/** CompleteMultipartUpload; asked again for what it has done already, it says so again. */
export async function completeMultipartUpload(context: Context): Promise<Answer> {
  const bucket = bucketOf(context)
  const { key, query } = context.target
  const uploadId = query.get('uploadId') ?? ''
  // A checksum in the headers is that of the object to be, not that of the list.
  const listed = readPartList(await receiveDocument(context.incoming, true))
  await settled(bucket, uploadId)
  const before = completedBefore(bucket, key, uploadId, listed)
  if (before) return answerOf(context, bucket, before)
  const upload = findUpload(bucket, key, uploadId)
  upload.completing = complete(context, bucket, upload, listed).finally(() => delete upload.completing)
  return answerOf(context, bucket, await upload.completing)
}

function answerOf({ target, incoming, fault }: Context, bucket: Bucket, version: Version): Answer {
  return xmlAnswer(
    xmlDocument(
      'CompleteMultipartUploadResult',
      textElement('Location', `http://${incoming.headers.host ?? ''}/${target.bucket}/${target.key}`),
      textElement('Bucket', target.bucket),
      textElement('Key', target.key),
      textElement('ETag', `"${version.etag}"`),
      ...checksumElements(fault?.kind === 'no-checksum' ? undefined : version.checksum),
    ),
    { ...encryptionHeaders(version.headers), ...versionHeaders(bucket, version) },
  )
}
