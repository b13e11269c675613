import { checksumElement } from './checksums.ts'
import { bucketOf, versionHeaders, versionOf, xmlAnswer } from './context.ts'
import type { Answer, Context } from './context.ts'
import type { Checksum, Version } from './model.ts'
import { S3Error } from './s3-error.ts'
import { element, textElement, xmlDocument } from './xml.ts'

/** A checksum and its type, as elements. */
export function checksumElements(checksum: Checksum | undefined): string[] {
  if (!checksum) return []
  return [
    textElement(checksumElement(checksum.algorithm), checksum.value),
    textElement('ChecksumType', checksum.type),
  ]
}

function partsElement(version: Version): string {
  const { parts, checksum } = version
  if (!parts) return ''
  const listed = checksum?.type === 'COMPOSITE' ? parts : []
  return element(
    'ObjectParts',
    textElement('TotalPartsCount', parts.length),
    ...listed.map((part) =>
      element(
        'Part',
        textElement('PartNumber', part.partNumber),
        textElement('Size', part.size),
        ...checksumElements(part.checksum).slice(0, 1),
      ),
    ),
  )
}

/** GetObjectAttributes: what `x-amz-object-attributes` names, and nothing else. */
export function getObjectAttributes(context: Context): Answer {
  const bucket = bucketOf(context)
  const version = versionOf(context, bucket)
  const named = String(context.headers['x-amz-object-attributes'] ?? '')
    .split(',')
    .map((one) => one.trim())
  if (named.every((one) => one === ''))
    throw new S3Error(
      'InvalidArgument',
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
    )
  const checksum = context.fault?.kind === 'no-checksum' ? undefined : version.checksum
  const bare = checksum && { ...checksum, value: checksum.value.replace(/-\d+$/, '') }
  const written: Record<string, string> = {
    ETag: textElement('ETag', version.etag),
    Checksum: bare ? element('Checksum', ...checksumElements(bare)) : '',
    ObjectParts: partsElement(version),
    StorageClass: textElement('StorageClass', version.headers['x-amz-storage-class'] ?? 'STANDARD'),
    ObjectSize: textElement('ObjectSize', version.size),
  }
  const unknown = named.find((name) => !(name in written))
  if (unknown !== undefined)
    throw new S3Error('InvalidArgument', 'Invalid attribute name specified.', { ArgumentValue: unknown })
  const inner = Object.keys(written).map((name) => (named.includes(name) ? (written[name] ?? '') : ''))
  return xmlAnswer(xmlDocument('GetObjectAttributesResponse', ...inner), {
    'last-modified': new Date(version.modified).toUTCString(),
    ...versionHeaders(bucket, version),
  })
}
