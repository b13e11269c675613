import { bucketOf } from './context.ts'
import type { Answer, Context, Operation } from './context.ts'
import { receiveDocument } from './payload.ts'
import { S3Error } from './s3-error.ts'
import { saveBucket } from './store.ts'
import { parseXml, xmlDocument } from './xml.ts'

/** A configuration that is kept word for word and has no effect. */
interface DocumentKind {
  /** its root element; '' for the policy, which is JSON */
  root: string
  /** the error of a bucket that has none; '' answers an empty document */
  missing: string
  putStatus: number
}

const KINDS: Record<string, DocumentKind> = {
  encryption: {
    root: 'ServerSideEncryptionConfiguration',
    missing: 'ServerSideEncryptionConfigurationNotFoundError',
    putStatus: 200,
  },
  lifecycle: { root: 'LifecycleConfiguration', missing: 'NoSuchLifecycleConfiguration', putStatus: 200 },
  notification: { root: 'NotificationConfiguration', missing: '', putStatus: 200 },
  ownershipControls: { root: 'OwnershipControls', missing: 'OwnershipControlsNotFoundError', putStatus: 200 },
  policy: { root: '', missing: 'NoSuchBucketPolicy', putStatus: 204 },
  publicAccessBlock: {
    root: 'PublicAccessBlockConfiguration',
    missing: 'NoSuchPublicAccessBlockConfiguration',
    putStatus: 200,
  },
  tagging: { root: 'Tagging', missing: 'NoSuchTagSet', putStatus: 204 },
}

/** The sub-resources whose documents are kept. */
export const DOCUMENT_NAMES = Object.keys(KINDS)

function kindOf(name: string): DocumentKind {
  const kind = KINDS[name]
  if (!kind)
    throw new S3Error(
      'NotImplemented',
      'A header you provided implies functionality that is not implemented.',
    )
  return kind
}

function checkPolicy(text: string): void {
  try {
    JSON.parse(text)
  } catch {
    throw new S3Error('MalformedPolicy', "Policies must be valid JSON and the first byte must be '{'")
  }
}

/** PutBucketLifecycleConfiguration, PutBucketPolicy and their like. */
export function putDocument(name: string): Operation {
  return async (context: Context): Promise<Answer> => {
    const bucket = bucketOf(context)
    const { root, putStatus } = kindOf(name)
    const text = await receiveDocument(context.incoming)
    if (root === '') checkPolicy(text)
    else parseXml(text, root)
    saveBucket(bucket, { ...bucket.config, documents: { ...bucket.config.documents, [name]: text } })
    return { status: putStatus }
  }
}

/** GetBucketLifecycleConfiguration, GetBucketPolicy and their like. */
export function getDocument(name: string): Operation {
  return (context: Context): Answer => {
    const { documents } = bucketOf(context).config
    const { root, missing } = kindOf(name)
    const text = documents[name]
    if (text === undefined && missing !== '')
      throw new S3Error(missing, `The bucket has no ${name} configuration`, {
        BucketName: context.target.bucket,
      })
    return {
      status: 200,
      headers: { 'content-type': root === '' ? 'application/json' : 'application/xml' },
      body: text ?? xmlDocument(root),
    }
  }
}

/** DeleteBucketLifecycle, DeleteBucketPolicy and their like. */
export function deleteDocument(name: string): Operation {
  return (context: Context): Answer => {
    const bucket = bucketOf(context)
    const { [name]: _removed, ...documents } = bucket.config.documents
    saveBucket(bucket, { ...bucket.config, documents })
    return { status: 204 }
  }
}
