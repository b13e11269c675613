import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import type { Incoming } from '../../lib/bird/media-exchange.ts'
import { createMediaPool, type MediaPool } from '../../lib/bird/media-pool.ts'
import { createIdentity } from '../helpers/certificate.ts'
import { createCollector, numberedBytes } from '../helpers/collector.ts'
import { type Peer, type RawServer, startRawServer, turn } from '../helpers/raw-server.ts'

const LIMITS = { connectMs: 60_000, headersMs: 60_000, idleMs: 60_000 }
const MIB = 1024 * 1024
const never = new AbortController().signal
const identity = createIdentity('localhost', '127.0.0.1')
setDefaultCACertificates([...getCACertificates('default'), identity.cert])

let pool: MediaPool = createMediaPool(LIMITS)
afterEach(() => {
  pool.close()
  pool = createMediaPool(LIMITS)
})

const ask = (server: RawServer, target = '/'): Promise<Incoming> =>
  pool.get(new URL(target, server.origin), {}, never)

const declared = (body: Buffer, more = ''): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${more}\r\n`), body])

function chunked(body: Buffer, chunkBytes: number): Buffer {
  const pieces: Buffer[] = [Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')]
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = body.subarray(at, at + chunkBytes)
    pieces.push(Buffer.from(`${chunk.length.toString(16)};x=y\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\nx: y\r\n\r\n')])
}

/** Answers every request with the same bytes, `pieceBytes` at a time. */
const repeat =
  (wire: Buffer, pieceBytes = wire.length) =>
  async (peer: Peer): Promise<void> => {
    const pieces: Buffer[] = []
    for (let at = 0; at < wire.length; at += pieceBytes) pieces.push(wire.subarray(at, at + pieceBytes))
    for (;;) {
      await peer.asked()
      await peer.send(...pieces)
    }
  }

describe.each([
  ['plain TCP', undefined],
  ['TLS', identity],
])('a landing that wants no more for now, over %s,', (_, tls) => {
  const small = numberedBytes(700)

  it.each([
    ['a declared length, all at once', declared(small), undefined],
    ['a declared length, piece by piece', declared(small), 90],
    ['chunks, all at once', chunked(small, 50), undefined],
    ['chunks, piece by piece', chunked(small, 50), 33],
  ])('gets every byte once, wherever it holds: %s', async (_name, wire, pieceBytes) => {
    await using server = await startRawServer(repeat(wire, pieceBytes), tls)
    let most = 1
    for (let holdAt = 0; holdAt <= most; holdAt++) {
      const { receive } = await ask(server)
      const collector = createCollector({
        roomBytes: 64,
        landed: (count) => (count === holdAt || holdAt === 0 ? turn((count % 3) + 1) : undefined),
      })
      await receive(collector)
      most = Math.max(most, collector.landings)
      expect(collector.faults()).toEqual([])
      expect(collector.body().equals(small)).toBe(true)
    }
    expect(most).toBeGreaterThan(10)
    expect(server.peers).toHaveLength(1)
  })

  it.each([
    ['a declared length', (body: Buffer) => declared(body)],
    ['chunks', (body: Buffer) => chunked(body, 100_000)],
  ])(
    'gets every byte of a large body once, faster though it comes than it is taken: %s',
    async (_name, write) => {
      const large = numberedBytes(6 * MIB)
      await using server = await startRawServer(repeat(write(large)), tls)
      for (const roomBytes of [40_000, MIB]) {
        const { receive } = await ask(server)
        // All that fits into the system's buffers, and into TLS's own, is waiting by now.
        await turn(20)
        const collector = createCollector({
          roomBytes,
          landed: (count) => (count % 5 === 4 ? undefined : turn((count % 4) + 1)),
        })
        await receive(collector)
        expect(collector.faults()).toEqual([])
        expect(collector.body().equals(large)).toBe(true)
      }
      expect(server.peers).toHaveLength(1)
    },
  )

  it('may settle at once, again and again', async () => {
    const body = numberedBytes(3 * MIB)
    await using server = await startRawServer(repeat(declared(body)), tls)
    const { receive } = await ask(server)
    const collector = createCollector({ roomBytes: 5000, landed: () => Promise.resolve() })
    await receive(collector)
    expect(collector.faults()).toEqual([])
    expect(collector.body().equals(body)).toBe(true)
  })

  it.each([
    ['that was read ahead', []],
    // The first two pieces are read ahead.
    ['that comes straight to it', [300, 500]],
  ])('is waited for at the last byte %s, though the server has closed by then', async (_name, cuts) => {
    const wire = declared(small, 'connection: close\r\n')
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      const pieces = [...cuts, wire.length].map((end, index) => wire.subarray(cuts[index - 1] ?? 0, end))
      for (const piece of pieces.slice(0, -1)) {
        await peer.send(piece)
        await turn(30)
      }
      peer.socket.end(pieces.at(-1) ?? wire)
    }, tls)
    const { receive } = await ask(server)
    await turn(20)
    const last = Promise.withResolvers<void>()
    const collector = createCollector({
      landed: () => (collector.body().length === small.length ? last.promise : undefined),
    })
    let isOver = false
    const over = receive(collector).then(() => {
      isOver = true
    })
    await turn(100)
    expect(collector.body().length).toBe(small.length)
    expect(isOver).toBe(false)
    last.resolve()
    await over
    expect(collector.body().equals(small)).toBe(true)
  })

  it('gets what came before the connection ended where nothing else tells the end', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      peer.socket.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), small]))
    }, tls)
    const { receive } = await ask(server)
    await turn(20)
    const collector = createCollector({ roomBytes: 64, landed: () => turn(3) })
    await receive(collector)
    expect(collector.body().equals(small)).toBe(true)
    expect(collector.faults()).toEqual([])
  })

  it('learns afterwards that the connection ended too early', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      peer.socket.end(declared(small).subarray(0, -1))
    }, tls)
    const { receive } = await ask(server)
    await turn(20)
    const collector = createCollector({ roomBytes: 64, landed: () => turn(3) })
    await expect(receive(collector)).rejects.toThrow('closed before the body had ended')
    expect(collector.body().equals(small.subarray(0, -1))).toBe(true)
  })

  it.each([
    [
      'throws',
      (error: Error): Promise<void> => {
        throw error
      },
    ],
    [
      'rejects at once',
      async (error: Error) => {
        throw error
      },
    ],
    [
      'rejects later',
      async (error: Error) => {
        await turn(3)
        throw error
      },
    ],
  ])(
    'and that %s, wherever it does, ends the transfer with that, and nothing lands afterwards',
    async (_name, refuse) => {
      await using server = await startRawServer(repeat(chunked(small, 50), 120), tls)
      const last = 14
      for (let failAt = 1; failAt <= last; failAt++) {
        const { receive } = await ask(server)
        const error = new Error(`no more than ${failAt}`)
        const collector = createCollector({
          roomBytes: 64,
          landed: (count) => (count === failAt ? refuse(error) : undefined),
        })
        await expect(receive(collector)).rejects.toBe(error)
        await server.peers[failAt - 1]?.closed
        expect(collector.landings).toBe(failAt)
        expect(collector.faults()).toEqual([])
      }
      expect(server.peers).toHaveLength(last)
    },
  )

  it('may be let go of while it holds, and nothing lands afterwards', async () => {
    await using server = await startRawServer(repeat(declared(numberedBytes(MIB))), tls)
    const { receive, close } = await ask(server)
    const held = Promise.withResolvers<void>()
    const collector = createCollector({ roomBytes: 1000, landed: () => held.promise })
    const over = receive(collector)
    await turn(10)
    close()
    await expect(over).rejects.toThrow('let go of')
    await server.peers[0]?.closed
    held.resolve()
    await turn(10)
    expect(collector.landings).toBe(1)
    expect(collector.faults()).toEqual([])
  })
})
