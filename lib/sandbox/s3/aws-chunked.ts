import { createHash } from 'node:crypto'
import type { Identity } from './authenticate.ts'
import { S3Error } from './s3-error.ts'
import { signChunk } from './sigv4.ts'

const MAX_LINE_BYTES = 8192

/** A source of bytes that can be read by line and by count. */
interface Reader {
  line(): Promise<string>
  /** yields the next `bytes` bytes in pieces */
  take(bytes: number): AsyncGenerator<Buffer>
}

function createReader(source: AsyncIterable<Uint8Array>): Reader {
  const iterator = source[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  async function more(): Promise<Buffer> {
    const next = await iterator.next()
    if (next.done) throw incomplete()
    return Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)
  }
  return {
    async line() {
      for (;;) {
        const end = rest.indexOf('\r\n')
        if (end >= 0) {
          const line = rest.toString('latin1', 0, end)
          rest = rest.subarray(end + 2)
          return line
        }
        if (rest.length > MAX_LINE_BYTES) throw malformed()
        rest = Buffer.concat([rest, await more()])
      }
    },
    async *take(bytes) {
      for (let left = bytes; left > 0;) {
        if (rest.length === 0) rest = await more()
        const piece = rest.subarray(0, left)
        rest = rest.subarray(piece.length)
        left -= piece.length
        yield piece
      }
    },
  }
}

function incomplete(): S3Error {
  return new S3Error('IncompleteBody', 'The request body terminated unexpectedly')
}

function malformed(): S3Error {
  return new S3Error('InvalidRequest', 'The body is not framed as aws-chunked content.')
}

function wrongSignature(): S3Error {
  return new S3Error(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  )
}

/**
 * Unwraps an aws-chunked body: yields the payload, fills `trailers` (lower-case names) at its end, and checks each chunk's
 * signature when the payload hash says that they are signed. (API Reference, "Signature calculations … transferring payload in
 * multiple chunks".)
 * @throws {S3Error} IncompleteBody, InvalidRequest for wrong framing, SignatureDoesNotMatch
 */
export async function* readAwsChunked(
  source: AsyncIterable<Uint8Array>,
  identity: Identity,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const reader = createReader(source)
  const signed = identity.payloadHash.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')
  let previous = identity.signature
  const check = (kind: 'PAYLOAD' | 'TRAILER', sha256: string, given: string | undefined): void => {
    previous = signChunk(identity.key, identity.scope, identity.date, previous, { kind, sha256 })
    if (given !== previous) throw wrongSignature()
  }
  for (;;) {
    const found = /^([\da-f]{1,12})(?:;chunk-signature=([\da-f]{64}))?$/i.exec(await reader.line())
    if (!found) throw malformed()
    const bytes = Number.parseInt(found[1] ?? '0', 16)
    const hash = signed ? createHash('sha256') : undefined
    for await (const piece of reader.take(bytes)) {
      hash?.update(piece)
      yield piece
    }
    if (hash) check('PAYLOAD', hash.digest('hex'), found[2])
    if (bytes === 0) break
    if ((await reader.line()) !== '') throw malformed()
  }
  if (!identity.payloadHash.endsWith('-TRAILER')) return
  let signature: string | undefined
  const signedText = createHash('sha256')
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const colon = line.indexOf(':')
    if (colon < 0) throw malformed()
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'x-amz-trailer-signature') signature = value
    else {
      trailers.set(name, value)
      signedText.update(`${name}:${value}\n`)
    }
  }
  if (signed) check('TRAILER', signedText.digest('hex'), signature)
}
