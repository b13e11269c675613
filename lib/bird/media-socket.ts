import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectSecure } from 'node:tls'

/** The last TLS session with each host: the next connection to it needs no certificate, and one hop less. */
const sessions = new Map<string, Buffer>()

/**
 * Begins to connect, with TLS where the origin is https. What comes in is read into memory that `onread` names, never
 * into memory of Node's.
 */
export function dial(origin: URL, onread: OnReadOpts): Socket {
  const host = origin.hostname.replace(/^\[|\]$/g, '')
  if (origin.protocol !== 'https:')
    return connectPlain({ host, port: Number(origin.port || 80), noDelay: true, onread })
  const session = sessions.get(origin.host)
  // tls.connect hands these on to its socket; its types do not say so.
  const ours = { onread, noDelay: true }
  const socket = connectSecure({
    ...ours,
    host,
    port: Number(origin.port || 443),
    ...(isIP(host) === 0 && { servername: host }),
    ALPNProtocols: ['http/1.1'],
    ...(session !== undefined && { session }),
  })
  socket.on('session', (ticket: Buffer) => sessions.set(origin.host, ticket))
  // Until both have agreed it may be the session that the host does not like.
  const forget = (): boolean => sessions.delete(origin.host)
  return socket.once('error', forget).once('secureConnect', () => socket.off('error', forget))
}
