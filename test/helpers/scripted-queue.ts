import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { MessageAttributeValue } from '@aws-sdk/client-sqs'
import type { QueueServer } from '../../lib/sandbox/queue-server.ts'
import type { QueueCall } from './queue-front.ts'

type Json = Readonly<Record<string, unknown>>

/** An answer in SQS's place; `lost`: the connection is cut instead. */
export type ScriptedAnswer = Json | { readonly refused: string } | 'lost'

export interface ScriptedQueue extends AsyncDisposable {
  readonly url: string
  readonly calls: QueueCall[]
  /** What a call is answered; `pass` asks the server behind, with the call's input as it is by then. */
  script: (call: QueueCall, pass: () => Promise<Json>) => Promise<ScriptedAnswer>
}

/** A server in front of SQS whose answers a test decides; until it does, those of the server behind. */
export async function startScriptedQueue(upstream: string): Promise<ScriptedQueue> {
  const queue: Pick<ScriptedQueue, 'calls' | 'script'> = { calls: [], script: (_call, pass) => pass() }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Uint8Array[] = []
    for await (const piece of request) pieces.push(piece as Uint8Array)
    const target = String(request.headers['x-amz-target'])
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target }
    const call = {
      operation: target.replace(/^.*\./, ''),
      input: JSON.parse(Buffer.concat(pieces).toString()) as QueueCall['input'],
    }
    queue.calls.push(call)
    const pass = async (): Promise<Json> => {
      const passed = await fetch(upstream, { method: 'POST', headers, body: JSON.stringify(call.input) })
      return (await passed.json()) as Json
    }
    const scripted = await queue.script(call, pass)
    if (scripted === 'lost') {
      response.destroy()
      return
    }
    const refused = 'refused' in scripted ? String(scripted['refused']) : undefined
    response.writeHead(refused === undefined ? 200 : 400, { 'content-type': headers['content-type'] })
    response.end(
      JSON.stringify(
        refused === undefined ? scripted : { __type: `com.amazonaws.sqs#${refused}`, message: 'Scripted.' },
      ),
    )
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return Object.assign(queue, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

/** A message as fauxqs keeps it. */
export interface KeptMessage {
  readonly messageId: string
  readonly body: string
  readonly messageAttributes: Readonly<Record<string, MessageAttributeValue>>
}

/** What lies in a queue, seen from beside it: visible, and hidden because somebody received it. */
export async function contentsOf(
  server: QueueServer,
  queueUrl: string,
): Promise<{ readonly visible: readonly KeptMessage[]; readonly hidden: readonly KeptMessage[] }> {
  const response = await fetch(`${server.url}/_fauxqs/queues/${queueUrl.split('/').at(-1) ?? ''}`)
  const { messages } = (await response.json()) as {
    messages: { ready: KeptMessage[]; inflight: { message: KeptMessage }[] }
  }
  return { visible: messages.ready, hidden: messages.inflight.map(({ message }) => message) }
}
