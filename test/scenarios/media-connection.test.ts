import { afterEach, describe, expect, it } from 'vitest'
import { createMediaPool, type MediaPool } from '../../lib/bird/media-pool.ts'
import { createCollector, numberedBytes } from '../helpers/collector.ts'
import { type Peer, type RawServer, startRawServer } from '../helpers/raw-server.ts'

const LIMITS = { connectMs: 60_000, headersMs: 60_000, idleMs: 60_000 }
const never = new AbortController().signal
const pools: MediaPool[] = []

afterEach(() => {
  for (const pool of pools.splice(0)) pool.close()
})

function openPool(): MediaPool {
  const pool = createMediaPool(LIMITS)
  pools.push(pool)
  return pool
}

/** Answers each request of each connection with the same pieces. */
async function answering(...pieces: readonly (string | Uint8Array)[]): Promise<RawServer> {
  return await startRawServer(async (peer) => {
    for (;;) {
      await peer.asked()
      await peer.send(...pieces)
    }
  })
}

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

async function get(pool: MediaPool, server: RawServer, target = '/a.mp3', roomBytes?: number): Promise<Got> {
  const { status, headers, receive } = await pool.get(new URL(target, server.origin), {}, never)
  const collector = createCollector(roomBytes === undefined ? {} : { roomBytes })
  await receive(collector)
  expect(collector.faults()).toEqual([])
  return { status, headers, body: collector.body() }
}

const failure = (pool: MediaPool, server: RawServer): Promise<string> =>
  get(pool, server).then(() => 'answered', String)

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 10\r\n\r\n'

describe('a request', () => {
  it('says what is asked for, of whom, and nothing else', async () => {
    await using server = await answering(HEAD, '0123456789')
    const heads: string[] = []
    await using spy = await startRawServer(async (peer) => {
      heads.push(await peer.asked())
      await peer.send(HEAD, '0123456789')
    })
    await get(openPool(), server)
    const url = new URL('/a%20b/c.mp3?X-Amz-Signature=a%2Fb&x=1#part', spy.origin)
    const { receive } = await openPool().get(url, { accept: '*/*', range: 'bytes=5-' }, never)
    await receive(createCollector())
    expect(heads).toEqual([
      `GET /a%20b/c.mp3?X-Amz-Signature=a%2Fb&x=1 HTTP/1.1\r\nhost: ${spy.origin.host}\r\naccept: */*\r\nrange: bytes=5-`,
    ])
  })

  it('can hold no line that its link brings along', async () => {
    const heads: string[] = []
    await using server = await startRawServer(async (peer) => {
      heads.push(await peer.asked())
      await peer.send(HEAD, '0123456789')
    })
    await get(openPool(), server, '/a\r\nx-evil: 1\r\n\r\nGET /b HTTP/1.1?c=\nd e\0')
    expect(heads).toHaveLength(1)
    expect(heads[0]?.split('\r\n')).toHaveLength(2)
    expect(heads[0]).toMatch(/^GET \S+ HTTP\/1\.1\r\nhost: \S+$/)
  })
})

describe('an answer', () => {
  it('is the same wherever it is cut in two, on one connection', async () => {
    const wire = Buffer.from(`${HEAD}0123456789`)
    let cut = 0
    await using server = await startRawServer(async (peer) => {
      for (;;) {
        await peer.asked()
        await peer.send(wire.subarray(0, cut), wire.subarray(cut))
      }
    })
    const pool = openPool()
    for (cut = 1; cut < wire.length; cut++) {
      const { status, headers, body } = await get(pool, server)
      expect({ cut, status, type: headers['content-type'], body: body.toString() }).toEqual({
        cut,
        status: 200,
        type: 'audio/mpeg',
        body: '0123456789',
      })
    }
    expect(server.peers).toHaveLength(1)
  })

  it('is the same byte by byte', async () => {
    await using server = await answering(...`${HEAD}0123456789`.split(''))
    expect((await get(openPool(), server)).body.toString()).toBe('0123456789')
  })

  it.each([
    ['HTTP/1.1 100 Continue\r\n\r\n'],
    ['HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\ncontent-length: 7\r\n\r\n'],
  ])('comes behind what is said before it: %j', async (before) => {
    await using together = await answering(`${before}${HEAD}0123456789`)
    await using apart = await answering(before, HEAD, '0123456789')
    for (const server of [together, apart])
      expect(await get(openPool(), server)).toMatchObject({
        status: 200,
        body: Buffer.from('0123456789'),
      })
  })

  it.each([
    ['is no HTTP/1.1', 'SSH-2.0-OpenSSH_9.9\r\n\r\n', 'it does not begin like HTTP/1.1'],
    ['has a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n', 'it has a malformed header'],
    [
      'has two lengths',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
      'the length of its body is not clear',
    ],
    [
      'has a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
      'the length of its body is not clear',
    ],
  ])('that %s is refused, its connection is closed, and the next is another', async (_, wire, why) => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      await peer.send(...(peer.number === 1 ? [wire] : [HEAD, '0123456789']))
    })
    const pool = openPool()
    expect(await failure(pool, server)).toBe(`Error: the answer is not understood: ${why}`)
    await server.peers[0]?.closed
    expect((await get(pool, server)).body.toString()).toBe('0123456789')
  })

  it('whose head has no end is refused, in one piece or in many', async () => {
    const line = `x: ${'y'.repeat(1000)}\r\n`
    const endless = async (peer: Peer, pieces: number): Promise<void> => {
      await peer.asked()
      await peer.send(
        'HTTP/1.1 200 OK\r\n',
        ...Array.from({ length: pieces }, () => line.repeat(40 / pieces)),
      )
    }
    await using server = await startRawServer((peer) => endless(peer, peer.number === 1 ? 1 : 20))
    const pool = openPool()
    for (const number of [1, 2]) {
      expect(await failure(pool, server)).toBe('Error: the head of the answer is too long')
      await server.peers[number - 1]?.closed
    }
  })
})

describe('a body', () => {
  const body = numberedBytes(300_000)
  const chunks = [1, 2, 3, 65_536, 100_000, 5].map((bytes, index, all) => {
    const from = all.slice(0, index).reduce((sum, each) => sum + each, 0)
    return body.subarray(from, index === all.length - 1 ? undefined : from + bytes)
  })
  const inChunks = (extension: string, trailer: string): Buffer =>
    Buffer.concat([
      ...chunks.flatMap((chunk) => [
        Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`),
        chunk,
        Buffer.from('\r\n'),
      ]),
      Buffer.from(`0${extension}\r\n${trailer}\r\n`),
    ])
  const plain = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

  it.each<[string, string, Buffer]>([
    ['a declared length', plain, body],
    ['chunks', chunked, inChunks('', '')],
    ['chunks with extensions and trailers', chunked, inChunks(';a="b";c', 'x-crc: 1\r\ny: 2\r\n')],
  ])('with %s comes whole into rooms of any size, twice on one connection', async (_, head, wire) => {
    await using server = await startRawServer(async (peer) => {
      for (;;) {
        await peer.asked()
        const pieces = [0, 1, 7, 70_000, 70_001, 200_000, wire.length]
        await peer.send(head, ...pieces.slice(1).map((end, index) => wire.subarray(pieces[index], end)))
        await peer.asked()
        await peer.send(Buffer.concat([Buffer.from(head), wire]))
      }
    })
    const pool = openPool()
    for (const roomBytes of [1000, 65_536, 1_000_000])
      for (const turn of [1, 2]) {
        const got = await get(pool, server, `/${turn}`, roomBytes)
        expect(got.body.equals(body)).toBe(true)
      }
    expect(server.peers).toHaveLength(1)
  })

  it('goes on to the end of the connection where nothing else tells its end', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.asked()
      await peer.send('HTTP/1.1 200 OK\r\n\r\n', body.subarray(0, 100_000), body.subarray(100_000))
      peer.socket.end()
    })
    const pool = openPool()
    expect((await get(pool, server)).body.equals(body)).toBe(true)
    expect((await get(pool, server, '/', 100)).body.equals(body)).toBe(true)
    expect(server.peers).toHaveLength(2)
  })

  it.each([204, 304])('that a %i announces is not waited for', async (status) => {
    await using server = await answering(`HTTP/1.1 ${status} x\r\ncontent-length: 5\r\n\r\n`)
    const pool = openPool()
    expect((await get(pool, server)).body).toHaveLength(0)
    expect((await get(pool, server)).status).toBe(status)
    expect(server.peers).toHaveLength(1)
  })

  it.each([
    ['is no size', 'x\r\n', 'a chunk does not say how long it is'],
    ['is longer than it says', '2\r\nabc\r\n', 'a chunk is longer than it says'],
  ])('of which a chunk %s is refused, and its connection closed', async (_, wire, why) => {
    await using server = await answering(chunked, '1\r\na\r\n', wire)
    expect(await failure(openPool(), server)).toBe(`Error: ${why}`)
    await server.peers[0]?.closed
  })
})
