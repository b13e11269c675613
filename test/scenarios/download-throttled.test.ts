import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deadLettersOf, expectArchivedOnce, expectNothingOf } from '../helpers/archived.ts'
import type { BirdReply, Reply } from '../helpers/bird-double.ts'
import { cutAfter, type MediaDouble, type MediaReply, serveAudio, startMediaDouble } from '../helpers/media-double.ts'
import { addServed, endOf, expectRefused, runServed, type Served } from '../helpers/served.ts'
import { type Run, startWorld, type World } from '../helpers/world.ts'

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
const scriptOf = ({ id }: Served) => world.bird.scripts.get(id) ?? { metadata: [], link: [] }

describe('429 from Bird', () => {
  it('is waited out for as long as Retry-After says, in seconds or as a date, and is no attempt', async () => {
    // Moments before which nothing may be asked again, and when it was asked.
    const quiet: { until: number; next?: number }[] = []
    const remember = (reply: () => [Reply, number]): BirdReply[] => {
      const entry: { until: number; next?: number } = { until: 0 }
      quiet.push(entry)
      return [
        () => {
          const [answer, until] = reply()
          entry.until = until
          return answer
        },
      ]
    }
    const inSeconds = await addServed(world, media, honest)
    const asDate = await addServed(world, media, honest)
    const onLink = await addServed(world, media, honest)
    const among404s = await addServed(world, media, honest)
    const fromMedia = await addServed(world, media, (audio) => [
      { status: 429, headers: { 'retry-after': '1' } },
      serveAudio(audio),
    ])
    const seconds = (): [Reply, number] => [throttle('1'), Date.now() + 1_000]
    const date = (): [Reply, number] => {
      const until = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000
      return [throttle(new Date(until).toUTCString()), until]
    }
    const slow: [Served, 'metadata' | 'link', () => [Reply, number]][] = [
      [inSeconds, 'metadata', seconds],
      [asDate, 'metadata', date],
      [onLink, 'link', seconds],
    ]
    for (const [recording, step, reply] of slow) {
      const script = scriptOf(recording)[step]
      const [good] = script
      const at = quiet.length
      script.splice(0, Infinity, ...remember(reply), () => {
        const entry = quiet[at]
        if (entry !== undefined) entry.next ??= Date.now()
        return typeof good === 'function' ? good({} as never) : (good as Reply)
      })
    }
    const notFound = { status: 404 }
    scriptOf(among404s).metadata.unshift(throttle('0'), notFound, notFound, notFound)
    const recordings = [inSeconds, asDate, onLink, among404s, fromMedia]
    const run = await runServed(world, media, recordings)
    expect(run.failed).toEqual([])
    for (const recording of recordings) await expectArchivedOnce(world, recording)
    expect(quiet).toHaveLength(3)
    // Timers may fire a millisecond early.
    for (const { until, next = 0 } of quiet) expect(next).toBeGreaterThanOrEqual(until - 5)
    expect(askedOf(among404s.id)).toHaveLength(6)
    expect(media.requestsOf(fromMedia.id)).toHaveLength(2)
  })

  it.for([
    ['than anybody waits', '120', 60_000, 120],
    ['than this function has left', '20', 5_000, 20],
    ['than SQS can delay', '100000', 60_000, 900],
  ] as const)(
    'for longer %s sends the message again, later, and counts as no attempt',
    async ([, retryAfter, remainingMs, delaySeconds]) => {
      const recording = await addServed(world, media, honest)
      scriptOf(recording).metadata.splice(0, Infinity, throttle(retryAfter))
      const attributes = { firstSeenAt: '2026-01-02T03:04:05.000Z', deferrals: '3' }
      const run = await world.run([{ body: recording.id, attributes, sentAt: new Date() }], { remainingMs })
      expect(run.failed).toEqual([])
      expect(endOf(run, recording.id)).toMatchObject({ event: 'recording.throttled', delaySeconds })
      expect(run.metrics[0]).toMatchObject({ Throttled: 1, Deferred: 1, Failed: 0 })
      expect(askedOf(recording.id)).toHaveLength(1)
      await expectNothingOf(world, recording.id)
      expect(await deadLettersOf(world, recording.id)).toEqual([])
      const messages = await world.received('queue', 5)
      const again = messages.find(({ Body }) => Body === recording.id)
      expect(again?.MessageAttributes).toMatchObject({
        firstSeenAt: { StringValue: attributes.firstSeenAt },
        deferrals: { StringValue: '3' },
      })
    },
  )
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

  it('stop the batch: what is archived stays archived, all else is reported failed, and the log says what to mend', async () => {
    const first = await addServed(world, media, honest)
    const refused = await addServed(world, media, honest)
    const untouched = [await addServed(world, media, honest), await addServed(world, media, honest)]
    scriptOf(refused).metadata.splice(0, Infinity, { status: 403, body: { message: 'no policy' } })
    const run = await runServed(world, media, [first, refused, ...untouched], {
      environment: { CONCURRENCY: '1' },
    })
    await expectArchivedOnce(world, first)
    await expectStopped(run, [refused, ...untouched], /403.*no policy.*View on \/workspaces/)
    for (const { id } of untouched) expect(askedOf(id)).toEqual([])
    expect(askedOf(refused.id)).toHaveLength(1)
    expect(await world.received('dead-letters')).toEqual([])
  })

  it('reach a transfer that is under way: it is given up, and its connection let go of', async () => {
    const stalled = await addServed(world, media, (audio) => [{ ...cutAfter(audio, 6_000), then: 'stall' }])
    const refused = await addServed(world, media, honest)
    // Not before the other one is under way.
    const { promise: underWay, resolve: begun } = Promise.withResolvers<void>()
    const [good] = scriptOf(stalled).link
    scriptOf(stalled).link.splice(0, Infinity, (request) => {
      begun()
      return typeof good === 'function' ? good(request) : (good as Reply)
    })
    void underWay
    scriptOf(refused).link.splice(0, Infinity, { status: 403 })
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
