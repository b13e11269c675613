import { connect } from 'node:net'
import { pipeline } from 'node:stream'
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { createMediaPool } from '../../lib/bird/media-pool.ts'
import { createIdentity } from '../helpers/certificate.ts'
import { createCollector } from '../helpers/collector.ts'
import { type Peer, startRawServer, turn } from '../helpers/raw-server.ts'

const LIMITS = { connectMs: 60_000, headersMs: 60_000, idleMs: 60_000 }
const never = new AbortController().signal
const known = createIdentity('localhost', '127.0.0.1')
const elsewhere = createIdentity('elsewhere.example')
setDefaultCACertificates([...getCACertificates('default'), known.cert, elsewhere.cert])

async function answerOnce(peer: Peer): Promise<void> {
  await peer.asked()
  await peer.send('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\naudio')
}

/** Asks so many times, one after the other; each time for the body, or what went wrong. */
async function ask(times: number, url: URL): Promise<string[]> {
  const pool = createMediaPool(LIMITS)
  const outcomes: string[] = []
  while (outcomes.length < times) {
    const collector = createCollector()
    const body = pool.get(url, {}, never).then(async ({ receive }) => {
      await receive(collector)
      return collector.body().toString()
    })
    outcomes.push(await body.catch(String))
    await turn(5)
  }
  pool.close()
  return outcomes
}

describe('a certificate', () => {
  it('is good for the names that it has', async () => {
    await using server = await startRawServer(answerOnce, known)
    const byName = new URL(server.origin)
    byName.hostname = 'localhost'
    expect(await ask(1, server.origin)).toEqual(['audio'])
    expect(await ask(1, byName)).toEqual(['audio'])
  })

  it('for another name is refused, as often as it is shown', async () => {
    const asked: string[] = []
    await using server = await startRawServer(async (peer) => {
      asked.push(await peer.asked())
    }, elsewhere)
    const outcomes = await ask(3, server.origin)
    // A session that went on would not be asked for its certificate again.
    for (const outcome of outcomes) expect(outcome).toMatch(/does not match certificate's altnames/)
    expect(asked).toEqual([])
  })

  it('that nobody vouches for is refused, as often as it is shown', async () => {
    await using server = await startRawServer(answerOnce, createIdentity('localhost', '127.0.0.1'))
    for (const outcome of await ask(3, server.origin)) expect(outcome).toMatch(/self-signed certificate/)
  })
})

describe('a TLS session', () => {
  it('is gone on with by the next connection, until one fails', async () => {
    const resumed: boolean[] = []
    await using server = await startRawServer(async (peer) => {
      resumed.push((peer.socket as TLSSocket).isSessionReused())
      await answerOnce(peer)
    }, known)
    // What lies in front of it breaks the third connection off before the server has agreed to anything.
    await using front = await startRawServer(({ number, socket }) => {
      if (number === 3) socket.resetAndDestroy()
      else pipeline(socket, connect(Number(server.origin.port), '127.0.0.1'), socket, () => {})
    })
    const outcomes = await ask(5, new URL(`https://${front.origin.host}`))
    expect(outcomes.map((outcome) => outcome === 'audio')).toEqual([true, true, false, true, true])
    expect(resumed).toEqual([false, true, false, true])
  })
})
