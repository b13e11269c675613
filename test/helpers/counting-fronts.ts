import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { BackfillWorld } from './backfill-world.ts'

/** At which request something happens: before it has had its effect, or when it has and its answer is on its way. */
export interface Strike {
  /** Requests to all servers together are counted from 1. */
  readonly at: number
  readonly when: 'before' | 'after'
  readonly strike: () => void
}

/** Servers in front of a world's Bird, S3 and SQS, which count what they are asked. */
export interface Fronts extends AsyncDisposable {
  /** What leads to them in place of the world's own servers. */
  readonly env: Readonly<Record<string, string>>
  /** All requests in their order: `Bird GET recordings`, `S3 PUT backfill/marks/…`, `SQS SendMessageBatch`. */
  readonly requests: string[]
  /** None unless set. The request that it strikes is not answered. */
  strike: Strike | undefined
  /** Resolves once nothing is on its way any more. */
  settled(): Promise<void>
}

const NAMES = { BIRD_API_URL: 'Bird', AWS_ENDPOINT_URL_S3: 'S3', AWS_ENDPOINT_URL_SQS: 'SQS' } as const

/** Starts them on 127.0.0.1. */
export async function startFronts(world: BackfillWorld): Promise<Fronts> {
  const underway = new Set<Promise<void>>()
  const servers: Server[] = []
  const env: Record<string, string> = {}
  const fronts: Fronts = {
    env,
    requests: [],
    strike: undefined,
    async settled() {
      while (underway.size > 0) await Promise.allSettled(underway)
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.closeAllConnections()
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
  for (const [variable, name] of Object.entries(NAMES)) {
    const upstream = new URL(world.env[variable] ?? '')
    const server = createServer((asked, response) => {
      const passing = pass(asked, response, upstream, name, fronts)
        .catch(() => void response.destroy())
        .finally(() => underway.delete(passing))
      underway.add(passing)
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    servers.push(server)
    env[variable] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  return fronts
}

async function pass(
  asked: IncomingMessage,
  response: ServerResponse,
  upstream: URL,
  name: string,
  fronts: Fronts,
): Promise<void> {
  const body = await buffer(asked)
  const number = fronts.requests.push(nameOf(name, asked))
  const { strike } = fronts
  const isStruck = strike?.at === number
  if (isStruck && strike.when === 'before') {
    strike.strike()
    return
  }
  const answer = await forward(asked, name === 'SQS' ? withoutWaiting(body) : body, upstream)
  if (isStruck) {
    strike.strike()
    return
  }
  response.writeHead(answer.status, answer.headers)
  response.end(answer.body)
}

/** An empty queue is told at once: only for that does a long poll wait, and only time would pass. */
function withoutWaiting(body: Buffer): Buffer {
  return Buffer.from(body.toString().replace(/"WaitTimeSeconds":\d+/, '"WaitTimeSeconds":0'))
}

/** With the headers as they came, `host` too: S3's signatures are over them. */
async function forward(
  asked: IncomingMessage,
  body: Buffer,
  { hostname, port }: URL,
): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }> {
  const { method = 'GET', url = '/', headers } = asked
  const { 'transfer-encoding': _, ...kept } = headers
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ hostname, port, method, path: url, headers: { ...kept, 'content-length': body.length } })
      .on('response', resolve)
      .on('error', reject)
      .end(body)
  })
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: await buffer(answer) }
}

function nameOf(name: string, { method = '', url = '', headers }: IncomingMessage): string {
  const operation = headers['x-amz-target']
  if (name === 'SQS') return `SQS ${String(operation).replace(/^.*\./, '')}`
  const [path = '', query = ''] = url.split('?')
  const segments = path.split('/').slice(name === 'S3' ? 2 : 3)
  return `${name} ${query.includes('list-type') ? 'LIST' : method} ${segments.join('/')}`.trimEnd()
}
