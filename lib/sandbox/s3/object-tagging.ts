import { bucketOf, versionHeaders, versionOf, xmlAnswer } from './context.ts'
import type { Answer, Context } from './context.ts'
import { replaceVersion } from './object-lock.ts'
import { receiveDocument } from './payload.ts'
import { S3Error } from './s3-error.ts'
import { child, childText, element, parseXml, textElement, xmlDocument } from './xml.ts'

/** GetObjectTagging */
export function getObjectTagging(context: Context): Answer {
  const bucket = bucketOf(context)
  const version = versionOf(context, bucket)
  const tags = version.tags.map(([key, value]) =>
    element('Tag', textElement('Key', key), textElement('Value', value)),
  )
  return xmlAnswer(xmlDocument('Tagging', element('TagSet', ...tags)), versionHeaders(bucket, version))
}

/** PutObjectTagging: the new set replaces the old one. */
export async function putObjectTagging(context: Context): Promise<Answer> {
  const bucket = bucketOf(context)
  const root = parseXml(await receiveDocument(context.incoming), 'Tagging')
  const tags = (child(root, 'TagSet')?.children ?? []).map((tag): [string, string] => [
    childText(tag, 'Key') ?? '',
    childText(tag, 'Value') ?? '',
  ])
  if (tags.length > 10) throw new S3Error('InvalidTag', 'Object tags cannot be greater than 10')
  if (new Set(tags.map(([key]) => key)).size < tags.length || tags.some(([key]) => key === ''))
    throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key')
  const version = versionOf(context, bucket)
  replaceVersion(bucket, context.target.key, version, { ...version, tags })
  return { status: 200, headers: versionHeaders(bucket, version) }
}

/** DeleteObjectTagging */
export function deleteObjectTagging(context: Context): Answer {
  const bucket = bucketOf(context)
  const version = versionOf(context, bucket)
  replaceVersion(bucket, context.target.key, version, { ...version, tags: [] })
  return { status: 204, headers: versionHeaders(bucket, version) }
}
