import { createReadStream } from 'node:fs'
import { createDigests, writeBody } from './body-file.ts'
import { checksumElements } from './object-attributes.ts'
import { readAlgorithm } from './checksums.ts'
import { openBody } from './commit.ts'
import { bucketOf, versionHeaders, versionOf, xmlAnswer } from './context.ts'
import type { Answer, Context } from './context.ts'
import type { Version } from './model.ts'
import { encryptionHeaders, objectHeaders, tagsOfHeader } from './properties.ts'
import { lockOfWrite } from './put-object.ts'
import { requireReadable } from './restore-object.ts'
import { S3Error } from './s3-error.ts'
import { readTarget } from './target.ts'
import { commitVersion, conditionHeaders, etagOf, guardConditions, newVersionId } from './write-version.ts'
import { textElement, xmlDocument } from './xml.ts'

const CLASS = 'x-amz-storage-class'

/** A copy is STANDARD, whatever its source was, unless the request says otherwise. */
function unclassed(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== CLASS))
}

function ofTarget(headers: Record<string, string>): Record<string, string> {
  const storageClass = headers[CLASS]
  return { ...encryptionHeaders(headers), ...(storageClass === undefined ? {} : { [CLASS]: storageClass }) }
}

/** CopyObject: a version of its own, with the source's properties or, by REPLACE, the request's. */
export async function copyObject(context: Context): Promise<Answer> {
  const { headers, now, target, fault } = context
  const bucket = bucketOf(context)
  const path = `/${String(headers['x-amz-copy-source']).replace(/^\//, '')}`
  const from: Context = { ...context, target: readTarget(path, {}) }
  if (from.target.key === '')
    throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key')
  const sourceBucket = bucketOf(from)
  const source = versionOf(from, sourceBucket)
  requireReadable(source, now)
  const replaced = headers['x-amz-metadata-directive'] === 'REPLACE'
  const kept = replaced
    ? objectHeaders(headers)
    : { ...unclassed(source.headers), ...ofTarget(objectHeaders(headers)) }
  const check = guardConditions(bucket, target.key, conditionHeaders(context))
  const algorithm = readAlgorithm(
    String(headers['x-amz-checksum-algorithm'] ?? source.checksum?.algorithm ?? 'CRC64NVME'),
  )
  const body = await writeBody(
    bucket.paths.bodies,
    async (write) => {
      const digests = createDigests(algorithm)
      const chunks: AsyncIterable<Buffer> = createReadStream('', {
        fd: openBody(sourceBucket, from.target.key, source),
      })
      for await (const chunk of chunks) {
        digests.update(chunk)
        await write(chunk)
      }
      return digests.finish()
    },
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
    tags: headers['x-amz-tagging-directive'] === 'REPLACE' ? tagsOfHeader(headers) : source.tags,
    checksum: body.checksum,
    ...lockOfWrite(context, bucket),
  }
  commitVersion(bucket, target.key, version, check)
  return xmlAnswer(
    xmlDocument(
      'CopyObjectResult',
      textElement('LastModified', version.modified),
      textElement('ETag', `"${version.etag}"`),
      ...checksumElements(version.checksum),
    ),
    { ...encryptionHeaders(kept), ...versionHeaders(bucket, version) },
  )
}
