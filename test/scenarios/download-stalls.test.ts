import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BirdLimits } from '../../lib/bird/client.ts'
import { expectArchivedOnce, expectNothingOf } from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import {
  cutAfter,
  type MediaDouble,
  type MediaReply,
  serveAudio,
  startMediaDouble,
} from '../helpers/media-double.ts'
import { addServed, againsOf, expectRefused, runServed, type Served } from '../helpers/served.ts'
import { type Run, startWorld, type World } from '../helpers/world.ts'

const MIB = 1024 * 1024
/** So short that a stall is over soon, so long that no good answer is taken for one. */
const IMPATIENT: BirdLimits = { connectMs: 5_000, headersMs: 1_000, idleMs: 1_000 }
const large = buildLargeAudio(9, 31)
const stall = (audio: Uint8Array, bytes: number): MediaReply => ({
  ...cutAfter(audio, bytes),
  ending: 'stall',
})
const stallAgain = (audio: Uint8Array): MediaReply => {
  return (request) => ({ ...serveAudio(audio)(request), length: audio.length, ending: 'stall', body: '' })
}

let world: World
let media: MediaDouble
beforeAll(async () => {
  world = await startWorld()
  media = await startMediaDouble()
})
afterAll(async () => {
  await media.close()
  await world[Symbol.asyncDispose]()
})

describe('a server that falls silent', () => {
  let run: Run
  const served = new Map<string, Served>()
  const of = (name: string): Served => served.get(name) as Served
  // One batch for all of them: the silences pass side by side.
  beforeAll(async () => {
    const add = async (
      name: string,
      replies: (audio: Uint8Array) => readonly MediaReply[],
      options: Parameters<typeof addServed>[3] = {},
    ): Promise<Served> => {
      const recording = await addServed(world, media, replies, options)
      served.set(name, recording)
      return recording
    }
    await add('before its headers', (audio) => ['stall', serveAudio(audio)])
    await add('in the middle', (audio) => [stall(audio, 6_000), serveAudio(audio)])
    await add('in the middle of a large one', (audio) => [stall(audio, 8.5 * MIB), serveAudio(audio)], {
      audio: large,
    })
    await add('in the middle, without a length', (audio) => [
      { body: audio.subarray(0, 6_000), length: 'chunked', ending: 'stall' },
      serveAudio(audio),
    ])
    await add('instead of the last chunk', (audio) => [
      { body: audio, length: 'chunked', ending: 'stall' },
      serveAudio(audio),
    ])
    const silent = await add('when asked for metadata', (audio) => [serveAudio(audio)])
    world.bird.scripts.get(silent.id)?.metadata.unshift('stall')
    const linkless = await add('when asked for a link', (audio) => [serveAudio(audio)])
    world.bird.scripts.get(linkless.id)?.link.unshift('stall')
    run = await runServed(world, media, served.values(), {
      compose: { birdLimits: IMPATIENT },
      remainingMs: 20_000,
    })
  })

  it.for([
    ['before its headers', 0, 0],
    ['in the middle', 1, 0],
    ['in the middle of a large one', 1, 0],
    ['in the middle, without a length', 0, 1],
    ['instead of the last chunk', 0, 1],
    ['when asked for metadata', 0, 0],
    ['when asked for a link', 0, 0],
  ] as const)(
    'is left, and the recording is archived all the same: %s',
    async ([name, resumptions, agains]) => {
      const sidecar = await expectArchivedOnce(world, of(name))
      expect(sidecar['provenance'].resumptions).toBe(resumptions)
      expect(againsOf(run, of(name).id)).toHaveLength(agains)
      expect(run.failed).toEqual([])
    },
  )

  it('has its connection closed', async () => {
    await media.released(of('in the middle').id)
    await media.released(of('before its headers').id)
    expect(media.requestsOf(of('in the middle').id)).toHaveLength(2)
  })
})

describe('the time that one recording may take', () => {
  it('ends whatever it is doing: it is reported failed, its connection let go of, its upload aborted, and others go on', async () => {
    const headers = await addServed(world, media, () => ['stall'])
    const middle = await addServed(world, media, (audio) => [stall(audio, 6_000), stallAgain(audio)])
    const parts = await addServed(world, media, (audio) => [stall(audio, 8.5 * MIB)], { audio: large })
    const unknown = await addServed(
      world,
      media,
      () => [{ body: large.subarray(0, 8.7 * MIB), length: 'chunked', ending: 'stall' }],
      { audio: large },
    )
    const good = await addServed(world, media, (audio) => [serveAudio(audio)])
    const metadata = await addServed(world, media, (audio) => [serveAudio(audio)], {
      metadataReplies: ['stall'],
    })
    const stalled = [headers, middle, parts, unknown, metadata]
    const run = await runServed(world, media, [...stalled, good], { compose: { recordingLimitMs: 1_500 } })
    for (const { id } of stalled) {
      await expectRefused(world, run, id, 'time-limit')
      await media.released(id)
    }
    await expectArchivedOnce(world, good)
    expect(run.failed).toHaveLength(stalled.length)
    expect(run.metrics[0]).toMatchObject({ FailedTimeLimit: stalled.length, Archived: 1 })
  })
})

describe('a kept connection that is reset when it is used again', () => {
  it('is replaced by a new one, for the audio as for the metadata', async () => {
    const first = await addServed(world, media, (audio) => [serveAudio(audio)])
    const resetOnReuse = (audio: Uint8Array): MediaReply => {
      return (request) => (request.turn > 1 ? 'reset' : serveAudio(audio)(request))
    }
    const second = await addServed(world, media, (audio) => [resetOnReuse(audio)])
    world.bird.scripts.get(second.id)?.metadata.unshift('cut')
    world.bird.scripts.get(second.id)?.link.unshift('cut')
    const run = await runServed(world, media, [first, second], { environment: { CONCURRENCY: '1' } })
    expect(run.failed).toEqual([])
    await expectArchivedOnce(world, first)
    await expectArchivedOnce(world, second)
    const [reused, anew] = media.requestsOf(second.id)
    expect(reused?.turn).toBeGreaterThan(1)
    expect(anew?.turn).toBe(1)
    expect(anew?.url).not.toBe(reused?.url)
    expect(againsOf(run, second.id)).toEqual([])
  })
})

describe('a batch whose time is up while a server is silent', () => {
  it('comes back in time with everything unfinished reported, and leaves nothing behind', async () => {
    const stalled = await addServed(world, media, (audio) => [stall(audio, 6_000)])
    const absent = await addServed(world, media, () => ['stall'], { metadata: { status: 'absent' } })
    const run = await runServed(world, media, [stalled, absent], { remainingMs: 1_500 })
    await expectRefused(world, run, stalled.id, 'out-of-time')
    expect(run.failed).toEqual([stalled.id])
    await expectNothingOf(world, absent.id)
    await media.released(stalled.id)
  })
})
