import type { Readable } from 'node:stream'
import { type Http, type HttpRequest, toReadable } from '../http.ts'

/** A request as the SDK hands it over once it is signed. */
interface SdkRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

interface SdkResponse {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable
}

/** What the SDK asks of a request handler. */
interface RequestHandler {
  readonly metadata: { readonly handlerProtocol: string }
  handle(
    request: SdkRequest,
    options?: { readonly abortSignal?: unknown },
  ): Promise<{ response: SdkResponse }>
  destroy(): void
  updateHttpClientConfig(): void
  httpHandlerConfigs(): Record<string, unknown>
}

const NEVER = new AbortController().signal

/**
 * undici in place of `node:http` under the SDK, so that all that is sent to the bucket shares one pool of connections.
 * Rejects with an error that the SDK tries again (`$retryable`) where no answer came, and with an AbortError where the
 * signal said so.
 */
export function createRequestHandler(http: Http): RequestHandler {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request, options) {
      // The SDK's own type of it is older than the signals that are handed to it here.
      const signal = (options?.abortSignal as AbortSignal | undefined) ?? NEVER
      const { hostname, port, path, query } = request
      const { host: _host, expect: _expect, ...headers } = request.headers
      const search = toQuery(query ?? {})
      try {
        const incoming = await http.open(
          {
            method: request.method as HttpRequest['method'],
            origin: `${request.protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
            path: search === '' ? path : `${path}?${search}`,
            headers,
            body: request.body as HttpRequest['body'],
          },
          signal,
        )
        return {
          response: {
            statusCode: incoming.status,
            headers: toSingleValues(incoming.headers),
            body: toReadable(incoming),
          },
        }
      } catch (cause) {
        if (signal.aborted) throw Object.assign(new Error('aborted', { cause }), { name: 'AbortError' })
        throw Object.assign(cause as Error, { $retryable: {} })
      }
    },
    // Its connections are the owner's to close.
    destroy() {},
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  }
}

/** A query as it is sent and signed: names and values escaped, in the order of their names. */
export function toQuery(query: NonNullable<SdkRequest['query']>): string {
  return Object.entries(query)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((each: string | null) =>
        each === null ? escapeUri(name) : `${escapeUri(name)}=${escapeUri(each)}`,
      ),
    )
    .join('&')
}

/** Everything but RFC 3986's unreserved characters, as Signature Version 4 wants it. */
export function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function toSingleValues(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}
