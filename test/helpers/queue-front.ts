import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call to SQS as it stood on the wire: the operation's name and its JSON. */
export interface QueueCall {
  readonly operation: string
  readonly input: Readonly<Record<string, unknown>>
}

export interface QueueFront extends AsyncDisposable {
  readonly calls: QueueCall[]
  /** The status and code with which SQS refuses a call; undefined lets it through. */
  refuse: (call: QueueCall) => { readonly status: number; readonly code: string } | undefined
}

/** Stands in front of the world's SQS from now on, sees what is sent to it, and can refuse it. */
export async function startQueueFront(): Promise<QueueFront> {
  const upstream = process.env['AWS_ENDPOINT_URL_SQS'] ?? ''
  const front: Pick<QueueFront, 'calls' | 'refuse'> = { calls: [], refuse: () => undefined }
  const answerCall = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Uint8Array[] = []
    for await (const piece of request) pieces.push(piece as Uint8Array)
    const body = Buffer.concat(pieces)
    const target = String(request.headers['x-amz-target'])
    const call = {
      operation: target.replace(/^.*\./, ''),
      input: JSON.parse(body.toString()) as QueueCall['input'],
    }
    front.calls.push(call)
    const refusal = front.refuse(call)
    if (refusal !== undefined) {
      response.writeHead(refusal.status, { 'content-type': 'application/x-amz-json-1.0' })
      response.end(
        JSON.stringify({ __type: `com.amazonaws.sqs#${refusal.code}`, message: 'Scripted refusal.' }),
      )
      return
    }
    const answer = await fetch(`${upstream}${request.url ?? ''}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target },
      body,
    })
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(Buffer.from(await answer.arrayBuffer()))
  }
  const server = createServer((request, response) => {
    answerCall(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  process.env['AWS_ENDPOINT_URL_SQS'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(front, {
    async [Symbol.asyncDispose]() {
      process.env['AWS_ENDPOINT_URL_SQS'] = upstream
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
