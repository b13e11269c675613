import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectArchivedOnce } from '../helpers/archived.ts'
import {
  cutAfter,
  etagOf,
  type MediaDouble,
  type MediaReply,
  type MediaRequest,
  offsetOf,
  serveAudio,
  serveCut,
  startMediaDouble,
} from '../helpers/media-double.ts'
import { addServed, againsOf, buildAudio, runServed, type Served } from '../helpers/served.ts'
import { type Run, startWorld, type World } from '../helpers/world.ts'

type Reply = (audio: Uint8Array) => MediaReply
const CUT = 6_000

/** Answers a ranged request as `alter` says, with the truth to begin with. */
function rest(audio: Uint8Array, alter: (from: number, total: number) => object): MediaReply {
  return (request: MediaRequest) => {
    const from = offsetOf(request.headers) ?? 0
    const honest = serveAudio(audio)(request)
    const { headers = {}, ...more } = alter(from, audio.length) as { headers?: Record<string, string> }
    return { ...honest, ...more, headers: { ...honest.headers, ...headers } }
  }
}
const without = (name: string, audio: Uint8Array): MediaReply => {
  return (request) => {
    const { headers = {}, ...honest } = serveAudio(audio)(request)
    return { ...honest, headers: Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name)) }
  }
}
/** The same length, other bytes. */
const other = (audio: Uint8Array): Buffer => buildAudio(etagOf(audio))
const range = (text: string) => ({ headers: { 'content-range': text } })

const STARTS_OVER: [name: string, second: Reply, before?: (audio: Uint8Array) => Uint8Array][] = [
  ['200 and everything', (audio) => ({ headers: { etag: etagOf(audio) }, body: audio })],
  ['200 and only the rest', (audio) => rest(audio, () => ({ status: 200 }))],
  [
    '206 from the first byte on',
    (audio) => rest(audio, (_, total) => ({ ...range(`bytes 0-${total - 1}/${total}`), body: audio })),
  ],
  [
    '206 from one byte later on',
    (audio) =>
      rest(audio, (from, total) => ({
        ...range(`bytes ${from + 1}-${total - 1}/${total}`),
        body: audio.subarray(from + 1),
      })),
  ],
  [
    '206 of another total',
    (audio) => rest(audio, (from, total) => range(`bytes ${from}-${total - 1}/${total + 208}`)),
  ],
  ['206 of an unknown total', (audio) => rest(audio, (from, total) => range(`bytes ${from}-${total - 1}/*`))],
  [
    '206 that ends before the end',
    (audio) => rest(audio, (from, total) => range(`bytes ${from}-${total - 2}/${total}`)),
  ],
  ['206 without Content-Range', (audio) => without('content-range', audio)],
  ['206 without ETag', (audio) => without('etag', audio)],
  [
    '206 of another object',
    (audio) => rest(audio, (from) => ({ headers: { etag: '"changed"' }, body: other(audio).subarray(from) })),
  ],
  ['412, the object has been replaced', (audio) => serveAudio(audio), other],
  ['416', () => ({ status: 416, headers: { 'content-range': 'bytes */0' } })],
  [
    '206 and more bytes than were missing',
    (audio) =>
      rest(audio, (from) => ({ body: Buffer.concat([audio.subarray(from), audio.subarray(0, 208)]) })),
  ],
]
const NOT_RESUMED: [name: string, first: Reply][] = [
  ['without an ETag', (audio) => ({ ...cutAfter(audio, CUT), headers: {} })],
  ['with a weak ETag', (audio) => ({ ...cutAfter(audio, CUT), headers: { etag: `W/${etagOf(audio)}` } })],
  ['without a declared length', (audio) => ({ ...cutAfter(audio, CUT), length: 'chunked' })],
  ['before its first byte', (audio) => cutAfter(audio, 0)],
]

let world: World
let media: MediaDouble
let run: Run
const served = new Map<string, Served>()
const of = (name: string): Served => served.get(name) as Served
const rangesOf = (name: string) => media.requestsOf(of(name).id).map(({ headers }) => headers.range)
const add = async (
  name: string,
  replies: (audio: Uint8Array) => readonly MediaReply[],
  options = {},
): Promise<void> => {
  served.set(name, await addServed(world, media, replies, options))
}
// One batch for all of them: the pauses between attempts pass side by side.
beforeAll(async () => {
  world = await startWorld()
  media = await startMediaDouble()
  await add('once', (audio) => [cutAfter(audio, CUT), serveAudio(audio)])
  await add('often', (audio) => [serveCut(audio, Math.ceil(audio.length / 4))])
  await add('reset', (audio) => [cutAfter(audio, CUT), 'reset', serveAudio(audio)])
  const links = ['fresh', 'stale', 'fresh'] as const
  await add('expired', (audio) => [cutAfter(audio, CUT), serveAudio(audio)], { links })
  for (const [name, second, before = (audio: Uint8Array) => audio] of STARTS_OVER)
    await add(name, (audio) => [cutAfter(before(audio), CUT), second(audio), serveAudio(audio)])
  for (const [name, first] of NOT_RESUMED) await add(name, (audio) => [first(audio), serveAudio(audio)])
  run = await runServed(world, media, served.values())
})
afterAll(async () => {
  await media.close()
  await world[Symbol.asyncDispose]()
})

describe('a transfer that breaks off in the middle', () => {
  it('goes on at the byte where it stopped, by a request of its own on a fresh link, and the sidecar tells', async () => {
    const sidecar = await expectArchivedOnce(world, of('once'))
    expect(sidecar['provenance'].resumptions).toBe(1)
    const requests = media.requestsOf(of('once').id)
    expect(rangesOf('once')).toEqual([undefined, `bytes=${CUT}-`])
    expect(requests[1]?.headers['if-match']).toBe(etagOf(of('once').audio))
    expect(new Set(requests.map(({ url }) => url)).size).toBe(2)
    expect(againsOf(run, of('once').id)).toEqual([])
  })

  it('goes on as often as it breaks', async () => {
    const sidecar = await expectArchivedOnce(world, of('often'))
    expect(sidecar['provenance'].resumptions).toBe(3)
    const step = of('often').audio.length / 4
    expect(rangesOf('often')).toEqual([undefined, ...[1, 2, 3].map((part) => `bytes=${part * step}-`)])
  })

  it('goes on although the first attempt to do so meets a connection reset', async () => {
    const sidecar = await expectArchivedOnce(world, of('reset'))
    expect(sidecar['provenance'].resumptions).toBe(1)
    expect(rangesOf('reset')).toEqual([undefined, `bytes=${CUT}-`, `bytes=${CUT}-`])
  })

  it('goes on with a third link when the second has expired', async () => {
    const sidecar = await expectArchivedOnce(world, of('expired'))
    expect(sidecar['provenance'].resumptions).toBe(1)
    expect(rangesOf('expired')).toEqual([undefined, `bytes=${CUT}-`, `bytes=${CUT}-`])
  })

  it.for(STARTS_OVER)(
    'starts over, and glues nothing, when the rest is answered with: %s',
    async ([name]) => {
      const { id } = of(name)
      const sidecar = await expectArchivedOnce(world, of(name))
      expect(sidecar['provenance'].resumptions).toBe(0)
      expect(run.failed).not.toContain(id)
      expect(rangesOf(name)).toEqual([undefined, `bytes=${CUT}-`, undefined])
      expect(againsOf(run, id)).toEqual([
        expect.stringMatching(
          name.includes('more bytes') ? /longer-than-declared/ : /changed-while-resuming/,
        ),
      ])
    },
  )

  it.for(NOT_RESUMED)('starts over at once where nothing would prove the rest: %s', async ([name]) => {
    const sidecar = await expectArchivedOnce(world, of(name))
    expect(sidecar['provenance'].resumptions).toBe(0)
    expect(rangesOf(name)).toEqual([undefined, undefined])
    expect(againsOf(run, of(name).id)).toEqual([expect.stringMatching(/broke off/)])
  })
})
