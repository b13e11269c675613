import { createHash, createHmac } from 'node:crypto'

/** What a SigV4 signature covers, as the API Reference's "canonical request" has it. */
export interface CanonicalParts {
  method: string
  /** decoded path, with its leading slash */
  path: string
  query: Iterable<readonly [string, string]>
  /** lower-case name → value, of the signed headers only */
  signedHeaders: readonly (readonly [string, string])[]
  payloadHash: string
}

/** `20261123/eu-west-1/s3/aws4_request`, in pieces. */
export interface SigningScope {
  day: string
  region: string
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** Percent-encodes everything but A–Z a–z 0–9 - . _ ~ (RFC 3986, 2.3). */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** The same for a path: its slashes stay. S3 encodes once and never normalises dots. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeRfc3986).join('/')
}

/** `YYYYMMDDTHHMMSSZ` */
export function amzDate(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d{3}/g, '')
}

/** The scope as it stands in a credential, behind the access key. */
export function scopeText({ day, region }: SigningScope): string {
  return `${day}/${region}/s3/aws4_request`
}

/** The key of a day and region, derived from the secret. */
export function signingKey(secretAccessKey: string, { day, region }: SigningScope): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), 's3'), 'aws4_request')
}

function canonicalRequest(parts: CanonicalParts): string {
  const query = [...parts.query]
    .map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`)
    .toSorted()
    .join('&')
  const headers = parts.signedHeaders
    .map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}\n`)
    .join('')
  const names = parts.signedHeaders.map(([name]) => name).join(';')
  return [parts.method, encodePath(parts.path), query, headers, names, parts.payloadHash].join('\n')
}

/** The hex signature of a request at `date` (`YYYYMMDDTHHMMSSZ`). */
export function signRequest(key: Buffer, scope: SigningScope, date: string, parts: CanonicalParts): string {
  return hmac(
    key,
    `AWS4-HMAC-SHA256\n${date}\n${scopeText(scope)}\n${sha256(canonicalRequest(parts))}`,
  ).toString('hex')
}

/** The hex signature of one chunk of an aws-chunked body, or of its trailer ("Signature calculations … chunked upload"). */
export function signChunk(
  key: Buffer,
  scope: SigningScope,
  date: string,
  previous: string,
  content: { kind: 'PAYLOAD' | 'TRAILER'; sha256: string },
): string {
  const empty = content.kind === 'PAYLOAD' ? `${sha256('')}\n` : ''
  return hmac(
    key,
    `AWS4-HMAC-SHA256-${content.kind}\n${date}\n${scopeText(scope)}\n${previous}\n${empty}${content.sha256}`,
  ).toString('hex')
}
