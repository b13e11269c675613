import type { IncomingHttpHeaders } from 'node:http'
import type { BucketConfig, Retention, Version } from './model.ts'
import { S3Error } from './s3-error.ts'

/** What a new version is born with. */
export interface Lock {
  retention?: Retention
  legalHold?: 'ON' | 'OFF'
}

const DAY_MS = 86_400_000

/** @throws {S3Error} InvalidArgument for an unknown mode, an unreadable date or one that is over */
export function readRetention(mode: string, until: string, now: Date): Retention {
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')
    throw new S3Error('InvalidArgument', 'Unknown wormMode directive.', { ArgumentValue: mode })
  const date = new Date(until)
  if (Number.isNaN(date.getTime()))
    throw new S3Error('InvalidArgument', 'The retain until date must be provided in ISO 8601 format')
  if (date <= now) throw new S3Error('InvalidArgument', 'The retain until date must be in the future!')
  return { mode, until: date.toISOString() }
}

function readLegalHold(status: string): 'ON' | 'OFF' {
  if (status === 'ON' || status === 'OFF') return status
  throw new S3Error('InvalidArgument', 'Legal Hold must be either of ON or OFF', { ArgumentValue: status })
}

/**
 * The lock that a write asks for by its headers.
 * @throws {S3Error} InvalidRequest in a bucket without Object Lock, InvalidArgument for half a retention or a past date
 */
export function lockOfHeaders(headers: IncomingHttpHeaders, config: BucketConfig, now: Date): Lock {
  const mode = headers['x-amz-object-lock-mode']
  const until = headers['x-amz-object-lock-retain-until-date']
  const hold = headers['x-amz-object-lock-legal-hold']
  if (mode === undefined && until === undefined && hold === undefined) return {}
  if (!config.objectLock) throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration')
  if ((mode === undefined) !== (until === undefined))
    throw new S3Error(
      'InvalidArgument',
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    )
  return {
    ...(mode === undefined ? {} : { retention: readRetention(String(mode), String(until), now) }),
    ...(hold === undefined ? {} : { legalHold: readLegalHold(String(hold)) }),
  }
}

/** The same with the bucket's default retention, counted from `now`, where the write names none. */
export function withDefaultRetention(lock: Lock, config: BucketConfig, now: Date): Lock {
  const rule = config.defaultRetention
  if (lock.retention || !rule) return lock
  const until = new Date(now)
  if (rule.years === undefined) until.setTime(now.getTime() + (rule.days ?? 0) * DAY_MS)
  else until.setUTCFullYear(now.getUTCFullYear() + rule.years)
  return { ...lock, retention: { mode: rule.mode, until: until.toISOString() } }
}

/**
 * S3 takes what will be locked only with a proof that it arrived whole.
 * @throws {S3Error} InvalidRequest
 */
export function requireChecksumForLock(
  headers: IncomingHttpHeaders,
  lock: Lock,
  what: 'Put Object' | 'Upload Part',
): void {
  if (!lock.retention && !lock.legalHold) return
  if (headers['content-md5'] !== undefined || headers['x-amz-trailer'] !== undefined) return
  if (Object.keys(headers).some((name) => /^x-amz-checksum-(crc32c?|crc64nvme|sha1|sha256)$/.test(name)))
    return
  throw new S3Error(
    'InvalidRequest',
    `Content-MD5 OR x-amz-checksum- HTTP header is required for ${what} requests with Object Lock parameters`,
  )
}

/** @throws {S3Error} AccessDenied while a legal hold or an unexpired retention protects the version */
export function checkDeletable(version: Version, bypassGovernance: boolean, now: Date): void {
  const { retention, legalHold } = version
  const retained = retention !== undefined && new Date(retention.until) > now
  const bypassed = retention?.mode === 'GOVERNANCE' && bypassGovernance
  if (legalHold === 'ON' || (retained && !bypassed))
    throw new S3Error('AccessDenied', 'Access Denied because object protected by object lock.')
}

/**
 * A retention may be extended by anybody; weakening it needs GOVERNANCE and the bypass; COMPLIANCE is never weakened.
 * @throws {S3Error} AccessDenied
 */
export function checkRetentionChange(
  before: Retention | undefined,
  after: Retention | undefined,
  bypassGovernance: boolean,
  now: Date,
): void {
  if (!before || new Date(before.until) <= now) return
  const extended = after && after.mode === before.mode && new Date(after.until) >= new Date(before.until)
  const strengthened =
    after?.mode === 'COMPLIANCE' &&
    before.mode === 'GOVERNANCE' &&
    new Date(after.until) >= new Date(before.until)
  if (extended || strengthened || (before.mode === 'GOVERNANCE' && bypassGovernance)) return
  throw new S3Error('AccessDenied', 'Access Denied because object protected by object lock.')
}
