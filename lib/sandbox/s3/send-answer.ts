import { once } from 'node:events'
import { closeSync, createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Answer, FileBody } from './context.ts'
import type { S3BodyFault } from './faults.ts'
import { S3Error } from './s3-error.ts'
import { escapeXml, textElement } from './xml.ts'

function isFile(body: Answer['body']): body is FileBody {
  return typeof body === 'object' && 'fd' in body
}

async function* bytesOf(body: Answer['body']): AsyncGenerator<Uint8Array> {
  if (!isFile(body)) {
    if (body !== undefined) yield Buffer.from(body)
    return
  }
  try {
    if (body.end === body.start) return
    const { fd, start, end } = body
    const chunks: AsyncIterable<Buffer> = createReadStream('', { fd, start, end: end - 1, autoClose: false })
    yield* chunks
  } finally {
    closeSync(body.fd)
  }
}

/** Sends an answer; ends when it is out or its connection is gone. */
export async function sendAnswer(response: ServerResponse, answer: Answer): Promise<void> {
  const { body, status, headers = {} } = answer
  if (isFile(body)) {
    response.writeHead(status, headers)
    await pipeline(bytesOf(body), response)
    return
  }
  const bytes = Buffer.from(body ?? '')
  // A HEAD's own Content-Length is that of the object; 204 and 304 have none.
  const length = status === 204 || status === 304 ? {} : { 'content-length': bytes.length }
  response.writeHead(status, { ...length, ...headers })
  response.end(bytes)
  if (!response.writableFinished && !response.destroyed)
    await Promise.race([once(response, 'finish'), once(response, 'close')])
}

/** Sends a GetObject's answer with a body that goes wrong as the fault says. */
export async function sendFaultyBody(
  response: ServerResponse,
  answer: Answer,
  fault: S3BodyFault,
): Promise<void> {
  const { body } = answer
  const total = fault.replace?.length ?? (isFile(body) ? body.end - body.start : 0)
  const { cutAfterBytes = Infinity, stallAfterBytes = Infinity, endAfterBytes = Infinity } = fault
  const ended = Math.min(total, endAfterBytes)
  const declared = fault.declareBytes ?? ended
  const sent = Math.min(ended, cutAfterBytes, stallAfterBytes, declared)
  const headers: Record<string, string> = { ...answer.headers, 'content-length': String(declared) }
  if (fault.noLength) delete headers['content-length']
  if (fault.contentRange !== undefined) headers['content-range'] = fault.contentRange
  if (fault.etag !== undefined) headers['etag'] = fault.etag
  if (fault.contentType !== undefined) headers['content-type'] = fault.contentType
  response.writeHead(answer.status, headers)
  response.flushHeaders()
  let left = sent
  for await (const chunk of bytesOf(body)) {
    if (fault.replace) break
    const piece = chunk.subarray(0, left)
    left -= piece.length
    await write(response, piece)
    if (left === 0) break
  }
  if (fault.replace) await write(response, fault.replace.subarray(0, sent))
  if (sent === stallAfterBytes && !response.destroyed) await once(response, 'close')
  else if (sent === cutAfterBytes || (declared > sent && !fault.noLength)) response.socket?.destroySoon()
  else response.end()
}

async function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0 || response.destroyed) return
  // Resolves too when the connection has gone meanwhile: there is nobody left to tell.
  await new Promise<void>((resolve) => {
    response.write(bytes, () => resolve())
  })
}

/** An error as S3 writes it; without a body where HTTP allows none. */
export function errorAnswer(error: unknown, requestId: string, resource: string): Answer {
  const { code, message, status, fields, headers } =
    error instanceof S3Error
      ? error
      : new S3Error('InternalError', 'We encountered an internal error. Please try again.', {
          Detail: error instanceof Error ? error.message : 'unknown',
        })
  if (status === 304) return { status, headers }
  return {
    status,
    headers: { 'content-type': 'application/xml', ...headers },
    body: errorXml(code, message, { ...fields, Resource: resource, RequestId: requestId }),
  }
}

/** `<Error>` with its elements. */
export function errorXml(code: string, message: string, fields: Record<string, string>): string {
  const inner = Object.entries(fields).map(([name, value]) => textElement(escapeXml(name), value))
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>${inner.join('')}</Error>`
}
