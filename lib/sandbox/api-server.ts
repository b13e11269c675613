import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { toApiEvent } from './api-event.ts'
import { close, listen } from './listen.ts'
import { buildContext } from './sqs-event.ts'

/** A function behind the HTTP API. */
export type ApiFunction = (event: unknown, context: Context) => Promise<APIGatewayProxyStructuredResultV2>

export interface ApiServerOptions {
  /** 0 lets the system choose. */
  readonly port: number
  /** Whose signatures are taken; what they sign is not looked at. */
  readonly accessKeyId: string
  readonly region: string
  /** Asked for at the first request. */
  readonly load: () => Promise<ApiFunction>
  readonly now: () => Date
}

export interface ApiServer {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

const USER_ARN = 'arn:aws:iam::000000000000:user/sandbox'
/** API Gateway's own limit of an answer, and of a body. */
const TIMEOUT_MS = 29_000
const MAX_BODY_BYTES = 10 * 1024 * 1024

/**
 * Does what an HTTP API with IAM authorisation does, on 127.0.0.1: a request that nobody has signed is refused, any other
 * becomes an event of the function, whose answer is given back.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { accessKeyId, region, now } = options
  let loading: Promise<ApiFunction> | undefined
  const description = { functionName: 'retrieve', memoryLimitInMB: 512, region }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/' } = request
    const credential = /^AWS4-HMAC-SHA256 Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1]
    if (credential !== accessKeyId) return refuse(response, 403, 'Forbidden')
    const body = await buffer(request)
    if (body.length > MAX_BODY_BYTES) return refuse(response, 413, 'Request Entity Too Large')
    const mark = url.indexOf('?')
    loading ??= options.load()
    const run = await loading
    const event = toApiEvent({
      method,
      path: mark < 0 ? url : url.slice(0, mark),
      query: mark < 0 ? '' : url.slice(mark + 1),
      headers: headersOf(request),
      body: body.toString('utf8'),
      userArn: USER_ARN,
      now: now(),
    })
    const context = buildContext(description, now().getTime() + TIMEOUT_MS) as Context
    const { statusCode = 200, headers = {}, body: answer = '' } = await run(event, context)
    response.writeHead(
      statusCode,
      Object.entries(headers).flatMap(([name, value]) => [name, String(value)]),
    )
    response.end(answer)
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      // What API Gateway says of a function that did not answer.
      loading = undefined
      if (response.headersSent) response.destroy()
      else refuse(response, 500, `Internal Server Error: ${String(error)}`)
    })
  })
  const port = await listen(server, options.port)
  return { url: `http://127.0.0.1:${port}`, port, close: () => close(server) }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ message }))
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  )
}
