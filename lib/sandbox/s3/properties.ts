import type { IncomingHttpHeaders } from 'node:http'
import type { Version } from './model.ts'
import { S3Error } from './s3-error.ts'

const KEPT = [
  'content-type',
  'content-disposition',
  'content-language',
  'cache-control',
  'expires',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
]

const ENCRYPTION = 'x-amz-server-side-encryption'
const MAX_USER_METADATA_BYTES = 2048

/**
 * The headers of a write that belong to the object, ready to be answered to a read.
 * @throws {S3Error} MetadataTooLarge; NotImplemented for keys of the customer's own (SSE-C), which would be stored in the clear
 */
export function objectHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  if (headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined)
    throw new S3Error('NotImplemented', 'Server-side encryption with customer keys is not implemented.')
  const kept: Record<string, string> = {}
  let metadataBytes = 0
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') continue
    if (name.startsWith('x-amz-meta-')) metadataBytes += name.length - 'x-amz-meta-'.length + value.length
    else if (!KEPT.includes(name)) continue
    kept[name] = value
  }
  if (metadataBytes > MAX_USER_METADATA_BYTES)
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      MaxSizeAllowed: String(MAX_USER_METADATA_BYTES),
    })
  const encodings = (headers['content-encoding'] ?? '').split(',').map((one) => one.trim())
  const own = encodings.filter((one) => one !== '' && one !== 'aws-chunked')
  if (own.length > 0) kept['content-encoding'] = own.join(',')
  kept['content-type'] ??= 'binary/octet-stream'
  kept[ENCRYPTION] ??= 'AES256'
  if (kept['x-amz-storage-class'] === 'STANDARD') delete kept['x-amz-storage-class']
  return kept
}

/** Those of them that the answer to a write repeats. */
export function encryptionHeaders(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith(ENCRYPTION)))
}

/** Whether S3's ETag of an object encrypted so is no MD5 of its bytes. */
export function hidesMd5(headers: Record<string, string>): boolean {
  return headers[ENCRYPTION]?.startsWith('aws:kms') ?? false
}

/** Tags of an `x-amz-tagging` header: a URL query. @throws {S3Error} InvalidArgument over ten */
export function tagsOfHeader(headers: IncomingHttpHeaders): [string, string][] {
  const tags = [...new URLSearchParams(String(headers['x-amz-tagging'] ?? ''))]
  if (tags.length > 10) throw new S3Error('InvalidArgument', 'Object tags cannot be greater than 10')
  return tags
}

/** What both GET and HEAD say of a version, besides length and range. */
export function versionProperties(version: Version): Record<string, string> {
  const { retention, legalHold, tags, headers, etag, modified } = version
  return {
    ...headers,
    etag: `"${etag}"`,
    'last-modified': new Date(modified).toUTCString(),
    'accept-ranges': 'bytes',
    ...(tags.length > 0 ? { 'x-amz-tagging-count': String(tags.length) } : {}),
    ...(retention
      ? { 'x-amz-object-lock-mode': retention.mode, 'x-amz-object-lock-retain-until-date': retention.until }
      : {}),
    ...(legalHold ? { 'x-amz-object-lock-legal-hold': legalHold } : {}),
  }
}
