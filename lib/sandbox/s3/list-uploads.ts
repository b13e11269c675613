import { bucketOf, xmlAnswer } from './context.ts'
import type { Answer, Context } from './context.ts'
import { checksumElement } from './checksums.ts'
import { keyEncoding } from './list-objects.ts'
import { readLimit } from './listing.ts'
import type { Upload } from './model.ts'
import { compareKeys } from './order.ts'
import { S3Error } from './s3-error.ts'
import { findUpload } from './uploads.ts'
import { element, textElement, xmlDocument } from './xml.ts'

function byKeyThenStart(a: Upload, b: Upload): number {
  return (
    compareKeys(a.config.key, b.config.key) ||
    compareKeys(a.config.initiated, b.config.initiated) ||
    compareKeys(a.config.uploadId, b.config.uploadId)
  )
}

/** ListMultipartUploads, by prefix; without delimiter. */
export function listMultipartUploads(context: Context): Answer {
  const bucket = bucketOf(context)
  const { query } = context.target
  if (query.get('delimiter'))
    throw new S3Error('NotImplemented', 'Grouping uploads by a delimiter is not implemented.')
  const encode = keyEncoding(query)
  const limit = readLimit(query.get('max-uploads'), 'max-uploads')
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = query.get('upload-id-marker') ?? ''
  const uploads = [...bucket.uploads.values()]
    .filter(({ config }) => config.key.startsWith(query.get('prefix') ?? ''))
    .toSorted(byKeyThenStart)
  const marker = uploads.findIndex(({ config }) => config.key === keyMarker && config.uploadId === idMarker)
  const rest =
    marker >= 0
      ? uploads.slice(marker + 1)
      : uploads.filter(({ config }) => compareKeys(config.key, keyMarker) > 0)
  const shown = rest.slice(0, limit)
  const last = rest.length > shown.length ? shown.at(-1)?.config : undefined
  return xmlAnswer(
    xmlDocument(
      'ListMultipartUploadsResult',
      textElement('Bucket', bucket.config.name),
      textElement('KeyMarker', encode(keyMarker)),
      textElement('UploadIdMarker', idMarker),
      textElement('Prefix', encode(query.get('prefix') ?? '')),
      textElement('MaxUploads', limit),
      textElement('EncodingType', query.get('encoding-type') || undefined),
      textElement('IsTruncated', last !== undefined),
      textElement('NextKeyMarker', last && encode(last.key)),
      textElement('NextUploadIdMarker', last?.uploadId),
      ...shown.map(({ config }) =>
        element(
          'Upload',
          textElement('Key', encode(config.key)),
          textElement('UploadId', config.uploadId),
          textElement('StorageClass', config.headers['x-amz-storage-class'] ?? 'STANDARD'),
          textElement('Initiated', config.initiated),
          textElement('ChecksumAlgorithm', config.algorithm),
          textElement('ChecksumType', config.checksumType),
        ),
      ),
    ),
  )
}

/** ListParts */
export function listParts(context: Context): Answer {
  const bucket = bucketOf(context)
  const { key, query } = context.target
  const uploadId = query.get('uploadId') ?? ''
  const { config, parts } = findUpload(bucket, key, uploadId)
  const limit = readLimit(query.get('max-parts'), 'max-parts')
  const marker = Number(query.get('part-number-marker') ?? 0)
  const rest = [...parts.values()]
    .filter(({ partNumber }) => partNumber > marker)
    .toSorted((a, b) => a.partNumber - b.partNumber)
  const shown = rest.slice(0, limit)
  const truncated = rest.length > shown.length
  return xmlAnswer(
    xmlDocument(
      'ListPartsResult',
      textElement('Bucket', bucket.config.name),
      textElement('Key', key),
      textElement('UploadId', uploadId),
      textElement('PartNumberMarker', marker),
      textElement('NextPartNumberMarker', truncated ? shown.at(-1)?.partNumber : undefined),
      textElement('MaxParts', limit),
      textElement('IsTruncated', truncated),
      textElement('StorageClass', config.headers['x-amz-storage-class'] ?? 'STANDARD'),
      textElement('ChecksumAlgorithm', config.algorithm),
      textElement('ChecksumType', config.checksumType),
      ...shown.map((part) =>
        element(
          'Part',
          textElement('PartNumber', part.partNumber),
          textElement('LastModified', part.modified),
          textElement('ETag', `"${part.etag}"`),
          textElement('Size', part.size),
          part.checksum ? textElement(checksumElement(part.checksum.algorithm), part.checksum.value) : '',
        ),
      ),
    ),
  )
}
