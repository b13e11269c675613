import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
// Its index loads fetch, caches, mocks and all: twice as much code, a fifth of a cold start.
import Agent from 'undici/lib/dispatcher/agent.js'
import { isLoopback } from './bird/redirect.ts'

/** One request, whole: whatever it carries is in memory. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** `https://host[:port]` */
  readonly origin: string
  /** With the query, if any. */
  readonly path: string
  /** Without `host`: undici says it itself, and a client on which only some requests name it loses its connections. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | Readable | undefined
}

/** One answer, whole. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Takes one piece of a body, which is its own to keep. A promise holds the sender back until it is settled. */
export type Consume = (chunk: Buffer) => Promise<void> | undefined

/** One answer whose body is still on its way. */
export interface HttpIncoming {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Hands the body over; to be called once. Rejects when it breaks off, and with whatever `consume` fails with. */
  pass(consume: Consume): Promise<void>
  /** Lets go of the connection, however far the body was read. */
  close(): void
}

export interface HttpOptions {
  /** Connections to one host; requests beyond them wait. */
  readonly connections: number
  readonly connectMs: number
  /** From the request to the last header of the answer. */
  readonly headersMs: number
  /** Between two pieces of a body. */
  readonly idleMs: number
}

/**
 * Connections of one purpose, kept and used again. What fails for want of an answer rejects with undici's error, what is
 * aborted with the signal's reason. Once settled, nothing reads a request's body any more that could leave this machine.
 */
export interface Http {
  /** Sends a request and collects its answer, which may hold `maxBytes` at most. */
  exchange(request: HttpRequest, signal: AbortSignal, maxBytes?: number): Promise<HttpAnswer>
  /** Sends a request and resolves as soon as the headers of the answer are there. */
  open(request: HttpRequest, signal: AbortSignal): Promise<HttpIncoming>
  close(): Promise<void>
}

/** Whether what is sent to this origin arrives as it was sent: by TLS, or because it does not leave this machine. */
export function isPrivate(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' || isLoopback(hostname)
}

export function createHttp({ connections, connectMs, headersMs, idleMs }: HttpOptions): Http {
  const agent = new Agent({
    connections,
    connect: { timeout: connectMs },
    headersTimeout: headersMs,
    bodyTimeout: idleMs,
    // HTTP/2 costs a fifth more for each request.
    allowH2: false,
  })
  // undici's own `request` makes a stream of each answer, which costs more than all the rest of a small one.
  const dispatch = (request: HttpRequest, signal: AbortSignal, events: Events): void => {
    let controller: Dispatcher.DispatchController | undefined
    const onAbort = (): void => {
      // Still waiting for a connection: it is stopped where it would begin.
      if (controller === undefined) events.failed(signal.reason)
      else controller.abort(signal.reason as Error)
    }
    const settle = (): void => signal.removeEventListener('abort', onAbort)
    if (signal.aborted) {
      events.failed(signal.reason)
      return
    }
    signal.addEventListener('abort', onAbort)
    agent.dispatch(
      // Left to itself undici closes the connection after each HEAD. To be closed is one that goes on sending a body that
      // was answered early, for its memory has other uses by then; with TLS that is a copy.
      {
        ...request,
        body: request.body ?? null,
        reset: request.body !== undefined && !isPrivate(request.origin),
      },
      {
        onRequestStart(started) {
          controller = started
          if (signal.aborted) started.abort(signal.reason as Error)
        },
        onResponseStart(started, status, headers) {
          if (status >= 200) events.started(started, status, headers)
        },
        onResponseData: (started, chunk) => events.data(started, chunk),
        onResponseEnd() {
          settle()
          events.ended()
        },
        onResponseError(_controller, error) {
          settle()
          events.failed(signal.aborted ? signal.reason : error)
        },
      },
    )
  }

  return {
    exchange: (request, signal, maxBytes = Infinity) =>
      new Promise((resolve, reject) => {
        let answer: Omit<HttpAnswer, 'body'> | undefined
        let bytes = 0
        const chunks: Buffer[] = []
        dispatch(request, signal, {
          started(_controller, status, headers) {
            answer = { status, headers }
          },
          data(controller, chunk) {
            bytes += chunk.length
            if (bytes > maxBytes) controller.abort(new Error('the answer is too long'))
            else chunks.push(chunk)
          },
          ended() {
            const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
            resolve({ ...(answer as Omit<HttpAnswer, 'body'>), body })
          },
          failed: reject,
        })
      }),
    open: (request, signal) =>
      new Promise((resolve, reject) => {
        let incoming: Incoming | undefined
        dispatch(request, signal, {
          started(controller, status, headers) {
            incoming = receive(controller, status, headers)
            resolve(incoming.answer)
          },
          data: (_controller, chunk) => incoming?.data(chunk),
          ended: () => incoming?.end(undefined),
          failed(error) {
            incoming?.end({ error })
            reject(error)
          },
        })
      }),
    close: () => agent.destroy(),
  }
}

interface Events {
  started(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void
  data(controller: Dispatcher.DispatchController, chunk: Buffer): void
  ended(): void
  failed(error: unknown): void
}

interface Incoming {
  readonly answer: HttpIncoming
  data(chunk: Buffer): void
  end(failure: { readonly error: unknown } | undefined): void
}

/** Holds a body back until somebody asks for it, and then whenever they say so. */
function receive(
  controller: Dispatcher.DispatchController,
  status: number,
  headers: IncomingHttpHeaders,
): Incoming {
  let consume: Consume | undefined
  let hasEnded = false
  let failure: { readonly error: unknown } | undefined
  const { promise: over, resolve, reject } = Promise.withResolvers<void>()
  // A body that nobody asks for may break off all the same.
  over.catch(() => {})
  const refuse = (error: unknown): void => {
    failure ??= { error }
    controller.abort(error as Error)
  }
  controller.pause()
  return {
    answer: {
      status,
      headers,
      pass(taker) {
        consume = taker
        // The connection of an answer that has ended may be another request's by now.
        if (!hasEnded) controller.resume()
        return over
      },
      close: () => controller.abort(new Error('closed')),
    },
    data(chunk) {
      try {
        if (consume === undefined) throw new Error('a body came that nobody had asked for yet')
        const taken = consume(chunk)
        if (taken === undefined) return
        controller.pause()
        taken.then(() => controller.resume(), refuse)
      } catch (error) {
        refuse(error)
      }
    },
    end(broken) {
      hasEnded = true
      failure ??= broken
      if (failure === undefined) resolve()
      else reject(failure.error)
    },
  }
}

/** The body as a stream, for whoever knows no other form. Destroyed early it lets go of the connection. */
export function toReadable(incoming: Pick<HttpIncoming, 'pass' | 'close'>): Readable {
  let goOn: (() => void) | undefined
  let isAsked = false
  const stream = new Readable({
    read() {
      goOn?.()
      if (isAsked) return
      isAsked = true
      const consume: Consume = (chunk) =>
        stream.push(chunk)
          ? undefined
          : new Promise((resolve) => {
              goOn = resolve
            })
      incoming.pass(consume).then(
        () => stream.push(null),
        (error: unknown) => stream.destroy(error as Error),
      )
    },
    destroy(error, callback) {
      incoming.close()
      callback(error)
    },
  })
  return stream
}
