import { writeBody } from './body-file.ts'
import { checksumHeaders, checksumTypeOf, readAlgorithm, announcedChecksum } from './checksums.ts'
import { bucketOf, xmlAnswer } from './context.ts'
import type { Answer, Context } from './context.ts'
import { lockOfHeaders, requireChecksumForLock, withDefaultRetention } from './locks.ts'
import type { Upload, UploadedPart } from './model.ts'
import { receivePayload } from './payload.ts'
import { encryptionHeaders, objectHeaders, tagsOfHeader } from './properties.ts'
import { S3Error } from './s3-error.ts'
import { findUpload, removeUpload, savePart, settled, startUpload, uploadDirectory } from './uploads.ts'
import { textElement, xmlDocument } from './xml.ts'

const MAX_PART_NUMBER = 10_000

/** CreateMultipartUpload */
export function createMultipartUpload(context: Context): Answer {
  const bucket = bucketOf(context)
  const { headers, target, now, fault } = context
  const named = headers['x-amz-checksum-algorithm']
  const type = headers['x-amz-checksum-type']
  if (named === undefined && type !== undefined)
    throw new S3Error(
      'InvalidRequest',
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    )
  const algorithm =
    named === undefined || fault?.kind === 'no-checksum' ? undefined : readAlgorithm(String(named))
  const checksumType = algorithm && checksumTypeOf(algorithm, type === undefined ? undefined : String(type))
  const lock = fault?.kind === 'ignore-lock' ? {} : lockOfHeaders(headers, bucket.config, now)
  const kept = objectHeaders(headers)
  const { config } = startUpload(bucket, {
    key: target.key,
    initiated: now.toISOString(),
    ...(algorithm && checksumType ? { algorithm, checksumType } : {}),
    headers: kept,
    tags: tagsOfHeader(headers),
    ...lock,
  })
  return xmlAnswer(
    xmlDocument(
      'InitiateMultipartUploadResult',
      textElement('Bucket', target.bucket),
      textElement('Key', target.key),
      textElement('UploadId', config.uploadId),
    ),
    {
      ...encryptionHeaders(kept),
      ...(algorithm && checksumType
        ? { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': checksumType }
        : {}),
    },
  )
}

function readPartNumber(text: string | undefined): number {
  const partNumber = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0
  if (partNumber >= 1 && partNumber <= MAX_PART_NUMBER) return partNumber
  throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
    ArgumentName: 'partNumber',
    ArgumentValue: text ?? '',
  })
}

/** A part must bring the checksum that its upload was begun with; a composite one cannot do without. */
function checkPartAlgorithm({ headers }: Context, { config }: Upload): void {
  const actual = announcedChecksum(headers)?.algorithm
  if (!config.algorithm || actual === config.algorithm) return
  if (actual === undefined && config.checksumType === 'FULL_OBJECT') return
  throw new S3Error(
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${config.algorithm.toLowerCase()}, actual checksum Type: ${actual?.toLowerCase() ?? 'null'}`,
  )
}

/** UploadPart */
export async function uploadPart(context: Context): Promise<Answer> {
  const bucket = bucketOf(context)
  const { target, fault, headers, now } = context
  const partNumber = readPartNumber(target.query.get('partNumber'))
  const uploadId = target.query.get('uploadId') ?? ''
  const upload = findUpload(bucket, target.key, uploadId)
  const { config } = upload
  requireChecksumForLock(headers, withDefaultRetention(config, bucket.config, now), 'Upload Part')
  const ignoreChecksum = fault?.kind === 'no-checksum'
  if (!ignoreChecksum) checkPartAlgorithm(context, upload)
  const directory = uploadDirectory(bucket, uploadId)
  const body = await writeBody(
    directory,
    async (write) => {
      const fallback = config.algorithm ?? 'CRC64NVME'
      const received = await receivePayload(context.incoming, { fallback, ignoreChecksum, write })
      // It may have been aborted or completed while the part came in.
      findUpload(bucket, target.key, uploadId)
      return received
    },
    fault,
  )
  const part: UploadedPart = {
    partNumber,
    size: body.size,
    etag: body.md5,
    ...(ignoreChecksum ? {} : { checksum: body.checksum }),
    bodyId: body.bodyId,
    modified: now.toISOString(),
  }
  savePart(bucket, upload, part)
  return {
    status: 200,
    headers: {
      etag: `"${part.etag}"`,
      ...encryptionHeaders(config.headers),
      ...partChecksumHeader(part),
    },
  }
}

function partChecksumHeader({ checksum }: UploadedPart): Record<string, string> {
  return Object.fromEntries(
    Object.entries(checksumHeaders(checksum)).filter(([name]) => name !== 'x-amz-checksum-type'),
  )
}

/** AbortMultipartUpload; a completion that is under way comes first. */
export async function abortMultipartUpload(context: Context): Promise<Answer> {
  const bucket = bucketOf(context)
  const { key, query } = context.target
  const uploadId = query.get('uploadId') ?? ''
  await settled(bucket, uploadId)
  removeUpload(bucket, findUpload(bucket, key, uploadId))
  return { status: 204 }
}
