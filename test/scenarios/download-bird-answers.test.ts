import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deadLettersOf, expectArchivedOnce, expectNothingOf, rowsOf } from '../helpers/archived.ts'
import type { BirdReply, Reply } from '../helpers/bird-double.ts'
import { type MediaDouble, serveAudio, startMediaDouble } from '../helpers/media-double.ts'
import { exampleMetadata } from '../helpers/recordings.ts'
import { addServed, endOf, expectRefused, runServed, type Served } from '../helpers/served.ts'
import { type Run, startWorld, type World } from '../helpers/world.ts'

type Step = 'metadata' | 'link'
const problem = (status: number): Reply => ({ status, body: { code: 'Problem', message: 'does not work' } })
const PASSING: [name: string, step: Step, reply: BirdReply][] = (
  [
    ['404', problem(404)],
    ['408', problem(408)],
    ['500', problem(500)],
    ['503 with a page', { status: 503, body: '<html>' }],
    ['no answer', 'cut'],
  ] as [string, BirdReply][]
).flatMap(([name, reply]) => [
  [`${name} for the metadata`, 'metadata', reply],
  [`${name} for the link`, 'link', reply],
])
const LASTING: [
  name: string,
  step: Step,
  requests: number,
  reason: string,
  detail: RegExp,
  reply: BirdReply,
][] = [
  ['404 for the metadata', 'metadata', 4, 'not-found', /404: does not work/, problem(404)],
  ['404 for the link', 'link', 4, 'not-found', /404/, problem(404)],
  ['500', 'metadata', 4, 'bird-unavailable', /500/, problem(500)],
  ['400', 'metadata', 1, 'bird-unavailable', /400/, problem(400)],
  ['no answer', 'metadata', 4, 'bird-unavailable', /no answer/, 'cut'],
  ['200 in place of a redirect', 'link', 1, 'bird-unavailable', /get link answered 200/, { status: 200 }],
  ['a page', 'metadata', 1, 'bird-unavailable', /not JSON/, { status: 200, body: '<html></html>' }],
  ['half of its JSON', 'metadata', 1, 'bird-unavailable', /not JSON/, { status: 200, body: '{"id":"5b7' }],
  ['null', 'metadata', 1, 'bad-metadata', /lacks/, { status: 200, body: 'null' }],
  ['a list', 'metadata', 1, 'bad-metadata', /lacks/, { status: 200, body: [] }],
  ['too much', 'metadata', 4, 'bird-unavailable', /too long/, { status: 200, body: 'x'.repeat(2 ** 23) }],
]
/** Metadata with status 200 that must not be believed. */
const UNUSABLE: [name: string, detail: RegExp, change: Record<string, unknown>][] = [
  ['another recording', /another recording/, { id: '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd' }],
  ['no id', /usable id/, { id: undefined }],
  ['no status', /usable status/, { status: undefined }],
  ['a status that is a number', /usable status/, { status: 3 }],
  ['no createdAt', /usable createdAt/, { createdAt: undefined }],
  ['a createdAt that is no date', /usable createdAt/, { createdAt: 'yesterday' }],
  ['a createdAt in year 1', /usable createdAt/, { createdAt: '0001-01-01T00:00:00Z' }],
  ['a createdAt of 1970', /before the year 2000/, { createdAt: '1970-01-01T00:00:00Z' }],
  ['a createdAt in the next millennium', /lies in the future/, { createdAt: '2926-03-09T10:00:00Z' }],
  ['a createdAt in which Date finds a day', /no date-time/, { createdAt: 'call 7' }],
  ['a createdAt without a zone', /no date-time/, { createdAt: '2026-03-09T10:00:00' }],
]
const OPTIONAL = 'channelId direction originator receiver duration url startedAt endedAt'.split(' ')
const ODD: [name: string, change: Record<string, unknown>, declared: number | null][] = [
  ['without all that is optional', Object.fromEntries(OPTIONAL.map((name) => [name, undefined])), null],
  ['with a duration of 0 and an end in year 1', { duration: 0, endedAt: '0001-01-01T00:00:00Z' }, null],
  ['with fields and values that nobody knows', { origin: 'new', tags: [{ a: 1 }], direction: 'sideways' }, 3],
  ['with nulls', { duration: null, originator: null, receiver: null, endedAt: null, url: null }, null],
]

let world: World
let media: MediaDouble
let run: Run
const served = new Map<string, Served>()
const of = (name: string): Served => served.get(name) as Served
const askedOf = (id: string, step: Step): number =>
  world.bird.requests.filter(({ path }) => path.endsWith(step === 'link' ? `${id}.mp3` : id)).length
const add = async (name: string, change: Record<string, unknown> = {}): Promise<Served> => {
  const recording = await addServed(world, media, (audio) => [serveAudio(audio)], { metadata: change })
  served.set(name, recording)
  return recording
}
// One batch for all of them: the pauses between attempts pass side by side.
beforeAll(async () => {
  world = await startWorld()
  media = await startMediaDouble()
  for (const [name, step, reply] of PASSING)
    world.bird.scripts.get((await add(`once ${name}`)).id)?.[step].unshift(reply)
  for (const [name, step, , , , reply] of LASTING)
    world.bird.scripts.get((await add(`always ${name}`)).id)?.[step].splice(0, Infinity, reply)
  for (const step of ['metadata', 'link'] as const)
    world.bird.scripts.get((await add(`422 ${step}`)).id)?.[step].splice(0, Infinity, problem(422))
  for (const [name, , change] of UNUSABLE) await add(name, change)
  for (const [name, change] of ODD) await add(name, change)
  await add('unknown status', { status: 'transcoding' })
  run = await runServed(world, media, served.values())
})
afterAll(async () => {
  await media.close()
  await world[Symbol.asyncDispose]()
})

describe('an answer of Bird', () => {
  it.for(PASSING)('that passes costs one more request and nothing else: %s', async ([name, step]) => {
    const { id } = of(`once ${name}`)
    await expectArchivedOnce(world, of(`once ${name}`))
    expect(askedOf(id, step)).toBe(2)
    expect(run.failed).not.toContain(id)
  })

  it.for(LASTING)('that lasts is a failure, for the queue to try again: %s', async (row) => {
    const [name, step, requests, reason, detail] = row
    const { id } = of(`always ${name}`)
    await expectRefused(world, run, id, reason, detail)
    expect(askedOf(id, step)).toBe(requests)
    expect(media.requestsOf(id)).toEqual([])
  })

  it.for(['metadata', 'link'] as const)(
    'of 422 puts the message into the dead-letter queue at once, with the reason: %s',
    async (step) => {
      const { id } = of(`422 ${step}`)
      expect(run.failed).not.toContain(id)
      expect(askedOf(id, step)).toBe(1)
      await expectNothingOf(world, id)
      expect(endOf(run, id)).toMatchObject({ event: 'recording.dead-lettered', reason: 'unprocessable' })
    },
  )

  it('of 422 is quoted in the dead letters, which are two', async () => {
    const letters = await deadLettersOf(world, '')
    expect(letters.map(({ body }) => body).toSorted()).toEqual(
      ['metadata', 'link'].map((step) => of(`422 ${step}`).id).toSorted(),
    )
    for (const { attributes, body } of letters)
      expect(attributes).toMatchObject({
        reason: 'unprocessable',
        detail: expect.stringContaining('answered 422: does not work'),
        originalMessageId: body,
      })
  })
})

describe('metadata', () => {
  it.for(UNUSABLE)('that cannot be relied on archives nothing: %s', async ([name, detail]) => {
    await expectRefused(world, run, of(name).id, 'bad-metadata', detail)
    expect(askedOf(of(name).id, 'link')).toBe(0)
  })

  it.for(ODD)('that is odd costs no recording: %s', async ([name, change, declared]) => {
    const sidecar = await expectArchivedOnce(world, of(name))
    expect(sidecar['quality'].declaredDurationSeconds).toBe(declared)
    expect(sidecar['quality'].durationAgreement).toBe(declared === null ? 'undeclared' : 'agrees')
    const { url: _link, ...verbatim } = { ...exampleMetadata(of(name).id), ...change } as Record<
      string,
      unknown
    >
    expect(Object.keys(sidecar['bird'] as object).toSorted()).toEqual(
      Object.keys(JSON.parse(JSON.stringify(verbatim)) as object).toSorted(),
    )
    const [row] = await rowsOf(world, of(name).id)
    expect(row?.['ended_at'] === null).toBe('endedAt' in change)
  })

  it('of a status that nobody knows means "not yet": the message is sent again, and nothing is archived', async () => {
    const { id } = of('unknown status')
    expect(endOf(run, id)).toMatchObject({
      event: 'recording.not-yet',
      status: 'transcoding',
      delaySeconds: 60,
    })
    expect(run.failed).not.toContain(id)
    await expectNothingOf(world, id)
    expect(askedOf(id, 'link')).toBe(0)
    const [again] = await world.received('queue', 5)
    expect(again).toMatchObject({ Body: id, MessageAttributes: { deferrals: { StringValue: '1' } } })
  })
})
