import { S3ServiceException } from '@aws-sdk/client-s3'
import { ConfigurationError, describeError, StoreError } from '../errors.ts'

/** HTTP status of a refused command; undefined where S3 did not answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

/** 412: the key exists (`If-None-Match: *`). Source: S3 User Guide, "Conditional writes". */
export function isAlreadyThere(error: unknown): boolean {
  return statusOf(error) === 412
}

/** 409 ConditionalRequestConflict: another write to the key is under way; this one may be sent again. Source: as above. */
export function isConcurrentWrite(error: unknown): boolean {
  return statusOf(error) === 409
}

/**
 * Whether S3 said no, so that nothing was written. No answer, or a 5xx, leaves that open, and a 412 tells that somebody
 * (perhaps an earlier attempt of ours) has written the key.
 */
export function isRefused(error: unknown): boolean {
  const status = statusOf(error)
  return status !== undefined && status < 500 && status !== 412
}

export function isMissing(error: unknown): boolean {
  return error instanceof S3ServiceException && statusOf(error) === 404 && error.name !== 'NoSuchBucket'
}

const OTHER_REGION = "ARCHIVE_BUCKET lies in another region: set AWS_REGION to the bucket's"
const EXPIRED = 'the AWS credentials have expired: sign in again'

/** Faults that no retry mends; what each of them asks an operator to do. */
const MENDS: Readonly<Record<string, string>> = {
  AccessDenied:
    'whoever runs this has not the right to do so: grant it (a missing s3:ListBucket turns a missing key into AccessDenied, too)',
  AllAccessDisabled: 'access to the bucket is disabled',
  InvalidAccessKeyId: 'the AWS access key is unknown to the store',
  SignatureDoesNotMatch: 'the AWS secret key is wrong, or a proxy changes requests',
  ExpiredToken: EXPIRED,
  RequestExpired: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  NoSuchBucket: 'ARCHIVE_BUCKET names a bucket that does not exist',
  PermanentRedirect: OTHER_REGION,
  AuthorizationHeaderMalformed: OTHER_REGION,
  IllegalLocationConstraintException: OTHER_REGION,
  ObjectLockConfigurationNotFoundError:
    'RETENTION_MODE is set, but the bucket has no Object Lock: create it with Object Lock, or set RETENTION_MODE=off',
}

/**
 * Gives a failed command its place: a {@link ConfigurationError} where only a person can mend it, else a
 * {@link StoreError}. Errors that are ours already pass.
 */
export function storeFailure(operation: string, key: string, error: unknown): Error {
  if (!(error instanceof Error) || !(error instanceof S3ServiceException)) {
    if (error instanceof Error && OURS.has(error.name)) return error
    const fault = localFault(error)
    if (fault !== undefined) return new ConfigurationError([fault], { cause: error })
    return new StoreError(`${operation} ${key}: ${describeSilence(error)}`, { cause: error })
  }
  const name = /object lock (?:configuration|not configured)/i.test(error.message)
    ? 'ObjectLockConfigurationNotFoundError'
    : error.name
  const mend =
    MENDS[name] ?? (statusOf(error) === 403 && NAMELESS.has(error.name) ? MENDS['AccessDenied'] : undefined)
  if (mend !== undefined)
    return new ConfigurationError([`S3 refuses to ${operation} ${key} (${error.name}): ${mend}`], {
      cause: error,
    })
  return new StoreError(
    `${operation} ${key}: S3 answered ${statusOf(error) ?? 'nothing'} ${describeError(error)}`,
    { cause: error },
  )
}

/** What the SDK lacks to send a command at all; its errors carry no code, only these names and sentences. */
function localFault(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.message === 'Region is missing') return "AWS_REGION is not set: it is the bucket's region"
  if (error.name === 'CredentialsProviderError' || error.message.startsWith('Could not load credentials'))
    return 'there are no AWS credentials: set AWS_PROFILE, or sign in'
  return undefined
}

/** No connection came about: the network may be down, or the address is wrong. */
const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH'])

function describeSilence(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return UNREACHED.has(code)
    ? `S3 cannot be reached (${code}): look at the network, AWS_REGION and AWS_ENDPOINT_URL_S3`
    : describeError(error)
}

/** What the SDK calls an answer without a body, as every refused HEAD is. */
const NAMELESS = new Set(['403', 'Forbidden', 'Unknown', 'UnknownError'])

const OURS = new Set([
  'ConfigurationError',
  'StoreError',
  'ConflictError',
  'MediaError',
  'BirdError',
  'RedirectError',
  'StoppedError',
])
