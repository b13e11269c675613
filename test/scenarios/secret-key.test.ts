import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorld, type World } from '../helpers/world.ts'

const KEY = 'bird-live-key-0123456789abcdef'

let world: World
let url: string
/** Refuses as Secrets Manager does: its message repeats what was asked for. */
const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (text: string) => (body += text))
  request.on('end', () => {
    const { SecretId } = JSON.parse(body) as { SecretId: string }
    const message = `User: arn:aws:sts::1:role/x is not authorized to perform: secretsmanager:GetSecretValue on resource: ${SecretId}`
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' })
    response.end(JSON.stringify({ __type: 'AccessDeniedException', message }))
  })
})
beforeAll(async () => {
  world = await startWorld()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  delete process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER']
  await new Promise((resolve) => server.close(resolve))
  await world[Symbol.asyncDispose]()
})

it('a key that was put where the name of its secret belongs is not logged, whatever AWS says of it', async () => {
  process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] = url
  const { id } = await world.addRecording()
  const { failed, output } = await world.run([id], {
    environment: { BIRD_ACCESS_KEY: undefined, BIRD_ACCESS_KEY_SECRET: KEY },
  })
  expect(failed).toHaveLength(1)
  expect(output).toContain('the secret behind BIRD_ACCESS_KEY_SECRET cannot be read: AccessDeniedException')
  expect(output).not.toContain(KEY)
})
