import type { IncomingHttpHeaders } from 'node:http'
import { deleteDocument, DOCUMENT_NAMES, getDocument, putDocument } from './bucket-documents.ts'
import {
  createBucketByRequest,
  deleteBucketByRequest,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
  putBucketVersioning,
} from './buckets.ts'
import { completeMultipartUpload } from './complete-multipart.ts'
import type { Operation } from './context.ts'
import { copyObject } from './copy-object.ts'
import { deleteObject, deleteObjects } from './delete-object.ts'
import { getObject, headObject } from './get-object.ts'
import { listObjects, listObjectsV2 } from './list-objects.ts'
import { listMultipartUploads, listParts } from './list-uploads.ts'
import { listObjectVersions } from './list-versions.ts'
import { abortMultipartUpload, createMultipartUpload, uploadPart } from './multipart.ts'
import { getObjectAttributes } from './object-attributes.ts'
import {
  getObjectLegalHold,
  getObjectLockConfiguration,
  getObjectRetention,
  putObjectLegalHold,
  putObjectLockConfiguration,
  putObjectRetention,
} from './object-lock.ts'
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './object-tagging.ts'
import { putObject } from './put-object.ts'
import { restoreObject } from './restore-object.ts'
import { S3Error } from './s3-error.ts'
import type { Target } from './target.ts'

/** An operation by the API Reference's name for it. */
export interface NamedOperation {
  name: string
  run: Operation
}

/** Query names that make a request one about something else than the object or bucket itself. */
const SUB_RESOURCES = new Set(
  [
    'acl accelerate analytics attributes cors delete intelligent-tiering inventory legal-hold location logging metrics',
    'object-lock policyStatus renameObject replication requestPayment restore retention select session torrent',
    'uploadId uploads versioning versions website',
    ...DOCUMENT_NAMES,
  ].flatMap((names) => names.split(' ')),
)

const DOCUMENT_OPERATIONS: Record<string, string> = {
  encryption: 'BucketEncryption',
  lifecycle: 'BucketLifecycleConfiguration',
  notification: 'BucketNotificationConfiguration',
  ownershipControls: 'BucketOwnershipControls',
  policy: 'BucketPolicy',
  publicAccessBlock: 'PublicAccessBlock',
  tagging: 'BucketTagging',
}

/** `<method> <service|bucket|object> [sub-resource]` → operation */
const OPERATIONS: Record<string, [string, Operation]> = {
  'GET service': ['ListBuckets', listBuckets],
  'PUT bucket': ['CreateBucket', createBucketByRequest],
  'HEAD bucket': ['HeadBucket', headBucket],
  'DELETE bucket': ['DeleteBucket', deleteBucketByRequest],
  'GET bucket': ['ListObjects', listObjects],
  'GET bucket list-type': ['ListObjectsV2', listObjectsV2],
  'GET bucket versions': ['ListObjectVersions', listObjectVersions],
  'GET bucket uploads': ['ListMultipartUploads', listMultipartUploads],
  'GET bucket location': ['GetBucketLocation', getBucketLocation],
  'GET bucket versioning': ['GetBucketVersioning', getBucketVersioning],
  'PUT bucket versioning': ['PutBucketVersioning', putBucketVersioning],
  'GET bucket object-lock': ['GetObjectLockConfiguration', getObjectLockConfiguration],
  'PUT bucket object-lock': ['PutObjectLockConfiguration', putObjectLockConfiguration],
  'POST bucket delete': ['DeleteObjects', deleteObjects],
  'GET object': ['GetObject', getObject],
  'HEAD object': ['HeadObject', headObject],
  'PUT object': ['PutObject', putObject],
  'PUT object copy': ['CopyObject', copyObject],
  'DELETE object': ['DeleteObject', deleteObject],
  'GET object attributes': ['GetObjectAttributes', getObjectAttributes],
  'GET object tagging': ['GetObjectTagging', getObjectTagging],
  'PUT object tagging': ['PutObjectTagging', putObjectTagging],
  'DELETE object tagging': ['DeleteObjectTagging', deleteObjectTagging],
  'GET object retention': ['GetObjectRetention', getObjectRetention],
  'PUT object retention': ['PutObjectRetention', putObjectRetention],
  'GET object legal-hold': ['GetObjectLegalHold', getObjectLegalHold],
  'PUT object legal-hold': ['PutObjectLegalHold', putObjectLegalHold],
  'POST object restore': ['RestoreObject', restoreObject],
  'POST object uploads': ['CreateMultipartUpload', createMultipartUpload],
  'PUT object uploadId': ['UploadPart', uploadPart],
  'POST object uploadId': ['CompleteMultipartUpload', completeMultipartUpload],
  'DELETE object uploadId': ['AbortMultipartUpload', abortMultipartUpload],
  'GET object uploadId': ['ListParts', listParts],
  ...Object.fromEntries(
    DOCUMENT_NAMES.flatMap((sub): [string, [string, Operation]][] => [
      [`GET bucket ${sub}`, [`Get${DOCUMENT_OPERATIONS[sub] ?? sub}`, getDocument(sub)]],
      [`PUT bucket ${sub}`, [`Put${DOCUMENT_OPERATIONS[sub] ?? sub}`, putDocument(sub)]],
      [`DELETE bucket ${sub}`, [`Delete${DOCUMENT_OPERATIONS[sub] ?? sub}`, deleteDocument(sub)]],
    ]),
  ),
}

function subResourceOf(method: string, { key, query }: Target, headers: IncomingHttpHeaders): string {
  const copies = method === 'PUT' && headers['x-amz-copy-source'] !== undefined
  const named = [...query.keys()].find((name) => SUB_RESOURCES.has(name))
  if (copies) return named === undefined ? ' copy' : ' part-copy'
  if (named !== undefined) return ` ${named}`
  return key === '' && query.get('list-type') === '2' ? ' list-type' : ''
}

/**
 * The operation that a request asks for.
 * @throws {S3Error} NotImplemented, so that nothing is taken for what it isn't
 */
export function findOperation(method: string, target: Target, headers: IncomingHttpHeaders): NamedOperation {
  const scope = target.bucket === '' ? 'service' : target.key === '' ? 'bucket' : 'object'
  const found = OPERATIONS[`${method} ${scope}${subResourceOf(method, target, headers)}`]
  if (!found)
    throw new S3Error(
      'NotImplemented',
      'A header you provided implies functionality that is not implemented.',
    )
  const [name, run] = found
  return { name, run }
}
