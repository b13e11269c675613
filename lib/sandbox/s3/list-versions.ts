import { bucketOf, xmlAnswer } from './context.ts'
import type { Answer, Context } from './context.ts'
import { commonPrefixes, keyEncoding, listingHead, versionElements } from './list-objects.ts'
import { pageOfKeys, readLimit } from './listing.ts'
import type { Bucket, Version } from './model.ts'
import { element, textElement, xmlDocument } from './xml.ts'

interface Entry {
  key: string
  version: Version
  isLatest: boolean
}

/** The versions of a key, newest first, from behind `versionIdMarker` if that is one of them. */
function entriesOf(bucket: Bucket, key: string, versionIdMarker: string): Entry[] {
  const versions = bucket.records.get(key)?.versions ?? []
  const from =
    versionIdMarker === '' ? 0 : versions.findIndex(({ versionId }) => versionId === versionIdMarker) + 1
  return versions.map((version, index) => ({ key, version, isLatest: index === 0 })).slice(from)
}

/** ListObjectVersions: a page may end between two versions of one key. */
export function listObjectVersions(context: Context): Answer {
  const bucket = bucketOf(context)
  const { query } = context.target
  const encode = keyEncoding(query)
  const limit = readLimit(query.get('max-keys'), 'max-keys')
  const keyMarker = query.get('key-marker') ?? ''
  const versionIdMarker = query.get('version-id-marker') ?? ''
  const page = pageOfKeys(
    bucket.keys,
    {
      prefix: query.get('prefix') ?? '',
      delimiter: query.get('delimiter') ?? '',
      after: keyMarker,
      limit,
    },
    () => true,
  )
  const resumed =
    keyMarker !== '' && versionIdMarker !== '' ? entriesOf(bucket, keyMarker, versionIdMarker) : []
  const entries = [...resumed, ...page.keys.flatMap((key) => entriesOf(bucket, key, ''))]
  const shown = entries.slice(0, Math.max(0, limit - page.prefixes.length))
  const last = shown.at(-1)
  const cut = entries.length > shown.length
  const truncated = limit > 0 && (cut || page.next !== undefined)
  const nextKey = cut ? last?.key : page.next
  return xmlAnswer(
    xmlDocument(
      'ListVersionsResult',
      ...listingHead(query, bucket, encode),
      textElement('KeyMarker', encode(keyMarker)),
      textElement('VersionIdMarker', versionIdMarker),
      textElement('IsTruncated', truncated),
      textElement('NextKeyMarker', truncated && nextKey !== undefined ? encode(nextKey) : undefined),
      textElement(
        'NextVersionIdMarker',
        truncated && last?.key === nextKey ? last?.version.versionId : undefined,
      ),
      ...shown.map(({ key, version, isLatest }) =>
        element(
          version.deleteMarker ? 'DeleteMarker' : 'Version',
          textElement('Key', encode(key)),
          textElement('VersionId', version.versionId),
          textElement('IsLatest', isLatest),
          ...(version.deleteMarker
            ? [textElement('LastModified', version.modified)]
            : versionElements(version)),
        ),
      ),
      ...commonPrefixes(page, encode),
    ),
  )
}
