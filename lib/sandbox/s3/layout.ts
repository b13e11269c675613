import { createHash } from 'node:crypto'
import { join } from 'node:path'

const MAX_SEGMENT_BYTES = 255

/** Where a bucket's things lie under the server's directory. */
export interface BucketPaths {
  /** the folder that a person opens: current bodies under their keys */
  folder: string
  /** everything else of the bucket */
  root: string
  config: string
  records: string
  bodies: string
  uploads: string
}

/** The paths of a bucket; its name is valid, so it can neither escape nor be `.s3`. */
export function bucketPaths(directory: string, bucket: string): BucketPaths {
  const root = join(directory, '.s3', bucket)
  return {
    folder: join(directory, bucket),
    root,
    config: join(root, 'bucket.json'),
    records: join(root, 'objects'),
    bodies: join(root, 'bodies'),
    uploads: join(root, 'uploads'),
  }
}

const hexOf = (text: string): string => createHash('sha256').update(text).digest('hex')

function encodeSegment(segment: string): string {
  if (segment === '') return '%'
  if (segment === '.' || segment === '..') return segment.replaceAll('.', '%2E')
  const encoded = segment.replace(
    /[%\\]|\p{Cc}/gu,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
  return Buffer.byteLength(encoded) > MAX_SEGMENT_BYTES ? `%~${hexOf(segment)}` : encoded
}

/**
 * The file of a key, relative to its bucket's folder: the key itself for ordinary ones; empty, dotted, overlong segments and
 * characters that a file name can't hold are written with `%`. Different keys give different files, and none leaves the folder.
 */
export function filePathOfKey(key: string): string {
  return key.split('/').map(encodeSegment).join('/')
}

/** The name of a key's record file. */
export function recordFileName(key: string): string {
  return `${hexOf(key)}.json`
}

/** S3's rules for names of new buckets ("Bucket naming rules"), as far as they concern us. */
export function isBucketName(name: string): boolean {
  return /^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(name) && !name.includes('..') && !/^\d+(\.\d+){3}$/.test(name)
}
