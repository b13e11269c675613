import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from './s3-error.ts'

/** What a condition is held against. */
export interface Stored {
  /** without quotes */
  etag: string
  /** ISO 8601 */
  modified: string
}

function listHas(list: string, etag: string): boolean {
  return list
    .split(',')
    .map((one) => one.trim().replace(/^W\//, '').replaceAll('"', ''))
    .some((one) => one === '*' || one === etag)
}

function seconds(date: string): number {
  return Math.floor(Date.parse(date) / 1000)
}

function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  })
}

/**
 * A write's conditions: `If-None-Match: *` wants no object there, `If-Match: <etag>` wants exactly that one.
 * @throws {S3Error} 412 PreconditionFailed, 404 NoSuchKey (If-Match on nothing), 501 for any other If-None-Match
 */
export function checkWriteConditions(
  headers: IncomingHttpHeaders,
  stored: Stored | undefined,
  key: string,
): void {
  const noneMatch = headers['if-none-match']
  const match = headers['if-match']
  if (noneMatch !== undefined && noneMatch !== '*')
    throw new S3Error(
      'NotImplemented',
      'A header you provided implies functionality that is not implemented.',
      {
        Header: 'If-None-Match',
      },
    )
  if (noneMatch !== undefined && stored) throw failed('If-None-Match')
  if (match === undefined) return
  if (!stored) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key })
  if (!listHas(match, stored.etag)) throw failed('If-Match')
}

/**
 * A read's conditions in the order of RFC 9110, 13.2.2.
 * @throws {S3Error} 412 PreconditionFailed, 304 NotModified
 */
export function checkReadConditions(headers: IncomingHttpHeaders, stored: Stored): void {
  const match = headers['if-match']
  const unmodifiedSince = headers['if-unmodified-since']
  const noneMatch = headers['if-none-match']
  const modifiedSince = headers['if-modified-since']
  if (match !== undefined) {
    if (!listHas(match, stored.etag)) throw failed('If-Match')
  } else if (unmodifiedSince !== undefined && seconds(stored.modified) > seconds(unmodifiedSince))
    throw failed('If-Unmodified-Since')
  const unchanged =
    noneMatch !== undefined
      ? listHas(noneMatch, stored.etag)
      : modifiedSince !== undefined && seconds(stored.modified) <= seconds(modifiedSince)
  if (unchanged)
    throw new S3Error(
      'NotModified',
      'Not Modified',
      {},
      {
        etag: `"${stored.etag}"`,
        'last-modified': new Date(stored.modified).toUTCString(),
      },
    )
}

/** Whether a Range may be honoured beside this If-Range (RFC 9110, 13.1.5). */
export function rangeStillHolds(ifRange: string | undefined, stored: Stored): boolean {
  if (ifRange === undefined) return true
  return ifRange.startsWith('"')
    ? ifRange === `"${stored.etag}"`
    : seconds(ifRange) === seconds(stored.modified)
}
