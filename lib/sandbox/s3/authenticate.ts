import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from './s3-error.ts'
import { scopeText, signingKey, signRequest } from './sigv4.ts'
import type { SigningScope } from './sigv4.ts'
import type { Target } from './target.ts'

/** Who may ask, and where the server says it is. */
export interface Account {
  accessKeyId: string
  secretAccessKey: string
  region: string
}

/** A request whose signature was found right; with what chunk signatures go on from. */
export interface Identity {
  presigned: boolean
  payloadHash: string
  signature: string
  key: Buffer
  scope: SigningScope
  /** `YYYYMMDDTHHMMSSZ` */
  date: string
}

interface Claim extends Omit<Identity, 'key'> {
  accessKeyId: string
  signedHeaders: string[]
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const SKEW_MS = 15 * 60_000
const WEEK_SECONDS = 604_800
const ONE_MECHANISM =
  'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified'

function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

function parseAmzDate(text: string): number {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!found) return Number.NaN
  const [year, month, day, hour, minute, second] = found.slice(1).map(Number)
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second)
}

function readCredential(
  text: string,
  region: string,
  code: string,
): { accessKeyId: string; scope: SigningScope } {
  const pieces = text.split('/')
  const [terminator, service, named, day] = pieces.splice(-4).toReversed()
  const accessKeyId = pieces.join('/')
  if (!accessKeyId || !day || !named || service !== 's3' || terminator !== 'aws4_request')
    throw new S3Error(
      code,
      'The credential is malformed; expecting "<access key>/YYYYMMDD/REGION/s3/aws4_request".',
    )
  if (named !== region)
    throw new S3Error(
      code,
      `The authorization is malformed; the region '${named}' is wrong; expecting '${region}'`,
      {
        Region: region,
      },
    )
  return { accessKeyId, scope: { day, region } }
}

function claimOfHeader(text: string, headers: IncomingHttpHeaders, region: string): Claim {
  if (!text.startsWith(`${ALGORITHM} `))
    throw new S3Error('InvalidArgument', 'Unsupported Authorization Type', { ArgumentName: 'Authorization' })
  const pairs = text.slice(ALGORITHM.length).split(',')
  const fields = new Map(
    pairs.map((pair) => [pair.trim().split('=', 1)[0], pair.trim().replace(/^[^=]*=/, '')]),
  )
  const [credential, names, signature] = ['Credential', 'SignedHeaders', 'Signature'].map((name) =>
    fields.get(name),
  )
  if (!credential || !names || !signature)
    throw new S3Error('AuthorizationHeaderMalformed', 'The authorization header is malformed.')
  const payloadHash = headerText(headers, 'x-amz-content-sha256')
  if (payloadHash === undefined)
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  const date = headerText(headers, 'x-amz-date') ?? ''
  const credentialParts = readCredential(credential, region, 'AuthorizationHeaderMalformed')
  return {
    ...credentialParts,
    presigned: false,
    payloadHash,
    signature,
    date,
    signedHeaders: names.split(';'),
  }
}

function claimOfQuery(query: Map<string, string>, headers: IncomingHttpHeaders, region: string): Claim {
  const code = 'AuthorizationQueryParametersError'
  const need = (name: string): string => {
    const value = query.get(name)
    if (value) return value
    throw new S3Error(
      code,
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    )
  }
  if (need('X-Amz-Algorithm') !== ALGORITHM)
    throw new S3Error(code, `X-Amz-Algorithm only supports "${ALGORITHM}"`)
  const expires = need('X-Amz-Expires')
  if (!/^\d+$/.test(expires)) throw new S3Error(code, 'X-Amz-Expires should be a number')
  if (Number(expires) > WEEK_SECONDS)
    throw new S3Error(
      code,
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    )
  const payloadHash =
    headerText(headers, 'x-amz-content-sha256') ?? query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD'
  return {
    ...readCredential(need('X-Amz-Credential'), region, code),
    presigned: true,
    payloadHash,
    signature: need('X-Amz-Signature'),
    date: need('X-Amz-Date'),
    signedHeaders: need('X-Amz-SignedHeaders').split(';'),
  }
}

function checkTime(claim: Claim, query: Map<string, string>, now: Date): void {
  const signedAt = parseAmzDate(claim.date)
  if (Number.isNaN(signedAt) || claim.scope.day !== claim.date.slice(0, 8))
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')
  const ServerTime = now.toISOString()
  if (!claim.presigned) {
    if (Math.abs(now.getTime() - signedAt) > SKEW_MS)
      throw new S3Error(
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
        { RequestTime: claim.date, ServerTime, MaxAllowedSkewMilliseconds: String(SKEW_MS) },
      )
    return
  }
  if (signedAt - now.getTime() > SKEW_MS)
    throw new S3Error('AccessDenied', 'Request is not yet valid', { ServerTime })
  const expires = query.get('X-Amz-Expires') ?? '0'
  const end = signedAt + Number(expires) * 1000
  if (now.getTime() > end)
    throw new S3Error('AccessDenied', 'Request has expired', {
      'X-Amz-Expires': expires,
      Expires: new Date(end).toISOString(),
      ServerTime,
    })
}

function checkSignedHeaders(signed: readonly string[], headers: IncomingHttpHeaders): void {
  const unsigned = Object.keys(headers).filter((name) => name.startsWith('x-amz-') && !signed.includes(name))
  if (unsigned.length > 0 || !signed.includes('host'))
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
      HeadersNotSigned: unsigned.join(', ') || 'host',
    })
}

/**
 * Checks a request's signature, header or presigned ("Authenticating Requests (AWS Signature Version 4)", S3 API Reference).
 * @throws {S3Error} 400 for two mechanisms at once or a malformed one; 403 for anonymous, unknown, wrong, expired or skewed
 */
export function authenticate(
  method: string,
  target: Target,
  headers: IncomingHttpHeaders,
  account: Account,
  now: Date,
): Identity {
  const { query } = target
  const inQuery = ['X-Amz-Algorithm', 'X-Amz-Signature', 'X-Amz-Credential', 'Signature'].some((name) =>
    query.has(name),
  )
  if (inQuery && headers.authorization !== undefined)
    throw new S3Error('InvalidArgument', ONE_MECHANISM, { ArgumentName: 'Authorization' })
  if (!inQuery && headers.authorization === undefined) throw new S3Error('AccessDenied', 'Access Denied')
  const claim =
    headers.authorization === undefined
      ? claimOfQuery(query, headers, account.region)
      : claimOfHeader(headers.authorization, headers, account.region)
  if (claim.accessKeyId !== account.accessKeyId)
    throw new S3Error(
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
      {
        AWSAccessKeyId: claim.accessKeyId,
      },
    )
  checkTime(claim, query, now)
  checkSignedHeaders(claim.signedHeaders, headers)
  const key = signingKey(account.secretAccessKey, claim.scope)
  const expected = signRequest(key, claim.scope, claim.date, {
    method,
    path: target.path,
    query: [...query].filter(([name]) => name !== 'X-Amz-Signature'),
    signedHeaders: claim.signedHeaders.map((name) => [name, headerText(headers, name) ?? ''] as const),
    payloadHash: claim.payloadHash,
  })
  const given = Buffer.from(claim.signature)
  if (given.length !== expected.length || !timingSafeEqual(given, Buffer.from(expected)))
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      { AWSAccessKeyId: claim.accessKeyId, StringToSignScope: scopeText(claim.scope) },
    )
  return { ...claim, key }
}
