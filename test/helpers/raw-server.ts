import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createSecureServer } from 'node:tls'
import { portOf } from '../../lib/sandbox/listen.ts'
import type { Identity } from './certificate.ts'

/** One connection as a server sees it that does as it pleases. */
export interface Peer {
  /** From 1. */
  readonly number: number
  readonly socket: Socket
  /** Resolves with the head of the next request. */
  asked(this: void): Promise<string>
  /** Sends pieces, each to be read on its own as far as that is in a sender's power. */
  send(this: void, ...pieces: readonly (string | Uint8Array)[]): Promise<void>
  readonly closed: Promise<unknown>
}

export interface RawServer extends AsyncDisposable {
  readonly origin: URL
  readonly peers: readonly Peer[]
}

/** Listens on 127.0.0.1 and leaves each connection to `behave`; with an identity over TLS. */
export async function startRawServer(
  behave: (peer: Peer) => Promise<unknown> | void,
  identity?: Identity,
): Promise<RawServer> {
  const peers: Peer[] = []
  const accept = (socket: Socket): void => {
    socket.setNoDelay(true)
    const peer = createPeer(socket, peers.length + 1)
    peers.push(peer)
    void Promise.resolve(behave(peer)).catch((error: unknown) => socket.destroy(error as Error))
  }
  const server: Server =
    identity === undefined ? createServer(accept) : createSecureServer({ ...identity }, accept)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const scheme = identity === undefined ? 'http' : 'https'
  return {
    origin: new URL(`${scheme}://127.0.0.1:${portOf(server.address())}`),
    peers,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => {
        server.close(resolve)
        for (const socket of sockets) socket.destroy()
      })
    },
  }
}

/** Lets both sides of a connection within this process read what was sent. */
export async function turn(times = 2): Promise<void> {
  for (let count = 0; count < times; count++)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
}

function createPeer(socket: Socket, number: number): Peer {
  let text = ''
  const heads: string[] = []
  const waiting: ((head: string) => void)[] = []
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
      heads.push(text.slice(0, end))
      text = text.slice(end + 4)
    }
    while (heads.length > 0 && waiting.length > 0) waiting.shift()?.(heads.shift() ?? '')
  })
  return {
    number,
    socket,
    asked: () =>
      new Promise((resolve) => {
        const head = heads.shift()
        if (head === undefined) waiting.push(resolve)
        else resolve(head)
      }),
    async send(...pieces) {
      for (const piece of pieces) {
        socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
        await turn()
      }
    },
    closed: new Promise((resolve) => {
      socket.once('close', resolve)
    }),
  }
}
