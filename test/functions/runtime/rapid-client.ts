import { type IncomingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'

// Stands for aws-lambda-ric's native client, which wants a compiler: the same calls, spoken to a Runtime API over HTTP.

const [hostname, port] = (process.env['AWS_LAMBDA_RUNTIME_API'] ?? '').split(':')
let answered: Promise<unknown> = Promise.resolve()

async function call(method: string, path: string, headers: Record<string, string> = {}, body = '') {
  const options = { hostname, port, method, path: `/2018-06-01/runtime/invocation/${path}`, headers }
  return await new Promise<{ headers: IncomingHttpHeaders; bodyJson: string }>((resolve, reject) => {
    const sent = request({ ...options, agent: false }, (response) => {
      text(response).then((bodyJson) => resolve({ headers: response.headers, bodyJson }), reject)
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

/** Says beside each answer what the process still holds at that moment: what a freeze would cut through. */
function post(path: string, body: string, headers: Record<string, string> = {}): void {
  const held = process.getActiveResourcesInfo().filter((name) => !/^(?:Pipe|TTY|File)/.test(name))
  answered = call('POST', path, { ...headers, 'x-still-held': held.join(',') }, body)
}

/** Waits for the next event. */
export async function next() {
  await answered
  return await call('GET', 'next')
}

export function done(id: string, body: string): void {
  post(`${id}/response`, body)
}

export function error(id: string, body: string, cause: string): void {
  post(`${id}/error`, body, { 'lambda-runtime-function-xray-error-cause': cause })
}
