import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMediaPool, type MediaPool } from '../../lib/bird/media-pool.ts'
import { getText } from '../helpers/pooled-get.ts'
import { type RawServer, startRawServer, turn } from '../helpers/raw-server.ts'

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

describe('a connection that is kept', () => {
  it('is used again by one request at a time, and by none after "connection: close"', async () => {
    const heads = [HEAD, HEAD, HEAD.replace('\r\n', '\r\nconnection: close\r\n'), HEAD]
    await using server = await startRawServer(async (peer) => {
      for (;;) {
        await peer.asked()
        await peer.send(heads.shift() ?? '', String(peer.number).repeat(10))
      }
    })
    const answers: string[] = []
    while (answers.length < 4) answers.push(await get(server))
    expect(answers).toEqual(['1111111111', '1111111111', '1111111111', '2222222222'])
    await server.peers[0]?.closed
  })

  it('is another one for each of those that ask at the same time', async () => {
    await using server = await startRawServer(async (peer) => {
      for (;;) {
        await peer.asked()
        await peer.send(HEAD, String(peer.number).repeat(10))
      }
    })
    const together = await Promise.all([get(server), get(server), get(server)])
    expect(together.toSorted()).toEqual(['1111111111', '2222222222', '3333333333'])
    // The one used last is the likeliest to be alive.
    const [last] = [await get(server), await get(server)]
    expect(await get(server)).toBe(last)
    expect(server.peers).toHaveLength(3)
  })

  it('keeps the process awake only while it is used, and is closed with the pool', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      await peer.send(HEAD, '0123456789')
    })
    const begin = vi.spyOn(globalThis, 'setTimeout')
    const isTimerAwake = (): unknown =>
      (begin.mock.results.at(-1)?.value as NodeJS.Timeout | undefined)?.hasRef()
    // The server's own end is one of them.
    const socketsAwake = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    await get(server)
    expect([isTimerAwake(), socketsAwake()]).toEqual([false, 1])
    void outcome(server)
    await turn()
    expect([isTimerAwake(), socketsAwake()]).toEqual([true, 2])
    pool.close()
    await server.peers[0]?.closed
    expect(vi.getTimerCount()).toBe(0)
  })

  it('closed with the pool in the middle of a body ends the transfer', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      await peer.send(HEAD, '01234')
    })
    const going = outcome(server)
    while (server.peers.length === 0) await turn()
    await turn(5)
    pool.close()
    expect(await going).toMatch(/^Error: /)
    await server.peers[0]?.closed
    expect(vi.getTimerCount()).toBe(0)
  })
})
