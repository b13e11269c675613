import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectArchivedOnce } from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import {
  cutAfter,
  etagOf,
  type MediaDouble,
  type MediaReply,
  serveAudio,
  serveCut,
  startMediaDouble,
} from '../helpers/media-double.ts'
import { addServed, againsOf, expectRefused, runServed, type Served } from '../helpers/served.ts'
import { type Run, startWorld, type World } from '../helpers/world.ts'

const MIB = 1024 * 1024
const audio = buildLargeAudio(9, 21)
const replacement = buildLargeAudio(9, 22)
const etag = etagOf(audio)
/** More is declared than there is: what is missing never comes. */
const tooMuchDeclared: MediaReply = (request) => {
  const whole = serveAudio(Buffer.concat([audio, new Uint8Array(5_000)]), etag)(request)
  const { length } = whole.body as Uint8Array
  return { ...whole, body: (whole.body as Uint8Array).subarray(0, length - 5_000), length }
}

const GOOD: [name: string, resumptions: number, transfers: number, replies: readonly MediaReply[]][] = [
  ['as it should be', 0, 1, [serveAudio(audio)]],
  ['without a declared length', 0, 1, [{ body: audio, length: 'chunked' }]],
  ['without a declared length, to the end of the connection', 0, 1, [{ body: audio, length: 'until-close' }]],
  ['cut within the first part', 1, 1, [cutAfter(audio, 3 * MIB), serveAudio(audio)]],
  ['cut within the last part', 1, 1, [cutAfter(audio, audio.length - 100), serveAudio(audio)]],
  ['cut again and again', 3, 1, [serveCut(audio, 2.5 * MIB)]],
  [
    'cut when some parts are sent already, and replaced by another object meanwhile',
    0,
    2,
    [cutAfter(replacement, 8.5 * MIB), serveAudio(audio)],
  ],
  [
    'cut when some parts are sent already, by a server that knows no ranges',
    0,
    2,
    [cutAfter(audio, 8.5 * MIB), { headers: { etag }, body: audio }, serveAudio(audio)],
  ],
  [
    'cut without a declared length',
    0,
    2,
    [{ body: audio.subarray(0, 8.5 * MIB), length: 'chunked', ending: 'cut' }, serveAudio(audio)],
  ],
]

const BAD: [name: string, reason: string, detail: RegExp, reply: MediaReply][] = [
  [
    'more is declared than any object holds',
    'bad-body',
    /too-large/,
    { body: audio, length: 999_999_999_999_999 },
  ],
  [
    'more is declared than ever comes',
    'bird-unavailable',
    /broke off after 9,\d{3},\d{3} bytes|ended after 9,\d{3},\d{3} of 9,\d{3},\d{3} bytes/,
    tooMuchDeclared,
  ],
  ['it breaks off, and ranges are not known', 'bad-body', /changed/, cutAfter(audio, 8.5 * MIB)],
  [
    'it breaks off, and no length was declared',
    'bird-unavailable',
    /broke off after \d,\d{3},\d{3} bytes/,
    { body: audio.subarray(0, 8.5 * MIB), length: 'chunked', ending: 'cut' },
  ],
  [
    'it ends in the middle of a frame, and no length was declared',
    'bad-body',
    /cut-frame/,
    { body: audio.subarray(0, -7), length: 'chunked' },
  ],
  [
    'the first frames are followed by something else',
    'bad-body',
    /not-audio/,
    { body: Buffer.concat([audio.subarray(0, 4 * MIB), Buffer.alloc(5 * MIB, 'no audio')]) },
  ],
]

let world: World
let media: MediaDouble
let run: Run
const served = new Map<string, Served>()
const of = (name: string): Served => served.get(name) as Served
// One batch for all of them: the pauses between attempts pass side by side.
beforeAll(async () => {
  world = await startWorld()
  media = await startMediaDouble()
  for (const [name, , , replies] of GOOD)
    served.set(name, await addServed(world, media, () => replies, { audio }))
  for (const [name, , , reply] of BAD)
    served.set(name, await addServed(world, media, () => [reply], { audio }))
  run = await runServed(world, media, served.values())
})
afterAll(async () => {
  await media.close()
  await world[Symbol.asyncDispose]()
})

describe('a recording that is too large for one request', () => {
  it.for(GOOD)(
    'is in the archive byte for byte when it comes: %s',
    async ([name, resumptions, transfers]) => {
      const sidecar = await expectArchivedOnce(world, of(name))
      expect(sidecar['provenance'].resumptions).toBe(resumptions)
      expect(againsOf(run, of(name).id)).toHaveLength(transfers - 1)
      expect(run.failed).not.toContain(of(name).id)
    },
  )

  it.for(BAD)('leaves neither object nor parts behind when %s', async ([name, reason, detail]) => {
    await expectRefused(world, run, of(name).id, reason, detail)
    expect(againsOf(run, of(name).id)).toHaveLength(2)
  })
})
