import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectArchivedOnce } from '../helpers/archived.ts'
import { type MediaDouble, type MediaReply, serveAudio, startMediaDouble } from '../helpers/media-double.ts'
import { buildFrame, buildFrames, withId3v2 } from '../helpers/mp3-files.ts'
import { addServed, againsOf, expectRefused, runServed, type Served } from '../helpers/served.ts'
import { type Run, startWorld, type World } from '../helpers/world.ts'

const HTML = '<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Session expired</body></html>'
const XML = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code></Error>'
const JSON_ERROR = '{"code":"Internal","message":"something went wrong"}'
const PLAIN = 'The service is temporarily unavailable. Please try again in a few minutes.'
const typed = (type: string, body: Uint8Array | string, more: object = {}): MediaReply => ({
  headers: { 'content-type': type },
  body,
  ...more,
})
const audio = (body: Uint8Array | string, more: object = {}): MediaReply => typed('audio/mpeg', body, more)
const chunked = { length: 'chunked' }
const frames = buildFrames(40)

const CASES: [name: string, fault: RegExp, reply: MediaReply][] = [
  ['an HTML page', /not-audio/, typed('text/html; charset=utf-8', HTML)],
  ['an HTML page that calls itself audio/mpeg', /not-audio/, audio(HTML)],
  ['an HTML page behind blanks and a byte order mark', /not-audio/, audio(`\uFEFF \r\n ${HTML}`)],
  ['an HTML page without a declared length', /not-audio/, audio(HTML, chunked)],
  ['an XML error', /not-audio/, typed('application/xml', XML)],
  ['an XML error that calls itself audio/mpeg', /not-audio/, audio(XML)],
  ['a JSON error', /not-audio/, typed('application/json', JSON_ERROR)],
  ['a JSON error that calls itself audio/mpeg', /not-audio/, audio(JSON_ERROR)],
  ['a JSON error of two bytes', /not-audio/, audio('{}')],
  ['a sentence', /not-audio/, typed('text/plain', PLAIN)],
  ['a sentence that calls itself audio/mpeg', /no-frame/, audio(PLAIN)],
  ['audio that was compressed on its way', /not-audio|no-frame/, audio(gzipSync(frames))],
  [
    'noise in front of a few frames',
    /not-audio/,
    audio(Buffer.concat([Buffer.alloc(9000, 1), buildFrames(5)])),
  ],
  ['a WAV header of 44 bytes', /no-frame/, audio(Buffer.from(`RIFF$\0\0\0WAVEfmt ${'\0'.repeat(28)}`))],
  ['a frame header of four bytes', /no-frame/, audio(frames.subarray(0, 4))],
  ['a frame that is one byte short', /no-frame/, audio(buildFrame().subarray(0, -1))],
  ['a tag without audio', /no-frame/, audio(withId3v2(new Uint8Array(), 300))],
  ['a tag and the beginning of a frame', /no-frame/, audio(withId3v2(frames.subarray(0, 40), 300))],
  ['nothing, with Content-Length 0', /empty/, audio('')],
  ['nothing, in chunks', /empty/, audio('', chunked)],
  ['nothing, and the connection closed', /empty/, audio('', { length: 'until-close' })],
  ['frames that end in the middle of one, in chunks', /cut-frame/, audio(frames.subarray(0, -50), chunked)],
  [
    'frames that end in the middle of one, at the end of the connection',
    /cut-frame/,
    audio(frames.subarray(0, -50), { length: 'until-close' }),
  ],
]

let world: World
let media: MediaDouble
let forEver: Map<string, Served>
let once: Map<string, Served>
let good: Served
let run: Run
// One batch for all: each body is fetched three times, and the pauses between pass side by side.
beforeAll(async () => {
  world = await startWorld()
  media = await startMediaDouble()
  forEver = new Map()
  once = new Map()
  for (const [name, , reply] of CASES) {
    forEver.set(name, await addServed(world, media, () => [reply]))
    once.set(name, await addServed(world, media, (whole) => [reply, serveAudio(whole)]))
  }
  good = await addServed(world, media, (whole) => [serveAudio(whole)])
  run = await runServed(world, media, [...forEver.values(), ...once.values(), good])
})
afterAll(async () => {
  await media.close()
  await world[Symbol.asyncDispose]()
})

describe('a body that is no whole recording, with status 200', () => {
  it.for(CASES)('never becomes evidence, and its message is reported failed: %s', async ([name, fault]) => {
    await expectRefused(world, run, forEver.get(name)?.id ?? '', 'bad-body', fault)
  })

  it.for(CASES)('costs nothing when the next attempt brings the recording: %s', async ([name, fault]) => {
    const recording = once.get(name) as Served
    const sidecar = await expectArchivedOnce(world, recording)
    expect(run.failed).not.toContain(recording.id)
    expect(againsOf(run, recording.id)).toEqual([expect.stringMatching(fault)])
    expect(sidecar['provenance'].resumptions).toBe(0)
  })

  it('is fetched anew by a request of its own and with a link of its own, three times in all', () => {
    for (const { id } of forEver.values()) {
      const requests = media.requestsOf(id)
      expect(requests).toHaveLength(3)
      expect(new Set(requests.map(({ url }) => url)).size).toBe(3)
      expect(requests.map(({ headers }) => headers.range)).toEqual([undefined, undefined, undefined])
    }
  })

  it('harms no other recording of its batch', async () => {
    await expectArchivedOnce(world, good)
    expect(run.failed.toSorted()).toEqual([...forEver.values()].map(({ id }) => id).toSorted())
  })
})
