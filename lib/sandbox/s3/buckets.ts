import { bucketOf, xmlAnswer } from './context.ts'
import type { Answer, Context } from './context.ts'
import { receiveDocument } from './payload.ts'
import { S3Error } from './s3-error.ts'
import { createBucket, deleteBucket, saveBucket } from './store.ts'
import { childText, element, parseXml, textElement, xmlDocument } from './xml.ts'

/** CreateBucket; a bucket that is there already is refused, as every region but the oldest does. */
export async function createBucketByRequest(context: Context): Promise<Answer> {
  const { store, target, headers, now, incoming } = context
  if (Number(headers['content-length'] ?? 0) > 0) await receiveDocument(incoming)
  if (store.buckets.has(target.bucket))
    throw new S3Error(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
      { BucketName: target.bucket },
    )
  const objectLock = String(headers['x-amz-bucket-object-lock-enabled'] ?? '').toLowerCase() === 'true'
  createBucket(store, {
    name: target.bucket,
    created: now.toISOString(),
    objectLock,
    versioning: objectLock ? 'Enabled' : '',
    documents: {},
  })
  return { status: 200, headers: { location: `/${target.bucket}` } }
}

/** HeadBucket */
export function headBucket(context: Context): Answer {
  bucketOf(context)
  return { status: 200, headers: { 'x-amz-bucket-region': context.region } }
}

/** DeleteBucket */
export function deleteBucketByRequest(context: Context): Answer {
  deleteBucket(context.store, bucketOf(context))
  return { status: 204 }
}

/** ListBuckets */
export function listBuckets({ store }: Context): Answer {
  const buckets = [...store.buckets.values()]
    .map(({ config }) => config)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, created }) =>
      element('Bucket', textElement('Name', name), textElement('CreationDate', created)),
    )
  return xmlAnswer(
    xmlDocument(
      'ListAllMyBucketsResult',
      element('Owner', textElement('ID', 'sandbox')),
      element('Buckets', ...buckets),
    ),
  )
}

/** GetBucketLocation: empty for us-east-1, as S3 has it. */
export function getBucketLocation(context: Context): Answer {
  bucketOf(context)
  const region = context.region === 'us-east-1' ? '' : context.region
  return xmlAnswer(xmlDocument('LocationConstraint', region))
}

/** GetBucketVersioning */
export function getBucketVersioning(context: Context): Answer {
  const { versioning } = bucketOf(context).config
  return xmlAnswer(xmlDocument('VersioningConfiguration', textElement('Status', versioning || undefined)))
}

/** PutBucketVersioning; what is locked stays versioned. */
export async function putBucketVersioning(context: Context): Promise<Answer> {
  const bucket = bucketOf(context)
  const root = parseXml(await receiveDocument(context.incoming), 'VersioningConfiguration')
  const status = childText(root, 'Status')
  if (status !== 'Enabled' && status !== 'Suspended')
    throw new S3Error('IllegalVersioningConfigurationException', 'The Versioning element must be specified')
  if (status === 'Suspended' && bucket.config.objectLock)
    throw new S3Error(
      'InvalidBucketState',
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    )
  saveBucket(bucket, { ...bucket.config, versioning: status })
  return { status: 200 }
}
