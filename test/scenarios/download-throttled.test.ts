import type { Message } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectArchivedOnce, expectNothingOf } from '../helpers/archived.ts'
import type { Reply } from '../helpers/bird-double.ts'
import {
  cutAfter,
  type MediaDouble,
  type MediaReply,
  serveAudio,
  startMediaDouble,
} from '../helpers/media-double.ts'
import { addServed, endOf, expectRefused, runServed, type Served } from '../helpers/served.ts'
import { ACCESS_KEY, type Run, startWorld, type World } from '../helpers/world.ts'

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

const honest = (audio: Uint8Array): MediaReply[] => [serveAudio(audio)]
const throttle = (retryAfter?: string): Reply => ({
  status: 429,
  ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }),
  body: { code: 'TooManyRequests', message: 'slow down' },
})
const askedOf = (id: string): string[] =>
  world.bird.requests.filter(({ path }) => path.includes(id)).map(({ path }) => path)
/** The queue's messages, once so many of them have become visible. */
async function receiveAll(count: number): Promise<Message[]> {
  const messages: Message[] = []
  while (messages.length < count) messages.push(...(await world.received('queue', 5)))
  return messages
}
/** The next full second after a moment, and as an HTTP-date. */
function atFullSecond(ms: number): [number, string] {
  const moment = Math.ceil(ms / 1_000) * 1_000
  return [moment, new Date(moment).toUTCString()]
}
const scriptOf = ({ id }: Served) => world.bird.scripts.get(id) ?? { metadata: [], link: [] }

describe('429 from Bird', () => {
  it.for([
    ['in seconds, for the metadata', 'metadata', () => [Date.now() + 1_000, '1']],
    ['in seconds, for the link', 'link', () => [Date.now() + 1_000, '1']],
    ['as a date', 'metadata', () => atFullSecond(Date.now() + 1_000)],
  ] as [string, 'metadata' | 'link', () => [number, string]][])(
    'is waited out for as long as Retry-After says: %s',
    async ([, step, retryAfter]) => {
      const recording = await addServed(world, media, honest)
      let until = Infinity
      scriptOf(recording)[step].unshift(() => {
        const [moment, header] = retryAfter()
        until = moment
        return throttle(header)
      })
      const run = await runServed(world, media, [recording])
      expect(run.failed).toEqual([])
      await expectArchivedOnce(world, recording)
      expect(askedOf(recording.id)).toHaveLength(3)
      // Timers may fire a millisecond early.
      expect(Date.parse(String(endOf(run, recording.id)['time']))).toBeGreaterThanOrEqual(until - 5)
    },
  )

  it('is no attempt: three other failures are still outlived', async () => {
    const recording = await addServed(world, media, honest)
    scriptOf(recording).metadata.unshift(throttle('0'), { status: 404 }, { status: 404 }, { status: 404 })
    const run = await runServed(world, media, [recording])
    expect(run.failed).toEqual([])
    await expectArchivedOnce(world, recording)
    expect(askedOf(recording.id)).toHaveLength(6)
  })

  it('and from the media server is waited out as well', async () => {
    const recording = await addServed(world, media, (audio) => [
      { status: 429, headers: { 'retry-after': '0' } },
      serveAudio(audio),
    ])
    const run = await runServed(world, media, [recording])
    expect(run.failed).toEqual([])
    await expectArchivedOnce(world, recording)
    expect(media.requestsOf(recording.id)).toHaveLength(2)
  })

  it('for longer than anybody waits, or the function has left, sends the message again, later, and is no attempt', async () => {
    const attributes = { firstSeenAt: '2026-01-02T03:04:05.000Z', deferrals: '3' }
    const recordings: Served[] = []
    for (const [retryAfter, remainingMs, delaySeconds] of [
      ['120', 60_000, 120],
      ['20', 5_000, 20],
      ['100000', 60_000, 900],
    ] as const) {
      const recording = await addServed(world, media, honest)
      recordings.push(recording)
      const { id } = recording
      scriptOf(recording).metadata.splice(0, Infinity, throttle(retryAfter))
      const run = await world.run([{ body: id, attributes }], { remainingMs })
      expect(run.failed).toEqual([])
      expect(endOf(run, id)).toMatchObject({ event: 'recording.throttled', delaySeconds })
      expect(run.metrics[0]).toMatchObject({ Throttled: 1, Deferred: 1, Failed: 0 })
      expect(askedOf(id)).toHaveLength(1)
      await expectNothingOf(world, id)
    }
    const again = await receiveAll(recordings.length)
    expect(again.map(({ Body = '' }) => Body).toSorted()).toEqual(recordings.map(({ id }) => id).toSorted())
    for (const { MessageAttributes } of again)
      expect(MessageAttributes).toMatchObject({
        firstSeenAt: { StringValue: attributes.firstSeenAt },
        deferrals: { StringValue: '3' },
      })
    expect(await world.received('dead-letters')).toEqual([])
  })
})

describe('401 and 403 from Bird', () => {
  const expectStopped = async (run: Run, unfinished: readonly Served[], detail: RegExp): Promise<void> => {
    const stops = run.events.filter(({ event }) => event === 'batch.stopped')
    expect(stops).toEqual([
      expect.objectContaining({
        level: 'error',
        reason: 'misconfigured',
        detail: expect.stringMatching(detail),
      }),
    ])
    for (const { id } of unfinished) await expectRefused(world, run, id, 'misconfigured')
    expect(run.failed.toSorted()).toEqual(unfinished.map(({ id }) => id).toSorted())
  }

  it('whose message repeats the key do not bring it into the log', async () => {
    const refused = await addServed(world, media, honest)
    const message = `the key "${ACCESS_KEY}" may not`
    scriptOf(refused).metadata.splice(0, Infinity, { status: 403, body: { message } })
    const run = await runServed(world, media, [refused])
    expect(run.output).toContain('the key')
    expect(run.output).not.toContain(ACCESS_KEY.slice(0, 12))
  })

  it('stop the batch: what is archived stays archived, all else is reported failed, and the log says what to mend', async () => {
    const first = await addServed(world, media, honest)
    // Its transfer keeps the only place, while the next one is looked up.
    const stalled = await addServed(world, media, (audio) => [{ ...cutAfter(audio, 6_000), ending: 'stall' }])
    const refused = await addServed(world, media, honest)
    const untouched = [await addServed(world, media, honest), await addServed(world, media, honest)]
    scriptOf(refused).metadata.splice(0, Infinity, { status: 403, body: { message: 'no policy' } })
    const run = await runServed(world, media, [first, stalled, refused, ...untouched], {
      environment: { CONCURRENCY: '1' },
    })
    await expectArchivedOnce(world, first)
    await expectStopped(run, [stalled, refused, ...untouched], /403.*no policy.*View on \/workspaces/)
    for (const { id } of untouched) expect(askedOf(id)).toEqual([])
    expect(askedOf(refused.id)).toHaveLength(1)
    expect(await world.received('dead-letters')).toEqual([])
  })

  it('reach a transfer that is under way: it is given up, and its connection let go of', async () => {
    const { promise: underWay, resolve: begun } = Promise.withResolvers<void>()
    const stalled = await addServed(world, media, (audio) => [
      () => {
        begun()
        return { ...cutAfter(audio, 6_000), ending: 'stall' }
      },
    ])
    const refused = await addServed(world, media, honest)
    scriptOf(refused).link.splice(0, Infinity, async () => {
      await underWay
      return { status: 403 }
    })
    const run = await runServed(world, media, [stalled, refused])
    await expectStopped(run, [stalled, refused], /403.*View on \/workspaces/)
    await media.released(stalled.id)
  })

  it('for a wrong key name the setting, and never the key', async () => {
    const recordings = [await addServed(world, media, honest), await addServed(world, media, honest)]
    const environment = { BIRD_ACCESS_KEY: 'a-key-that-was-revoked', CONCURRENCY: '1' }
    const run = await runServed(world, media, recordings, { environment })
    await expectStopped(run, recordings, /401.*BIRD_ACCESS_KEY/)
    expect(run.output).not.toContain('a-key-that-was-revoked')
    expect(recordings.flatMap(({ id }) => askedOf(id))).toHaveLength(1)
  })
})
