import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Identity } from './authenticate.ts'
import { readAwsChunked } from './aws-chunked.ts'
import { announcedChecksum, checkForm, checksumHeader, createChecksum } from './checksums.ts'
import type { Checksum, ChecksumAlgorithm } from './model.ts'
import { S3Error } from './s3-error.ts'

const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024

/** A request whose body is still to be read. */
export interface Incoming {
  request: IncomingMessage
  headers: IncomingHttpHeaders
  identity: Identity
  /** called when the body is about to be read: the moment for `100 Continue` */
  beforeRead: () => void
}

/** What a body turned out to be, once everything that the request said of it was found true. */
export interface Received {
  size: number
  /** hex */
  md5: string
  checksum: Checksum
}

export interface ReceiveOptions {
  /** computed when the request names no checksum */
  fallback: ChecksumAlgorithm
  /** pass over x-amz-checksum-* as lesser gateways do */
  ignoreChecksum?: boolean
  write: (chunk: Uint8Array) => Promise<unknown>
}

function declaredLength(headers: IncomingHttpHeaders, streaming: boolean): number {
  const text = streaming ? headers['x-amz-decoded-content-length'] : headers['content-length']
  if (typeof text !== 'string' || !/^\d+$/.test(text))
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.')
  return Number(text)
}

function expectedMd5(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['content-md5']
  if (given === undefined) return undefined
  const bytes = Buffer.from(String(given), 'base64')
  if (bytes.length !== 16) throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.')
  return bytes.toString('hex')
}

function checkPayloadHash(hash: string): void {
  if (/^[\da-f]{64}$/.test(hash) || hash === 'UNSIGNED-PAYLOAD') return
  if (/^STREAMING-(UNSIGNED-PAYLOAD-TRAILER|AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?)$/.test(hash)) return
  throw new S3Error(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.',
    { ArgumentName: 'x-amz-content-sha256', ArgumentValue: hash },
  )
}

/**
 * Reads a request's body to its end, hands each piece on, and holds it to all that the request declares: length, SHA-256 of the
 * signature, Content-MD5, checksum in a header or trailer.
 * @throws {S3Error} BadDigest, XAmzContentSHA256Mismatch, IncompleteBody, MissingContentLength and the framing's errors
 */
export async function receivePayload(incoming: Incoming, options: ReceiveOptions): Promise<Received> {
  const { headers, identity, request } = incoming
  const { payloadHash } = identity
  checkPayloadHash(payloadHash)
  const streaming = payloadHash.startsWith('STREAMING-')
  const length = declaredLength(headers, streaming)
  const announced = options.ignoreChecksum ? undefined : announcedChecksum(headers)
  const wantedMd5 = expectedMd5(headers)
  const algorithm = announced?.algorithm ?? options.fallback
  const checksum = createChecksum(algorithm)
  const md5 = createHash('md5')
  const sha256 = /^[\da-f]{64}$/.test(payloadHash) ? createHash('sha256') : undefined
  const trailers = new Map<string, string>()
  let size = 0

  incoming.beforeRead()
  // An iterator that leaves the request alone when it stops early: destroying it would take the socket, and our answer, with it.
  const raw: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false })
  for await (const chunk of streaming ? readAwsChunked(raw, identity, trailers) : raw) {
    size += chunk.length
    if (size > length) break
    checksum.update(chunk)
    md5.update(chunk)
    sha256?.update(chunk)
    await options.write(chunk)
  }

  if (size !== length)
    throw new S3Error(
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header',
    )
  if (sha256 && sha256.digest('hex') !== payloadHash)
    throw new S3Error(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
  const md5Hex = md5.digest('hex')
  if (wantedMd5 !== undefined && wantedMd5 !== md5Hex)
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
  const value = checksum.digest().toString('base64')
  if (announced) {
    const expected = announced.expected ?? trailers.get(checksumHeader(algorithm))
    if (expected === undefined)
      throw new S3Error(
        'MalformedTrailerError',
        'The request contained trailing data that was not well-formed',
      )
    checkForm(algorithm, expected)
    if (expected !== value)
      throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`)
  }
  return { size, md5: md5Hex, checksum: { algorithm, type: 'FULL_OBJECT', value } }
}

/**
 * Reads a small document (XML, JSON) whole. `ignoreChecksum` where the request's checksum is not the document's.
 * @throws {S3Error} MaxMessageLengthExceeded, and what `receivePayload` throws
 */
export async function receiveDocument(incoming: Incoming, ignoreChecksum = false): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  await receivePayload(incoming, {
    fallback: 'CRC32',
    ignoreChecksum,
    async write(chunk) {
      bytes += chunk.length
      if (bytes > MAX_DOCUMENT_BYTES)
        throw new S3Error('MaxMessageLengthExceeded', 'Your request was too big.', {
          MaxMessageLengthBytes: String(MAX_DOCUMENT_BYTES),
        })
      await Promise.resolve(chunks.push(chunk))
    },
  })
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Some calls are only taken with an integrity header, so that a damaged document can't lock or delete the wrong thing.
 * @throws {S3Error} InvalidRequest
 */
export function requireIntegrityHeader(headers: IncomingHttpHeaders): void {
  if (headers['content-md5'] !== undefined || announcedChecksum(headers)) return
  throw new S3Error(
    'InvalidRequest',
    'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
  )
}
