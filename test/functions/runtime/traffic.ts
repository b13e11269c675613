import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What the HTTP servers of this process see, but for the Runtime API: there a function that waits always has a request. */
export interface Traffic extends Disposable {
  /** Requests that are not answered to the end, as `GET /path`. */
  inFlight(): string[]
  /** Closes every connection that clients keep open, as servers do in the course of a long freeze. Gives their number. */
  closeIdle(): number
}

const START = 'http.server.request.start'

export function watchTraffic(): Traffic {
  const underWay = new Set<IncomingMessage>()
  const sockets = new Set<Socket>()
  const onStart = (message: unknown): void => {
    const { request, response, socket } = message as {
      request: IncomingMessage
      response: ServerResponse
      socket: Socket
    }
    if (request.url?.startsWith('/2018-06-01/') === true) return
    underWay.add(request)
    response.once('close', () => underWay.delete(request))
    if (sockets.has(socket)) return
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  subscribe(START, onStart)
  return {
    inFlight: () => [...underWay].map(({ method, url }) => [method, url].join(' ')),
    closeIdle() {
      const open = [...sockets]
      for (const socket of open) socket.destroy()
      return open.length
    },
    [Symbol.dispose]: () => void unsubscribe(START, onStart),
  }
}
