import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectArchivedOnce } from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { type MediaAnswer, type MediaDouble, startMediaDouble } from '../helpers/media-double.ts'
import { addServed, againsOf, expectRefused, runServed, type Served } from '../helpers/served.ts'
import { type Run, startWorld, type World } from '../helpers/world.ts'

const MIB = 1024 * 1024
/** 29 s, and a third of them: whole frames, so that nothing of the bytes tells that more was to come. */
const whole = buildLargeAudio(1.11, 31)
const third = buildLargeAudio(0.37, 31)
const large = buildLargeAudio(12, 32)
const largeThird = buildLargeAudio(9, 32)
const untilClose = (body: Uint8Array): MediaAnswer => ({ body, length: 'until-close' })

/** What Bird declares, and what the media server sends. */
const REFUSED: [name: string, seconds: number, reply: MediaAnswer][] = [
  ['a third of it', 29, untilClose(third)],
  ['three quarters of a large one', 315, untilClose(largeThird)],
]
const ARCHIVED: [
  name: string,
  seconds: number,
  replies: MediaAnswer[],
  audio: Uint8Array,
  findings: string[],
][] = [
  ['all of it', 29, [untilClose(whole)], whole, []],
  ['all of a large one', 315, [untilClose(large)], large, []],
  ['more than is declared', 9, [untilClose(whole)], whole, ['duration-differs']],
  ['a third, and all of it the next time', 29, [untilClose(third), untilClose(whole)], whole, []],
  ['whatever there is, where no duration is declared', 0, [untilClose(third)], third, []],
  [
    'a third in chunks that come to their end',
    29,
    [{ body: third, length: 'chunked' }],
    third,
    ['duration-differs'],
  ],
  ['a third of a declared length', 29, [{ body: third }], third, ['duration-differs']],
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
  for (const [name, duration, reply] of REFUSED)
    served.set(name, await addServed(world, media, () => [reply], { metadata: { duration } }))
  for (const [name, duration, replies, audio] of ARCHIVED)
    served.set(
      name,
      await addServed(world, media, () => replies, { metadata: { duration, stereo: true }, audio }),
    )
  run = await runServed(world, media, served.values())
})
afterAll(async () => {
  await media.close()
  await world[Symbol.asyncDispose]()
})

describe('a body that ends with its connection', () => {
  it('is as long as this test needs it', () => {
    expect(largeThird.length).toBeGreaterThan(8 * MIB)
  })

  it.for(REFUSED)(
    'is not taken for the whole when it is clearly shorter than Bird declares: %s',
    async ([name]) => {
      const { id } = of(name)
      await expectRefused(
        world,
        run,
        id,
        'bad-body',
        /shorter-than-declared.*s of audio, Bird declares \d+ s/,
      )
      expect(media.requestsOf(id)).toHaveLength(3)
    },
  )

  it.for(ARCHIVED)('is archived, or one of another framing: %s', async ([name, , replies, , findings]) => {
    const sidecar = await expectArchivedOnce(world, of(name))
    expect(sidecar['quality'].findings).toEqual(findings)
    expect(againsOf(run, of(name).id)).toHaveLength(replies.length - 1)
  })
})
