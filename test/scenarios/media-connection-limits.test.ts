import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMediaPool, type MediaPool } from '../../lib/bird/media-pool.ts'
import { createCollector } from '../helpers/collector.ts'
import { type Peer, type RawServer, startRawServer, turn } from '../helpers/raw-server.ts'

const LIMITS = { connectMs: 1_000, headersMs: 2_000, idleMs: 3_000 }
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

/** Lets time pass of which everybody has noticed all that was sent before. */
async function pass(ms: number): Promise<void> {
  await turn(8)
  vi.advanceTimersByTime(ms)
  await turn(8)
}

/** How a request goes on: 'pending' until it has ended in any way. */
function follow(going: Promise<unknown>): { outcome: string } {
  const followed = { outcome: 'pending' }
  void going.then(
    () => (followed.outcome = 'done'),
    (error: unknown) => (followed.outcome = String(error)),
  )
  return followed
}

const ask = (server: RawServer, signal = never): ReturnType<MediaPool['get']> =>
  pool.get(new URL('/', server.origin), {}, signal)

/** The first connection of a server that says nothing of its own accord, once a request came over it. */
async function firstPeer(server: RawServer): Promise<Peer> {
  while (server.peers.length === 0) await turn()
  const [first] = server.peers
  if (first === undefined) throw new Error('nobody connected')
  await first.asked()
  return first
}

describe('the time limit', () => {
  it('on a connection counts until TLS has been agreed on', async () => {
    await using server = await startRawServer(() => {})
    const origin = new URL(server.origin)
    origin.protocol = 'https:'
    const request = follow(pool.get(origin, {}, never))
    while (server.peers.length === 0) await turn()
    await pass(LIMITS.connectMs - 1)
    expect(request.outcome).toBe('pending')
    await pass(1)
    expect(request.outcome).toBe('TimeoutError: no connection within the time limit')
    await server.peers[0]?.closed
  })

  it('on the head counts from the request on, however many pieces the head comes in', async () => {
    await using server = await startRawServer(() => {})
    const request = follow(ask(server))
    const { send, closed } = await firstPeer(server)
    await send('HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 200 OK\r\n')
    await pass(LIMITS.headersMs / 2)
    await send('content-length: 10\r\n')
    await pass(LIMITS.headersMs / 2 - 1)
    expect(request.outcome).toBe('pending')
    await send('etag: "1"\r\n')
    await pass(1)
    expect(request.outcome).toBe('TimeoutError: no answer within the time limit')
    await closed
    expect(vi.getTimerCount()).toBe(0)
  })

  it('on a body counts from each piece to the next', async () => {
    await using server = await startRawServer(() => {})
    const going = ask(server)
    const { send, closed } = await firstPeer(server)
    await send(HEAD)
    const body = follow((await going).receive(createCollector()))
    for (const piece of '012345678') {
      await pass(LIMITS.idleMs - 1)
      await send(piece)
    }
    await pass(LIMITS.idleMs - 1)
    expect(body.outcome).toBe('pending')
    await pass(1)
    expect(body.outcome).toBe('TimeoutError: nothing more within the time limit')
    await closed
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not run while the answer is not asked for, nor while its landing holds; it does afterwards', async () => {
    await using server = await startRawServer(() => {})
    const going = ask(server)
    const { send } = await firstPeer(server)
    await send(HEAD, '01234')
    const { receive } = await going
    await pass(LIMITS.headersMs * 10)
    const held = Promise.withResolvers<void>()
    const body = follow(receive(createCollector({ landed: () => held.promise })))
    await pass(LIMITS.idleMs * 10)
    expect(body.outcome).toBe('pending')
    held.resolve()
    await pass(LIMITS.idleMs - 1)
    expect(body.outcome).toBe('pending')
    await pass(1)
    expect(body.outcome).toBe('TimeoutError: nothing more within the time limit')
  })

  it('on a connection that nobody uses closes it, and another is made', async () => {
    await using server = await startRawServer(async (peer) => {
      for (;;) {
        await peer.asked()
        await peer.send(HEAD, '0123456789')
      }
    })
    const fetch = async (): Promise<void> => (await ask(server)).receive(createCollector())
    await fetch()
    await pass(3_999)
    await fetch()
    await pass(3_999)
    expect(server.peers).toHaveLength(1)
    await pass(1)
    await server.peers[0]?.closed
    await fetch()
    expect(server.peers).toHaveLength(2)
  })
})

describe('a signal', () => {
  const stages: readonly [string, string | undefined, 'held' | 'landing' | 'receiving' | 'not asked for'][] =
    [
      ['before the head', undefined, 'not asked for'],
      ['in the middle of the head', HEAD.slice(0, 20), 'not asked for'],
      ['before the body is asked for', `${HEAD}01234`, 'not asked for'],
      ['while the body is waited for', `${HEAD}01234`, 'receiving'],
      ['while the landing holds', `${HEAD}01234`, 'held'],
      ['while the landing holds at the end', `${HEAD}0123456789`, 'held'],
      ['by the landing itself', `${HEAD}01234`, 'landing'],
      ['by the landing itself at the end', `${HEAD}0123456789`, 'landing'],
    ]

  it.each(stages)(
    'that is aborted %s ends it with its reason, and leaves nothing',
    async (_, sent, stage) => {
      await using server = await startRawServer(() => {})
      const controller = new AbortController()
      const reason = new Error('stopped')
      const held = Promise.withResolvers<void>()
      const collector = createCollector({
        landed() {
          if (stage === 'landing') controller.abort(reason)
          return stage === 'held' ? held.promise : undefined
        },
      })
      const going = ask(server, controller.signal).then(async ({ receive }) => {
        if (stage === 'not asked for') await turn(20)
        await receive(collector)
      })
      const outcome = going.catch((error: unknown) => error)
      const { send, socket, closed } = await firstPeer(server)
      if (sent !== undefined) await send(sent)
      await turn(5)
      controller.abort(reason)
      await outcome
      await closed
      expect(socket.destroyed).toBe(true)
      expect(vi.getTimerCount()).toBe(0)
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
      held.resolve()
      await turn(5)
      expect(collector.landings).toBe(stage === 'not asked for' ? 0 : 1)
    },
  )

  it('that is aborted while the connection is being made ends it', async () => {
    await using server = await startRawServer(() => {})
    const controller = new AbortController()
    const outcome = ask(server, controller.signal).catch(String)
    controller.abort(new Error('stopped'))
    expect(await outcome).toBe('Error: stopped')
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  it('that is aborted beforehand makes no connection, and costs none that is kept', async () => {
    await using server = await startRawServer(async (peer) => {
      for (;;) {
        await peer.asked()
        await peer.send(HEAD, '0123456789')
      }
    })
    const aborted = AbortSignal.abort(new Error('stopped'))
    await expect(ask(server, aborted)).rejects.toThrow('stopped')
    expect(vi.getTimerCount()).toBe(0)
    await turn(5)
    expect(server.peers).toHaveLength(0)
    const fetch = async (): Promise<void> => (await ask(server)).receive(createCollector())
    await fetch()
    await expect(ask(server, aborted)).rejects.toThrow('stopped')
    await fetch()
    expect(server.peers).toHaveLength(1)
  })
})
