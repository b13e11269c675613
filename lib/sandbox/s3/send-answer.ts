import { once } from 'node:events'
import { closeSync, createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import type { Answer, FileBody } from './context.ts'
import type { S3BodyFault } from './faults.ts'
import { S3Error } from './s3-error.ts'
import { escapeXml, textElement } from './xml.ts'

/** Whether an answer's body is a stretch of a file. */
export function isFile(body: Answer['body']): body is FileBody {
  return typeof body === 'object' && 'fd' in body
}

/** A stream over the stretch, which closes the descriptor however it ends. */
function openStream({ fd, start, end }: FileBody): Readable {
  if (end > start) return createReadStream('', { fd, start, end: end - 1 })
  closeSync(fd)
  return Readable.from([])
}

/** Sends an answer; ends when it is out. Rejects when its connection goes before. */
export async function sendAnswer(response: ServerResponse, answer: Answer): Promise<void> {
  const { body, status, headers = {} } = answer
  if (isFile(body)) {
    const stream = openStream(body)
    try {
      response.writeHead(status, headers)
      await pipeline(stream, response)
    } finally {
      stream.destroy()
    }
    return
  }
  const bytes = Buffer.from(body ?? '')
  // A HEAD's own Content-Length is that of the object; 204 and 304 have none.
  const length = status === 204 || status === 304 ? {} : { 'content-length': bytes.length }
  response.writeHead(status, { ...length, ...headers })
  response.end(bytes)
  await finished(response)
}

/** Sends a GetObject's answer with a body that goes wrong as the fault says. */
export async function sendFaultyBody(
  response: ServerResponse,
  answer: Answer & { body: FileBody },
  fault: S3BodyFault,
): Promise<void> {
  const stream = openStream(answer.body)
  try {
    const total = fault.replace?.length ?? answer.body.end - answer.body.start
    const { cutAfterBytes = Infinity, stallAfterBytes = Infinity, endAfterBytes = Infinity } = fault
    const ended = Math.min(total, endAfterBytes)
    const declared = fault.declareBytes ?? ended
    const sent = Math.min(ended, cutAfterBytes, stallAfterBytes, fault.noLength ? Infinity : declared)
    response.writeHead(answer.status, faultyHeaders(answer, fault, declared))
    response.flushHeaders()
    await writeFirst(response, fault.replace ? Readable.from([Buffer.from(fault.replace)]) : stream, sent)
    if (sent === stallAfterBytes && !response.destroyed) await once(response, 'close')
    else if (sent === cutAfterBytes || (declared > sent && !fault.noLength)) response.socket?.destroySoon()
    else response.end()
  } finally {
    stream.destroy()
  }
}

function faultyHeaders(answer: Answer, fault: S3BodyFault, declared: number): Record<string, string> {
  const { 'content-length': _right, ...headers } = answer.headers ?? {}
  return {
    ...headers,
    ...(fault.noLength ? {} : { 'content-length': String(declared) }),
    ...(fault.contentRange === undefined ? {} : { 'content-range': fault.contentRange }),
    ...(fault.etag === undefined ? {} : { etag: fault.etag }),
    ...(fault.contentType === undefined ? {} : { 'content-type': fault.contentType }),
  }
}

async function writeFirst(
  response: ServerResponse,
  source: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<void> {
  let left = bytes
  if (left === 0) return
  for await (const chunk of source) {
    const piece = chunk.subarray(0, left)
    left -= piece.length
    await write(response, piece)
    if (left === 0 || response.destroyed) return
  }
}

async function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0 || response.destroyed) return
  await new Promise<void>((resolve) => {
    // A write to a connection that is just going never calls back.
    response.once('close', resolve)
    response.write(bytes, () => {
      response.off('close', resolve)
      resolve()
    })
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
