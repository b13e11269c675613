import { saveVersions, versionsWith } from './commit.ts'
import { bucketOf, xmlAnswer } from './context.ts'
import type { Answer, Context } from './context.ts'
import { checkDeletable } from './locks.ts'
import type { Bucket, Version } from './model.ts'
import { receiveDocument, requireIntegrityHeader } from './payload.ts'
import { S3Error } from './s3-error.ts'
import { newVersionId } from './write-version.ts'
import { childText, element, parseXml, textElement, xmlDocument } from './xml.ts'

const MAX_KEYS = 1000

interface Deletion {
  /** of the version that went, or of the marker that came */
  versionId?: string
  deleteMarker: boolean
}

function bypassesGovernance({ headers }: Context): boolean {
  return String(headers['x-amz-bypass-governance-retention'] ?? '').toLowerCase() === 'true'
}

function deleteVersion(context: Context, bucket: Bucket, key: string, versionId: string): Deletion {
  const versions = bucket.records.get(key)?.versions ?? []
  const version = versions.find((one) => one.versionId === versionId)
  if (!version) return { versionId, deleteMarker: false }
  if (context.fault?.kind !== 'ignore-lock') checkDeletable(version, bypassesGovernance(context), context.now)
  saveVersions(
    bucket,
    key,
    versions.filter((one) => one !== version),
  )
  return { versionId, deleteMarker: version.deleteMarker }
}

function addMarker(bucket: Bucket, key: string, now: Date): Deletion {
  const marker: Version = {
    versionId: newVersionId(bucket),
    modified: now.toISOString(),
    deleteMarker: true,
    size: 0,
    etag: '',
    bodyId: '',
    headers: {},
    tags: [],
  }
  saveVersions(bucket, key, versionsWith(bucket, key, marker))
  return { versionId: marker.versionId, deleteMarker: true }
}

/** Deletes for good (unversioned, or a version by id), or puts a delete marker on top. */
function deleteKey(context: Context, bucket: Bucket, key: string, versionId: string | undefined): Deletion {
  bucket.deletions.set(key, (bucket.deletions.get(key) ?? 0) + 1)
  if (versionId !== undefined) return deleteVersion(context, bucket, key, versionId)
  if (bucket.config.versioning !== '') return addMarker(bucket, key, context.now)
  if (bucket.records.has(key)) saveVersions(bucket, key, [])
  return { deleteMarker: false }
}

/** DeleteObject: 204, whether or not there was anything. */
export function deleteObject(context: Context): Answer {
  const { key, query } = context.target
  const { versionId, deleteMarker } = deleteKey(context, bucketOf(context), key, query.get('versionId'))
  return {
    status: 204,
    headers: {
      ...(versionId === undefined ? {} : { 'x-amz-version-id': versionId }),
      ...(deleteMarker ? { 'x-amz-delete-marker': 'true' } : {}),
    },
  }
}

function deleteListed(context: Context, bucket: Bucket, key: string, asked: string | undefined): string {
  try {
    const { versionId, deleteMarker } = deleteKey(context, bucket, key, asked)
    return element(
      'Deleted',
      textElement('Key', key),
      textElement('VersionId', asked),
      ...(deleteMarker
        ? [textElement('DeleteMarker', true), textElement('DeleteMarkerVersionId', versionId)]
        : []),
    )
  } catch (error) {
    if (!(error instanceof S3Error)) throw error
    return element(
      'Error',
      textElement('Key', key),
      textElement('VersionId', asked),
      textElement('Code', error.code),
      textElement('Message', error.message),
    )
  }
}

/** DeleteObjects: up to a thousand, each with its own end. */
export async function deleteObjects(context: Context): Promise<Answer> {
  const bucket = bucketOf(context)
  requireIntegrityHeader(context.headers)
  const root = parseXml(await receiveDocument(context.incoming), 'Delete')
  const objects = root.children.filter(({ name }) => name === 'Object')
  if (objects.length === 0 || objects.length > MAX_KEYS)
    throw new S3Error(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    )
  const quiet = childText(root, 'Quiet') === 'true'
  const ends = objects.map((object) => {
    const key = object.children.find(({ name }) => name === 'Key')?.text ?? ''
    return deleteListed(context, bucket, key, childText(object, 'VersionId'))
  })
  const shown = quiet ? ends.filter((end) => end.startsWith('<Error>')) : ends
  return xmlAnswer(xmlDocument('DeleteResult', ...shown))
}
