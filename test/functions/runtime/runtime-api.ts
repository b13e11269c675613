import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { SQSEvent } from 'aws-lambda'

export interface Answer {
  readonly kind: 'response' | 'error'
  readonly body: unknown
  /** What kept the function's event loop alive when it answered. */
  readonly held: string
}

/** Lambda's Runtime API: what a function asks for events and tells its answers. */
export interface RuntimeApi extends AsyncDisposable {
  /** `host:port`, as AWS_LAMBDA_RUNTIME_API has it. */
  readonly address: string
  /** Hands an event to the function that asks next; resolves with its answer. */
  invoke(event: SQSEvent, timeoutMs?: number): Promise<Answer>
  /** Resolves once a function waits for its next event: it has nothing more to do. */
  idle(): Promise<void>
  /** Forgets the function that asked: it was killed. */
  forget(): void
}

export async function startRuntimeApi(): Promise<RuntimeApi> {
  let waiting = Promise.withResolvers<ServerResponse>()
  const answers = new Map<string, (answer: Answer) => void>()
  const server = createServer((request, response) => {
    const [, id = '', kind = ''] =
      /\/invocation\/([^/]+)(?:\/(response|error))?$/.exec(request.url ?? '') ?? []
    if (id === 'next') return waiting.resolve(response)
    return void text(request).then((body) => {
      const held = String(request.headers['x-still-held'])
      response.writeHead(202).end()
      answers.get(id)?.({ kind: kind === 'response' ? kind : 'error', body: JSON.parse(body), held })
      answers.delete(id)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async invoke(event, timeoutMs = 60_000) {
      const response = await waiting.promise
      waiting = Promise.withResolvers()
      const id = randomUUID()
      const answered = new Promise<Answer>((resolve) => answers.set(id, resolve))
      response.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': id,
        'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-west-1:000000000000:function:archive',
        'lambda-runtime-trace-id': 'Root=1-00000000-000000000000000000000000',
      })
      response.end(JSON.stringify(event))
      return await answered
    },
    async idle() {
      await waiting.promise
    },
    forget() {
      waiting = Promise.withResolvers()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
