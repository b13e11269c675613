import { createServer, type IncomingMessage, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'

/** A request as the gate sees it: nothing of it has reached S3. */
export interface GateRequest {
  readonly method: string
  readonly key: string
  readonly query: URLSearchParams
}

/** Stands in front of S3, and keeps requests waiting while something else happens. */
export interface S3Gate extends AsyncDisposable {
  /**
   * Has something happen before the first request that matches goes on; what that itself asks of S3 passes. The function
   * that it returns tells whether it has happened.
   */
  before(matches: (request: GateRequest) => boolean, work: () => Promise<unknown>): () => boolean
}

/** Stands in front of this process's S3 from now on. */
export async function startS3Gate(): Promise<S3Gate> {
  const address = process.env['AWS_ENDPOINT_URL_S3'] ?? ''
  const { hostname, port } = new URL(address)
  const waiting = new Set<{ matches: (request: GateRequest) => boolean; work: () => Promise<unknown> }>()
  const server = createServer((asked, response) => {
    const pass = async (): Promise<void> => {
      const target = targetOf(asked)
      for (const each of waiting)
        if (each.matches(target)) {
          waiting.delete(each)
          await each.work()
        }
      const { method, url, headers } = asked
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const passed = send({ hostname, port, method, path: url, headers })
        passed.on('response', resolve).on('error', reject)
        pipeline(asked, passed).catch(reject)
      })
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      await pipeline(answer, response)
    }
    pass().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  process.env['AWS_ENDPOINT_URL_S3'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    before(matches, work) {
      let hasHappened = false
      waiting.add({
        matches,
        async work() {
          await work()
          hasHappened = true
        },
      })
      return () => hasHappened
    },
    async [Symbol.asyncDispose]() {
      process.env['AWS_ENDPOINT_URL_S3'] = address
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function targetOf({ method = '', url = '' }: IncomingMessage): GateRequest {
  const { pathname, searchParams } = new URL(url, 'http://s3')
  return { method, key: pathname.split('/').slice(2).join('/'), query: searchParams }
}
