import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import type { S3Fault } from '../../lib/sandbox/s3-server.ts'
import { BODY, type Raw, rawGet, startFaulty } from '../helpers/s3-faulty.ts'
import { bucket } from '../helpers/s3-sandbox.ts'

const MIB = 1024 * 1024

/** The GET of a seeded object, with a body that goes wrong. */
async function getFaulty(
  fault: Omit<S3Fault & { kind: 'body' }, 'kind'>,
  headers = {},
  until = Infinity,
): Promise<Raw> {
  const { server } = await startFaulty('GetObject', { kind: 'body', ...fault })
  await server.putFile(bucket, 'k', Buffer.from(BODY), { contentType: 'audio/mpeg' })
  return await rawGet(server.presignGet(bucket, 'k', 60), headers, until)
}

test('cuts the connection after some bytes, with or without a declared length', async () => {
  const cut = await getFaulty({ cutAfterBytes: 4 })
  expect(cut).toMatchObject({ status: 200, body: 'abcd', complete: false })
  expect(cut.headers['content-length']).toBe('26')
  const chunked = await getFaulty({ cutAfterBytes: 4, noLength: true })
  expect(chunked).toMatchObject({ body: 'abcd', complete: false })
  expect(chunked.headers['content-length']).toBeUndefined()
})

test('stalls after some bytes and lets go when the server closes', async () => {
  expect(await getFaulty({ stallAfterBytes: 4 }, {}, 4)).toMatchObject({ body: 'abcd', complete: false })
})

test('ends early with a length that agrees, or declares more than comes', async () => {
  const short = await getFaulty({ endAfterBytes: 4 })
  expect(short).toMatchObject({ body: 'abcd', complete: true, headers: { 'content-length': '4' } })
  const long = await getFaulty({ declareBytes: 100 })
  expect(long).toMatchObject({ body: BODY, complete: false, headers: { 'content-length': '100' } })
  expect(await getFaulty({ noLength: true })).toMatchObject({ body: BODY, complete: true })
})

test('ignores a range, or gives one that was not asked for', async () => {
  const range = { range: 'bytes=2-3' }
  expect(await getFaulty({}, range)).toMatchObject({ status: 206, body: 'cd' })
  expect(await getFaulty({ ignoreRange: true }, range)).toMatchObject({ status: 200, body: BODY })
  const moved = await getFaulty({ contentRange: 'bytes 5-6/26' }, range)
  expect(moved).toMatchObject({ status: 206, body: 'cd', headers: { 'content-range': 'bytes 5-6/26' } })
})

test('lies about etag and content type, or sends something else altogether', async () => {
  const lie = await getFaulty({ etag: '"0"', contentType: 'text/html', replace: Buffer.from('<html>') })
  expect(lie).toMatchObject({
    body: '<html>',
    complete: true,
    headers: { etag: '"0"', 'content-type': 'text/html', 'content-length': '6' },
  })
})

test('closes although a client has hung up in the middle of a body, faulty or not', async () => {
  for (const fault of [{ kind: 'body', stallAfterBytes: 20 * MIB }, undefined] satisfies (
    | S3Fault
    | undefined
  )[]) {
    const { server, script } = await startFaulty('GetObject', { kind: 'body' })
    script.fault = fault
    await server.putFile(bucket, 'k', Buffer.alloc(24 * MIB))
    const { pathname, search, host } = new URL(server.presignGet(bucket, 'k', 60))
    for (let hung = 0; hung < 5; hung++) {
      const socket = connect(server.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      await once(socket, 'data')
      // Says goodbye, but takes what is still on the way.
      socket.end()
      socket.resume()
      await once(socket, 'close')
    }
    await server.close()
    await expect(fetch(server.url)).rejects.toThrow('fetch failed')
  }
})
