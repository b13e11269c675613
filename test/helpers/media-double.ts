import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** One answer of the media server; whatever is left out is as it should be. */
export interface MediaAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** What `Content-Length` says; 'chunked' and 'until-close' declare none. */
  readonly length?: number | 'chunked' | 'until-close'
  /** What follows the body: the end, the connection's end without it ('cut'), or silence ('stall'). */
  readonly ending?: 'end' | 'cut' | 'stall'
}

/** An answer, none at all ('stall': silence, 'cut': the connection is closed, 'reset': it is torn down), or what makes one. */
export type MediaReply = MediaAnswer | 'stall' | 'cut' | 'reset' | ((request: MediaRequest) => MediaReply)

export interface MediaRequest {
  readonly id: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Which connection it came on, and as which request of that connection, both from 1. */
  readonly connection: number
  readonly turn: number
}

export interface MediaDouble {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string
  readonly requests: readonly MediaRequest[]
  requestsOf(id: string): readonly MediaRequest[]
  /** Each request takes the next reply, the last one stays. */
  serve(id: string, replies: readonly MediaReply[]): void
  /** A fresh link, good until {@link expireLinks}. */
  link(id: string): string
  expireLinks(id: string): void
  /** Resolves once every connection on which this recording is still owed an answer has been let go of. */
  released(id: string): Promise<void>
  close(): Promise<void>
}

/**
 * A server for audio that misbehaves as scripted. As S3 does, it answers 400 to a presigned request that carries an
 * Authorization header, and 403 to a link that has expired.
 */
export async function startMediaDouble(): Promise<MediaDouble> {
  const scripts = new Map<string, MediaReply[]>()
  const signatures = new Map<string, string>()
  const requests: MediaRequest[] = []
  const connections = new Map<Socket, { readonly number: number; turns: number }>()
  const asking = new Map<string, Set<Socket>>()

  const replyTo = (request: MediaRequest): MediaReply => {
    const signature = new URL(request.url, 'http://media').searchParams.get('X-Amz-Signature') ?? ''
    if (request.headers.authorization !== undefined)
      return problem(400, 'InvalidArgument', 'Only one auth mechanism allowed')
    if (signatures.get(signature) !== request.id) return problem(403, 'AccessDenied', 'Request has expired')
    const replies = scripts.get(request.id) ?? []
    let reply =
      (replies.length > 1 ? replies.shift() : replies[0]) ?? problem(404, 'NoSuchKey', 'no such key')
    while (typeof reply === 'function') reply = reply(request)
    return reply
  }
  const server = createServer((incoming, response) => {
    const connection = connections.get(incoming.socket) ?? { number: connections.size + 1, turns: 0 }
    connection.turns += 1
    connections.set(incoming.socket, connection)
    const request = describe(incoming, connection.number, connection.turns)
    requests.push(request)
    const open = (asking.get(request.id) ?? new Set()).add(incoming.socket)
    asking.set(request.id, open)
    response.once('finish', () => open.delete(incoming.socket))
    answer(response, incoming.socket, replyTo(request))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    requests,
    requestsOf: (id) => requests.filter((request) => request.id === id),
    serve: (id, replies) => void scripts.set(id, [...replies]),
    link(id) {
      const signature = randomBytes(32).toString('hex')
      signatures.set(signature, id)
      return `${origin}/media/${id}.mp3?X-Amz-Expires=600&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}`
    },
    expireLinks(id) {
      for (const [signature, owner] of signatures) if (owner === id) signatures.delete(signature)
    },
    async released(id) {
      const open = [...(asking.get(id) ?? [])].filter((socket) => !socket.destroyed)
      await Promise.all(
        open.map(
          (socket) =>
            new Promise((resolve) => {
              socket.once('close', resolve)
            }),
        ),
      )
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function describe(incoming: IncomingMessage, connection: number, turn: number): MediaRequest {
  const { url = '', headers } = incoming
  const id = /\/([^/?]+)\.mp3/.exec(url)?.[1] ?? ''
  return { id, url, headers, connection, turn }
}

function problem(status: number, code: string, message: string): MediaAnswer {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  }
}

function answer(response: ServerResponse, socket: Socket, reply: MediaReply): void {
  if (reply === 'cut') return void socket.destroy()
  if (reply === 'reset') return void socket.resetAndDestroy()
  if (reply === 'stall' || typeof reply === 'function') return undefined
  const { status = 200, headers = {}, ending = 'end' } = reply
  const body = Buffer.from(reply.body ?? '')
  const length = reply.length ?? body.length
  if (length === 'until-close') {
    response.useChunkedEncodingByDefault = false
    response.setHeader('connection', 'close')
  }
  response.writeHead(status, {
    'content-type': 'audio/mpeg',
    ...(typeof length === 'number' && { 'content-length': length }),
    ...headers,
  })
  response.flushHeaders()
  const isShort = typeof length === 'number' && length > body.length
  const proceed = (): void => {
    if (ending === 'cut' || (ending === 'end' && isShort)) socket.destroySoon()
    else if (ending === 'end') response.end()
  }
  if (body.length === 0) proceed()
  else response.write(body, proceed)
}

const etags = new WeakMap<Uint8Array, string>()

/** How S3 marks these bytes; any other bytes have another mark. */
export function etagOf(audio: Uint8Array): string {
  const etag = etags.get(audio) ?? `"${createHash('md5').update(audio).digest('hex')}"`
  etags.set(audio, etag)
  return etag
}

/** An honest object: the whole of it, the rest of it (`Range`), or 412 where `If-Match` asks for another one. */
export function serveAudio(audio: Uint8Array, etag = etagOf(audio)): (request: MediaRequest) => MediaAnswer {
  return ({ headers }) => {
    if (headers['if-match'] !== undefined && headers['if-match'] !== etag)
      return problem(
        412,
        'PreconditionFailed',
        'At least one of the pre-conditions you specified did not hold',
      )
    const offset = offsetOf(headers)
    if (offset === undefined) return { headers: { etag }, body: audio }
    const range = `bytes ${offset}-${audio.length - 1}/${audio.length}`
    return { status: 206, headers: { etag, 'content-range': range }, body: audio.subarray(offset) }
  }
}

/** Where a ranged request wants to go on. */
export function offsetOf(headers: IncomingHttpHeaders): number | undefined {
  const start = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]
  return start === undefined ? undefined : Number(start)
}

/** The first `bytes` bytes of an honest answer that declares all of them; then the connection is closed. */
export function cutAfter(audio: Uint8Array, bytes: number): MediaAnswer {
  return {
    headers: { etag: etagOf(audio) },
    body: audio.subarray(0, bytes),
    length: audio.length,
    ending: 'cut',
  }
}

/** An honest object on a line that never lasts longer than `bytes` bytes at a time. */
export function serveCut(audio: Uint8Array, bytes: number): (request: MediaRequest) => MediaAnswer {
  return (request) => {
    const whole = serveAudio(audio)(request)
    const { length } = whole.body ?? ''
    return { ...whole, body: (whole.body as Uint8Array).subarray(0, bytes), length, ending: 'cut' }
  }
}
