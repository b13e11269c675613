import type { BucketPaths } from './layout.ts'

/** The algorithms with which S3 checks bodies (Amazon S3 User Guide, "Checking object integrity"). */
export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256'

/** FULL_OBJECT: over all bytes. COMPOSITE: a checksum of the parts' checksums, written with `-<parts>`. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

export interface Checksum {
  algorithm: ChecksumAlgorithm
  type: ChecksumType
  /** base64; a composite one ends in `-<number of parts>` */
  value: string
}

export interface Retention {
  mode: 'GOVERNANCE' | 'COMPLIANCE'
  /** ISO 8601 */
  until: string
}

/** A restore of an archived version that was asked for; both ISO 8601. */
export interface RestoredCopy {
  readyAt: string
  expiresAt: string
}

export interface StoredPart {
  partNumber: number
  size: number
  /** hex MD5, without quotes */
  etag: string
  checksum?: Checksum
}

/** One version of an object, or a delete marker (which has no body). */
export interface Version {
  /** `null` (the word) in a bucket that was never versioned, as S3 has it */
  versionId: string
  /** ISO 8601 */
  modified: string
  deleteMarker: boolean
  size: number
  /** without quotes */
  etag: string
  /** name of the body's file while it isn't the current version; empty for a delete marker */
  bodyId: string
  /** response headers exactly as they were given: content-*, x-amz-meta-*, storage class, encryption */
  headers: Record<string, string>
  tags: [string, string][]
  checksum?: Checksum
  retention?: Retention
  legalHold?: 'ON' | 'OFF'
  restore?: RestoredCopy
  parts?: StoredPart[]
  /** of the multipart upload that made it: a completion asked for twice is recognised by it */
  uploadId?: string
}

/** All versions of a key, newest first; never empty. One JSON file on disk, replaced as a whole. */
export interface KeyRecord {
  key: string
  /** whether the first version's body lies at `<directory>/<bucket>/<key>` (else under `.s3`) */
  inFolder: boolean
  versions: Version[]
}

export interface DefaultRetention {
  mode: 'GOVERNANCE' | 'COMPLIANCE'
  days?: number
  years?: number
}

export interface BucketConfig {
  name: string
  /** ISO 8601 */
  created: string
  objectLock: boolean
  versioning: '' | 'Enabled' | 'Suspended'
  defaultRetention?: DefaultRetention
  /** configuration documents that are kept word for word, by sub-resource (`lifecycle`, `policy`, …) */
  documents: Record<string, string>
}

/** A multipart upload as its `upload.json` holds it. */
export interface UploadConfig {
  uploadId: string
  key: string
  /** ISO 8601 */
  initiated: string
  algorithm?: ChecksumAlgorithm
  checksumType?: ChecksumType
  headers: Record<string, string>
  tags: [string, string][]
  retention?: Retention
  legalHold?: 'ON' | 'OFF'
}

/** A part as its `<partNumber>.json` holds it; `bodyId` names the file beside it. */
export interface UploadedPart extends StoredPart {
  bodyId: string
  /** ISO 8601 */
  modified: string
}

export interface Upload {
  config: UploadConfig
  parts: Map<number, UploadedPart>
  /** the completion that is under way: a second one waits for it */
  completing?: Promise<Version>
}

/** A bucket in memory: an index over what is on disk, rebuilt from there at every start. */
export interface Bucket {
  paths: BucketPaths
  config: BucketConfig
  records: Map<string, KeyRecord>
  /** the keys of `records` in S3's order */
  keys: string[]
  uploads: Map<string, Upload>
  /** how often a key was deleted since the start: a conditional write that spans a deletion is a conflict */
  deletions: Map<string, number>
}
