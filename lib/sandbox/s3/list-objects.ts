import { currentVersion } from './commit.ts'
import { bucketOf, xmlAnswer } from './context.ts'
import type { Answer, Context } from './context.ts'
import { laterKey, pageOfKeys, readLimit, readToken, writeToken } from './listing.ts'
import type { KeyPage } from './listing.ts'
import type { Bucket, Version } from './model.ts'
import { S3Error } from './s3-error.ts'
import { encodePath } from './sigv4.ts'
import { element, textElement, xmlDocument } from './xml.ts'

type Encode = (text: string) => string

/** How keys are written: percent-encoded where `encoding-type=url` asks for it. @throws {S3Error} InvalidArgument */
export function keyEncoding(query: Map<string, string>): Encode {
  const type = query.get('encoding-type')
  if (type === undefined || type === '') return (text) => text
  if (type === 'url') return encodePath
  throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request', {
    ArgumentName: 'encoding-type',
    ArgumentValue: type,
  })
}

/** The elements that every listing repeats of its request. */
export function listingHead(query: Map<string, string>, bucket: Bucket, encode: Encode): string[] {
  const delimiter = query.get('delimiter')
  return [
    textElement('Name', bucket.config.name),
    textElement('Prefix', encode(query.get('prefix') ?? '')),
    delimiter ? textElement('Delimiter', encode(delimiter)) : '',
    textElement('MaxKeys', readLimit(query.get('max-keys'), 'max-keys')),
    textElement('EncodingType', query.get('encoding-type') || undefined),
  ]
}

/** `<CommonPrefixes>` of a page's groups. */
export function commonPrefixes(page: KeyPage, encode: Encode): string[] {
  return page.prefixes.map((prefix) => element('CommonPrefixes', textElement('Prefix', encode(prefix))))
}

/** What a listing says of a version that has a body. */
export function versionElements(version: Version): string[] {
  return [
    textElement('LastModified', version.modified),
    textElement('ETag', `"${version.etag}"`),
    version.checksum ? textElement('ChecksumAlgorithm', version.checksum.algorithm) : '',
    version.checksum ? textElement('ChecksumType', version.checksum.type) : '',
    textElement('Size', version.size),
    textElement('StorageClass', version.headers['x-amz-storage-class'] ?? 'STANDARD'),
  ]
}

function contents(bucket: Bucket, page: KeyPage, encode: Encode): string[] {
  return page.keys.map((key) => {
    const version = currentVersion(bucket, key)
    return version ? element('Contents', textElement('Key', encode(key)), ...versionElements(version)) : ''
  })
}

function cutPage(bucket: Bucket, query: Map<string, string>, after: string): KeyPage {
  return pageOfKeys(
    bucket.keys,
    {
      prefix: query.get('prefix') ?? '',
      delimiter: query.get('delimiter') ?? '',
      after,
      limit: readLimit(query.get('max-keys'), 'max-keys'),
    },
    (key) => currentVersion(bucket, key) !== undefined,
  )
}

/** ListObjectsV2 */
export function listObjectsV2(context: Context): Answer {
  const bucket = bucketOf(context)
  const { query } = context.target
  const encode = keyEncoding(query)
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after')
  const after = token === undefined ? (startAfter ?? '') : laterKey(readToken(token), startAfter ?? '')
  const page = cutPage(bucket, query, after)
  return xmlAnswer(
    xmlDocument(
      'ListBucketResult',
      ...listingHead(query, bucket, encode),
      textElement('KeyCount', page.keys.length + page.prefixes.length),
      textElement('IsTruncated', page.next !== undefined),
      textElement('ContinuationToken', token),
      textElement('StartAfter', startAfter === undefined ? undefined : encode(startAfter)),
      textElement('NextContinuationToken', page.next === undefined ? undefined : writeToken(page.next)),
      ...contents(bucket, page, encode),
      ...commonPrefixes(page, encode),
    ),
  )
}

/** ListObjects, the older form, which some tools still use. */
export function listObjects(context: Context): Answer {
  const bucket = bucketOf(context)
  const { query } = context.target
  const encode = keyEncoding(query)
  const marker = query.get('marker') ?? ''
  const page = cutPage(bucket, query, marker)
  return xmlAnswer(
    xmlDocument(
      'ListBucketResult',
      ...listingHead(query, bucket, encode),
      textElement('Marker', encode(marker)),
      textElement('IsTruncated', page.next !== undefined),
      textElement('NextMarker', page.next === undefined ? undefined : encode(page.next)),
      ...contents(bucket, page, encode),
      ...commonPrefixes(page, encode),
    ),
  )
}
