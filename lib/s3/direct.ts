import { createHash } from 'node:crypto'
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { Clock } from '../deadline.ts'
import { type Http, type HttpAnswer, isPrivate } from '../http.ts'
import { escapeUri, toQuery } from './request-handler.ts'

/**
 * The requests that every recording makes, without the SDK's middleware, which costs ten times what they do: signed by
 * the client's own signer with its own credentials, sent to the endpoint that it resolved.
 */
export interface DirectRequests {
  /**
   * Sends one request about a key, once. Resolves to undefined unless it was answered with success or 404: any other
   * end (refused, throttled, unanswered, a clock that is off) is for the SDK to meet, which knows how to go on.
   * @throws the signal's reason
   */
  send(request: DirectRequest, signal: AbortSignal): Promise<HttpAnswer | undefined>
}

export interface DirectRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT'
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  /**
   * SHA-256 of the body, lower-case hex. It is signed, so S3 refuses any other body. A body without it must carry a
   * checksum in its headers: then it is not read again for the signature where nobody on the way could change it.
   */
  readonly sha256?: string
}

/** Where a bucket's objects are, and who signs requests to them. */
interface Target {
  readonly origin: string
  readonly hostname: string
  readonly port: number | undefined
  readonly protocol: string
  /** TLS, or a server on this machine: what is sent arrives as it was sent. */
  readonly isPrivate: boolean
  /** Path in front of the key, ending in `/`. */
  readonly base: string
  readonly signer: Awaited<ReturnType<S3Client['config']['signer']>>
}

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const CAPTURED_KEY = 'key'
/** Before the SDK's own pauses begin. */
const PAUSE_MS = 200

export function createDirectRequests(
  client: S3Client,
  bucket: string,
  http: Http,
  clock: Clock,
): DirectRequests {
  let found: Promise<Target | undefined> | undefined

  /** S3 API Reference, "Signature Calculations": the payload's SHA-256, or that it is not signed. */
  const payloadOf = (target: Target, { body, sha256 }: DirectRequest): string => {
    if (sha256 !== undefined) return sha256
    if (body === undefined) return EMPTY_SHA256
    return target.isPrivate ? 'UNSIGNED-PAYLOAD' : createHash('sha256').update(body).digest('hex')
  }

  const sign = async (
    target: Target,
    path: string,
    request: DirectRequest,
  ): Promise<Record<string, string>> => {
    const { signer, hostname, port, protocol } = target
    const { headers } = await signer.sign(
      {
        method: request.method,
        protocol,
        hostname,
        ...(port !== undefined && { port }),
        path,
        query: { ...request.query },
        headers: {
          ...request.headers,
          host: port === undefined ? hostname : `${hostname}:${port}`,
          'x-amz-content-sha256': payloadOf(target, request),
        },
      },
      { signingDate: new Date(clock.now().getTime() + client.config.systemClockOffset) },
    )
    const { host: _host, ...sent } = headers
    return sent
  }

  return {
    async send(request, signal) {
      signal.throwIfAborted()
      found ??= findTarget(client, bucket)
      try {
        const target = await found
        if (target === undefined) return undefined
        const { method, key, query = {}, body } = request
        const path = target.base + key.split('/').map(escapeUri).join('/')
        const headers = await sign(target, path, request)
        const answer = await http.exchange(
          {
            method,
            origin: target.origin,
            path: Object.keys(query).length === 0 ? path : `${path}?${toQuery(query)}`,
            headers,
            body,
          },
          signal,
        )
        if ((answer.status >= 200 && answer.status < 300) || answer.status === 404) return answer
        // S3 asks for less (503 SlowDown) or is in trouble: not again at once.
        if (answer.status >= 500) await clock.pause(PAUSE_MS * clock.random(), signal)
        return undefined
      } catch {
        signal.throwIfAborted()
        // The next one finds out anew: credentials or region may be there by then.
        found = undefined
        return undefined
      }
    },
  }
}

/** Lets the SDK prepare a request, and takes it away before it is signed. Undefined where plain Signature Version 4 would not do. */
async function findTarget(client: S3Client, bucket: string): Promise<Target | undefined> {
  const command = new HeadObjectCommand({ Bucket: bucket, Key: CAPTURED_KEY })
  let captured: { request: unknown; authScheme: AuthScheme | undefined } | undefined
  command.middlewareStack.addRelativeTo(
    (_next: unknown, context: object) => async (args: object) => {
      const { endpointV2 } = context as { endpointV2?: { properties?: { authSchemes?: AuthScheme[] } } }
      const { request } = args as { request?: unknown }
      captured = { request, authScheme: endpointV2?.properties?.authSchemes?.[0] }
      return { response: {}, output: { $metadata: {} } }
    },
    { relation: 'before', toMiddleware: 'httpSigningMiddleware', name: 'captureTarget' },
  )
  await client.send(command)
  const { request, authScheme } = captured ?? {}
  const { protocol, hostname, port, path } = request as {
    protocol: string
    hostname: string
    port?: number
    path: string
  }
  if (authScheme?.name !== 'sigv4' || !path.endsWith(`/${CAPTURED_KEY}`)) return undefined
  const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`
  return {
    origin,
    protocol,
    hostname,
    port,
    isPrivate: isPrivate(origin),
    base: path.slice(0, -CAPTURED_KEY.length),
    signer: await client.config.signer(authScheme),
  }
}

type AuthScheme = NonNullable<Parameters<S3Client['config']['signer']>[0]>
