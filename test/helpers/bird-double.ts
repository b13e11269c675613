import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What Bird shall say of one recording: each request takes the next answer of its list, the last one stays. */
export interface BirdScript {
  readonly metadata: BirdReply[]
  readonly link: BirdReply[]
}

/** A reply, what to do in its place ('cut': close the socket; 'stall': never answer), or a function that makes one. */
export type BirdReply = Reply | 'cut' | 'stall' | ((request: IncomingMessage) => Reply | Promise<Reply>)
export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface BirdDouble {
  readonly url: string
  /** By recording id; an id that is not here is a 404. */
  readonly scripts: Map<string, BirdScript>
  /** Every request, as `GET path` with the authorization that it carried. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[]
  close(): Promise<void>
}

/** A server that speaks Bird's contract as far as a test scripts it, and holds requests without the right key to be wrong. */
export async function startBirdDouble(accessKey: string): Promise<BirdDouble> {
  const scripts = new Map<string, BirdScript>()
  const requests: { path: string; authorization: string | undefined }[] = []
  const server = createServer((request, response) => {
    const { authorization } = request.headers
    requests.push({ path: request.url ?? '', authorization })
    const match = /^\/workspaces\/[^/]+\/recordings\/([^/.]+)(\.mp3)?$/.exec(request.url ?? '')
    const script = scripts.get(match?.[1] ?? '')
    const replies = match?.[2] === undefined ? script?.metadata : script?.link
    const next = replies === undefined || replies.length > 1 ? replies?.shift() : replies[0]
    if (authorization !== `AccessKey ${accessKey}`)
      return send(response, {
        status: 401,
        body: { code: 'Unauthorized', message: 'the access key is not known' },
      })
    if (next === undefined)
      return send(response, { status: 404, body: { code: 'NotFound', message: 'no such recording' } })
    if (next === 'cut') return void request.socket.destroy()
    if (next === 'stall') return undefined
    if (typeof next !== 'function') return send(response, next)
    return void Promise.resolve(next(request)).then((reply) => send(response, reply))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    scripts,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'messagebird-request-id': 'request-1',
    ...headers,
  })
  response.end(typeof body === 'string' ? body : JSON.stringify(body ?? {}))
}
