import { GetObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectArchivedOnce } from '../helpers/archived.ts'
import {
  cutAfter,
  etagOf,
  type MediaDouble,
  type MediaReply,
  serveAudio,
  startMediaDouble,
} from '../helpers/media-double.ts'
import { addServed, againsOf, endOf, expectRefused, runServed, type Served } from '../helpers/served.ts'
import { type Run, startWorld, WORKSPACE, type World } from '../helpers/world.ts'

type Reply = (audio: Uint8Array) => MediaReply
const CUT = 6_000
const half = (audio: Uint8Array): Uint8Array => audio.subarray(0, CUT)

/** What never gets any further, however often it is asked. */
const NEVER_WHOLE: [name: string, transfers: string, reason: string, reply: Reply][] = [
  [
    'the connection is closed before the declared length, and the rest is not to be had',
    'with ranges',
    'bad-body',
    (audio) => cutAfter(audio, CUT),
  ],
  [
    'more is declared than there is, and what is missing never comes',
    'with ranges',
    'bird-unavailable',
    (audio) => (request) => {
      const declared = Buffer.concat([audio, new Uint8Array(100)])
      const etag = etagOf(audio)
      const whole = serveAudio(declared, etag)(request)
      const { length } = whole.body as Uint8Array
      return { ...whole, body: (whole.body as Uint8Array).subarray(0, length - 100), length }
    },
  ],
  [
    'a chunked body ends without its last chunk',
    'all anew',
    'bird-unavailable',
    (audio) => ({ body: half(audio), length: 'chunked', ending: 'cut' }),
  ],
  [
    'a chunked body ends without its last chunk, between two frames',
    'all anew',
    'bird-unavailable',
    (audio) => ({ body: audio.subarray(0, 208 * 30), length: 'chunked', ending: 'cut' }),
  ],
]

/** What is no answer with the audio at all. */
const REFUSED_LINKS: [name: string, requests: number, detail: RegExp, reply: Reply][] = [
  ['500', 4, /500/, () => ({ status: 500 })],
  ['503 SlowDown', 4, /503/, () => ({ status: 503, body: '<Error><Code>SlowDown</Code></Error>' })],
  ['404', 4, /404/, () => ({ status: 404 })],
  [
    '400 ExpiredToken',
    4,
    /ExpiredToken/,
    () => ({ status: 400, body: '<Error><Code>ExpiredToken</Code></Error>' }),
  ],
  ['400', 1, /400/, () => ({ status: 400 })],
  ['204', 1, /204/, () => ({ status: 204 })],
  [
    '206 although all was asked for',
    1,
    /206/,
    (audio) => ({
      status: 206,
      headers: { 'content-range': `bytes 0-${CUT - 1}/${audio.length}` },
      body: half(audio),
    }),
  ],
  ['no answer, the connection closed', 4, /no answer from 127\.0\.0\.1/, () => 'cut'],
]

let world: World
let media: MediaDouble
let run: Run
const served = new Map<string, Served>()
const of = (name: string): Served => served.get(name) as Served
const linked = new Map<string, { id: string; audio: Uint8Array; sha256: string }>()
// One batch for all of them: the pauses between attempts pass side by side.
beforeAll(async () => {
  world = await startWorld()
  media = await startMediaDouble()
  for (const [name, , , reply] of NEVER_WHOLE) {
    served.set(name, await addServed(world, media, (audio) => [reply(audio)]))
    served.set(`${name}, once`, await addServed(world, media, (audio) => [reply(audio), serveAudio(audio)]))
  }
  for (const [name, , , reply] of REFUSED_LINKS) {
    served.set(name, await addServed(world, media, (audio) => [reply(audio)]))
    served.set(`${name}, once`, await addServed(world, media, (audio) => [reply(audio), serveAudio(audio)]))
  }
  served.set(
    'longer',
    await addServed(world, media, (audio) => [
      {
        body: Buffer.concat([audio, Buffer.from('HTTP/1.1 200 OK\r\n\r\nmore'), audio]),
        length: audio.length,
      },
    ]),
  )
  const lapsed = { status: 400, body: '<Error><Code>ExpiredToken</Code></Error>' }
  served.set('lapsed, once', await addServed(world, media, (audio) => [lapsed, serveAudio(audio)]))
  served.set('expired', await addServed(world, media, (audio) => [serveAudio(audio)], { links: ['stale'] }))
  const expired = async (id: string): Promise<string> =>
    await getSignedUrl(
      world.client,
      new GetObjectCommand({ Bucket: 'bird-media', Key: `workspaceID:${WORKSPACE}/${id}.mp3` }),
      { expiresIn: 600, signingDate: new Date(Date.now() - 3_600_000) },
    )
  const queued = await world.addRecording()
  const location = await expired(queued.id)
  world.bird.scripts.get(queued.id)?.link.unshift({ status: 307, headers: { location } })
  linked.set('expired once', queued)
  run = await runServed(world, media, [...served.values(), ...linked.values()], {
    environment: { MEDIA_ORIGINS: `${media.origin},${world.s3Url}` },
  })
})
afterAll(async () => {
  await media.close()
  await world[Symbol.asyncDispose]()
})

describe('a body that breaks off', () => {
  it.for(NEVER_WHOLE)('is never taken for the whole: %s', async ([name, transfers, reason]) => {
    const { id } = of(name)
    const detail = /broke off after [\d,]+ bytes|ended after [\d,]+ of|changed-while-resuming/
    await expectRefused(world, run, id, reason, detail)
    const asked = media.requestsOf(id)
    expect(new Set(asked.map(({ url }) => url)).size).toBe(asked.length)
    const anew = asked.filter(({ headers }) => headers.range === undefined)
    expect(anew).toHaveLength(3)
    expect(asked.length).toBeLessThanOrEqual(transfers === 'all anew' ? 3 : 15)
  })

  it.for(NEVER_WHOLE)('does not stand in the way of a whole one: %s', async ([name]) => {
    await expectArchivedOnce(world, of(`${name}, once`))
  })
})

describe('a body that goes on behind its declared length', () => {
  it('is archived as far as it was declared, and not a byte further', async () => {
    await expectArchivedOnce(world, of('longer'))
  })
})

describe('a link', () => {
  it('that S3 refuses because it has expired is replaced by a fresh one', async () => {
    const recording = linked.get('expired once') as Served
    await expectArchivedOnce(world, recording)
    const asked = world.bird.requests.filter(({ path }) => path.endsWith(`${recording.id}.mp3`))
    expect(asked).toHaveLength(2)
  })

  it('whose credentials have lapsed before it did (400 ExpiredToken) is replaced, too', async () => {
    await expectArchivedOnce(world, of('lapsed, once'))
    expect(media.requestsOf(of('lapsed, once').id)).toHaveLength(2)
  })

  it('that is refused four times over is a failure of this recording alone: nobody stops the batch for it', async () => {
    const { id } = of('expired')
    await expectRefused(world, run, id, 'bird-unavailable', /403.*AccessDenied/)
    expect(media.requestsOf(id)).toHaveLength(4)
    expect(run.events.filter(({ event }) => event === 'batch.stopped')).toEqual([])
  })

  it.for(REFUSED_LINKS)(
    'that is answered with no body is a failure: %s',
    async ([name, requests, detail]) => {
      const { id } = of(name)
      await expectRefused(world, run, id, 'bird-unavailable', detail)
      const asked = media.requestsOf(id)
      expect(asked).toHaveLength(requests)
      expect(new Set(asked.map(({ url }) => url)).size).toBe(requests)
    },
  )

  it.for(REFUSED_LINKS.filter(([, requests]) => requests > 1))(
    'that is answered with no body once is asked for again: %s',
    async ([name]) => {
      const { id } = of(`${name}, once`)
      await expectArchivedOnce(world, of(`${name}, once`))
      expect(media.requestsOf(id)).toHaveLength(2)
      expect(againsOf(run, id)).toEqual([])
      expect(endOf(run, id)['event']).toBe('recording.archived')
    },
  )
})
