import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import type { Lock } from '../archive/retention.ts'
import { judgeRestore, type Restore, type Storage } from '../retrieve/restore.ts'

/** The audio object as it lies in the bucket now. */
export interface AudioState extends Storage {
  readonly bytes: number
  /** Undefined where the bucket keeps no versions. */
  readonly versionId: string | undefined
  /** Whether it can be read now. */
  readonly readable: Restore
  /** Undefined without a lock, and where the role may not see it (`s3:GetObjectRetention`). */
  readonly lock: Lock | undefined
  /** Undefined where none was ever placed, and where the role may not see it (`s3:GetObjectLegalHold`). */
  readonly legalHold: boolean | undefined
  /** SHA-256 of the whole object (hex) as S3 took it at the upload; undefined where it keeps another checksum, or none. */
  readonly sha256: string | undefined
}

/** Reads an answer to HeadObject that was asked for with `ChecksumMode: ENABLED`. */
export function toAudioState(head: HeadObjectCommandOutput, versionId: string | undefined): AudioState {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = head
  const storage: Storage = {
    storageClass: head.StorageClass,
    archiveStatus: head.ArchiveStatus,
    restore: head.Restore,
  }
  return {
    ...storage,
    bytes: head.ContentLength ?? -1,
    versionId: head.VersionId ?? versionId,
    readable: judgeRestore(storage),
    lock:
      (mode === 'GOVERNANCE' || mode === 'COMPLIANCE') && until !== undefined ? { mode, until } : undefined,
    legalHold: hold === undefined ? undefined : hold === 'ON',
    sha256: wholeSha256(head),
  }
}

/** A composite checksum ("…-4" where its type is not told) is no digest of the bytes. */
function wholeSha256({
  ChecksumSHA256: value,
  ChecksumType: type,
}: HeadObjectCommandOutput): string | undefined {
  if (value === undefined || value.includes('-') || type === 'COMPOSITE') return undefined
  return Buffer.from(value, 'base64').toString('hex')
}
