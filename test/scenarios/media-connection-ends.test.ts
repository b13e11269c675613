import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMediaPool, type MediaPool } from '../../lib/bird/media-pool.ts'
import { createCollector, numberedBytes } from '../helpers/collector.ts'
import { getText } from '../helpers/pooled-get.ts'
import { type Peer, type RawServer, startRawServer, turn } from '../helpers/raw-server.ts'

const LIMITS = { connectMs: 60_000, headersMs: 60_000, idleMs: 60_000 }
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n'
const never = new AbortController().signal

let pool: MediaPool
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  pool = createMediaPool(LIMITS)
})
afterEach(() => {
  pool.close()
  vi.useRealTimers()
})

const get = (server: RawServer, signal = never): Promise<string> => getText(pool, server, signal)
const outcome = (server: RawServer): Promise<string> => get(server).catch(String)

describe('a connection that the server closes', () => {
  const behaviours: readonly [string, (peer: Peer) => Promise<unknown>, string][] = [
    ['before the answer', async () => {}, 'Error: the connection was closed before the answer'],
    [
      'in the middle of the head',
      (peer) => peer.send(HEAD.slice(0, 20)),
      'Error: the connection was closed before the answer',
    ],
    [
      'behind the head',
      (peer) => peer.send(HEAD),
      'Error: the connection was closed before the body had ended',
    ],
    [
      'in the middle of the body',
      (peer) => peer.send(HEAD, '012345678'),
      'Error: the connection was closed before the body had ended',
    ],
    [
      'in the middle of a chunk',
      (peer) => peer.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', 'a\r\n01234'),
      'Error: the connection was closed before the body had ended',
    ],
    [
      'behind the last chunk, but one line',
      (peer) => peer.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', '1\r\na\r\n0\r\n'),
      'Error: the connection was closed before the body had ended',
    ],
    ['behind the body', (peer) => peer.send(HEAD, '0123456789'), '0123456789'],
  ]

  it.each(behaviours)('%s is noticed at once', async (_, behave, expected) => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      await behave(peer)
      peer.socket.end()
    })
    expect(await outcome(server)).toBe(expected)
    await server.peers[0]?.closed
    await turn()
    expect(await outcome(server)).toBe(expected)
    expect(server.peers).toHaveLength(2)
  })

  it.each(behaviours.slice(0, -1))('%s and with a reset is noticed at once', async (_, behave) => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      await behave(peer)
      peer.socket.resetAndDestroy()
    })
    expect(await outcome(server)).toMatch(/^Error: read ECONNRESET$/)
  })

  it('together with the end of the body, all in one piece, has brought the body', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      peer.socket.end(`${HEAD}0123456789`)
    })
    expect(await get(server)).toBe('0123456789')
  })

  it('while nobody uses it is not used again', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      await peer.send(HEAD, '0123456789')
      peer.socket.end()
    })
    await get(server)
    await server.peers[0]?.closed
    await turn()
    expect(await get(server)).toBe('0123456789')
    expect(server.peers).toHaveLength(2)
  })

  it('and that cannot be made is told', async () => {
    const server = await startRawServer(() => {})
    await server[Symbol.asyncDispose]()
    expect(await outcome(server)).toMatch(/ECONNREFUSED/)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('bytes that nobody asked for', () => {
  const evil = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil'

  it.each([
    ['in one piece with a body', [`${HEAD}0123456789${evil}`]],
    ['behind a body', [HEAD, `0123456789${evil}`]],
    ['later, while the connection is idle', [HEAD, '0123456789', evil]],
    ['behind an answer that has no body', [`HTTP/1.1 204 x\r\n\r\n${evil}`]],
  ])("%s are nobody else's answer", async (_, pieces) => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      await peer.send(...pieces)
    })
    const first = await get(server)
    expect(first).toMatch(/^(?:0123456789)?$/)
    await server.peers[0]?.closed
    expect(await get(server)).toBe(first)
    expect(server.peers).toHaveLength(2)
  })
})

describe('an answer that is let go of', () => {
  it.each([
    ['before its body', 0, [10]],
    ['while its body lands, all of it read already', 1, [10]],
    // The first two pieces are read ahead.
    ['while the last of its body lands, straight from the socket', 3, [3, 6, 10]],
  ])('%s closes its connection, which is not used again', async (_, landings, ends) => {
    const body = numberedBytes(10)
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      const pieces = ends.map((end, index) => body.subarray(ends[index - 1] ?? 0, end))
      await peer.send(Buffer.concat([Buffer.from(HEAD), ...pieces.splice(0, 1)]), ...pieces)
    })
    const answer = await pool.get(new URL('/', server.origin), {}, never)
    if (landings === 0) answer.close()
    const collector = createCollector({
      landed(count) {
        if (count === landings) answer.close()
        return undefined
      },
    })
    await expect(answer.receive(collector)).rejects.toThrow('let go of')
    expect(collector.landings).toBe(landings)
    await server.peers[0]?.closed
    expect(vi.getTimerCount()).toBe(0)
    expect(await get(server)).toBe(body.toString())
    expect(server.peers).toHaveLength(2)
  })

  it('after its body changes nothing', async () => {
    await using server = await startRawServer(async (peer) => {
      for (;;) {
        await peer.asked()
        await peer.send(HEAD, '0123456789')
      }
    })
    const first = await pool.get(new URL('/', server.origin), {}, never)
    await first.receive(createCollector())
    const second = await pool.get(new URL('/', server.origin), {}, never)
    first.close()
    const collector = createCollector()
    await second.receive(collector)
    expect(collector.body().toString()).toBe('0123456789')
    expect(server.peers).toHaveLength(1)
  })
})

describe('the signal of a request', () => {
  it('is not listened to any more once the body came, or could not come', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      await peer.send(HEAD, ...(peer.number === 1 ? ['0123456789'] : ['x']))
      peer.socket.end()
    })
    const { signal } = new AbortController()
    await get(server, signal)
    await expect(get(server, signal)).rejects.toThrow('closed')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
