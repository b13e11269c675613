import { randomUUID } from 'node:crypto'
import type { Context } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeArchiveFunction } from '../../lib/compose.ts'
import type { S3Fault } from '../../lib/sandbox/s3-server.ts'
import {
  deadLettersOf,
  expectArchivedOnce,
  expectNothingOf,
  rowsOf,
  versionsOf,
} from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { NO_LENGTH, setStrikes, type Strike } from '../helpers/strikes.ts'
import { eventOf } from '../helpers/sqs-events.ts'
import { keysOf, startWorld, type World } from '../helpers/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const large = buildLargeAudio(9, 3)
const otherLarge = buildLargeAudio(9, 4)
const IGNORES_CONDITION: Strike = {
  operation: 'CompleteMultipartUpload',
  fault: { kind: 'ignore-condition' },
}
const FORMS: [string, Uint8Array | undefined, Strike[]][] = [
  ['a small one', undefined, []],
  ['a large one', large, []],
  ['a large one of unknown length', large, [NO_LENGTH]],
]
const FORGETFUL_FORMS: typeof FORMS = [
  ['a small one', undefined, [{ ...IGNORES_CONDITION, operation: 'PutObject', key: /\.mp3$/ }]],
  ['a large one', large, [IGNORES_CONDITION]],
  ['a large one of unknown length', large, [NO_LENGTH, IGNORES_CONDITION]],
]

describe('evidence that is there already', () => {
  it.for([
    ...FORMS,
    ...FORGETFUL_FORMS.map(
      ([name, audio, strikes]) => [`${name}, by a store that ignores the condition`, audio, strikes] as const,
    ),
  ])(
    'is never overwritten by other bytes, which end as a conflict with both digests: %s',
    async ([, audio, strikes]) => {
      const { id, sha256 } = await world.addRecording(audio === undefined ? {} : { audio })
      const earlier = audio === undefined ? Buffer.from('another body') : otherLarge
      await world.put(keysOf(id).audio, earlier)
      setStrikes(world, ...strikes)
      const { failed } = await world.run([id])
      setStrikes(world)
      expect(failed).toEqual([])
      expect(await versionsOf(world, id)).toEqual([keysOf(id).audio])
      expect((await world.get(keysOf(id).audio)).equals(earlier)).toBe(true)
      expect(await rowsOf(world, id)).toEqual([])
      expect(await world.unfinishedUploads()).toEqual([])
      const [letter] = await deadLettersOf(world, id)
      expect(letter?.attributes['reason']).toBe('conflict')
      expect(letter?.attributes['detail']).toContain(sha256)
      expect(letter?.attributes['detail']).toMatch(/stored [0-9a-f]{64}, offered/)
    },
  )

  it.for(FORMS)(
    'is adopted when the bytes are the same, and the sidecar says so: %s',
    async ([, audio, strikes]) => {
      const recording = await world.addRecording(audio === undefined ? {} : { audio })
      await world.put(keysOf(recording.id).audio, recording.audio)
      setStrikes(world, ...strikes)
      const { failed, events } = await world.run([recording.id])
      setStrikes(world)
      expect(failed).toEqual([])
      const sidecar = await expectArchivedOnce(world, recording)
      expect(sidecar['provenance']).toMatchObject({ adopted: true })
      expect(events).toContainEqual(expect.objectContaining({ event: 'recording.archived', adopted: true }))
    },
  )

  it('includes a sidecar that somebody else wrote meanwhile: it stays, and the message is acknowledged', async () => {
    const recording = await world.addRecording()
    const { id } = recording
    await world.run([id])
    const theirs = await world.get(keysOf(id).sidecar)
    const { struck } = setStrikes(world, {
      operation: 'GetObject',
      key: /\.json$/,
      times: 1,
      fault: { kind: 'error', status: 404, code: 'NoSuchKey' },
    })
    const { failed, events } = await world.run([{ body: id, messageId: 'the-second' }])
    expect(struck).toEqual([1])
    setStrikes(world)
    expect(failed).toEqual([])
    expect(events).toContainEqual(expect.objectContaining({ event: 'recording.already-archived' }))
    await expectArchivedOnce(world, recording)
    expect((await world.get(keysOf(id).sidecar)).equals(theirs)).toBe(true)
  })

  it.for([
    ['', []],
    [
      ', also where the first answer is lost',
      [{ operation: 'GetObject', key: /\.json$/, times: 1, fault: { kind: 'error', status: 500 } }],
    ],
  ] as [string, Strike[]][])(
    'that somebody has deleted is no free key, though S3 would let it be written: it is a conflict%s',
    async ([, strikes]) => {
      const { id } = await world.addRecording()
      await world.run([id])
      const { sidecar, audio } = keysOf(id)
      for (const key of [sidecar, audio]) await world.remove(key)
      const before = await versionsOf(world, id)
      expect(before).toEqual([sidecar, sidecar, audio, audio])
      await world.addRecording({ id, audio: Buffer.from((await world.addRecording()).audio) })
      setStrikes(world, ...strikes)
      const { failed } = await world.run([{ body: id, messageId: 'again' }])
      setStrikes(world)
      expect(failed).toEqual([])
      expect(await versionsOf(world, id)).toEqual(before)
      const [letter] = await deadLettersOf(world, id)
      expect(letter?.attributes).toMatchObject({
        reason: 'conflict',
        detail: expect.stringMatching(/was deleted: a delete marker lies on it/),
      })
    },
  )

  it('is asked for as a condition on each write', async () => {
    const recordings = [await world.addRecording(), await world.addRecording({ audio: large })]
    const { requests } = setStrikes(world)
    await world.run(recordings.map(({ id }) => id))
    const writes = requests.filter(({ operation }) =>
      /^(?:PutObject|CompleteMultipartUpload)$/.test(operation),
    )
    expect(writes.length).toBeGreaterThanOrEqual(5)
    expect(new Set(writes.map(({ headers }) => headers['if-none-match']))).toEqual(new Set(['*']))
  })
})

describe('409: another write to the key is under way', () => {
  const CONFLICT: S3Fault = { kind: 'error', status: 409, code: 'ConditionalRequestConflict' }
  it.for([
    [
      'the audio of a small one',
      undefined,
      [{ operation: 'PutObject', key: /\.mp3$/, times: 2, fault: CONFLICT }],
    ],
    ['a sidecar', undefined, [{ operation: 'PutObject', key: /\.json$/, times: 2, fault: CONFLICT }]],
    ['a large one', large, [{ operation: 'CompleteMultipartUpload', times: 2, fault: CONFLICT }]],
    [
      'a large one of unknown length',
      large,
      [NO_LENGTH, { operation: 'CompleteMultipartUpload', times: 2, fault: CONFLICT }],
    ],
  ] as [string, Uint8Array | undefined, Strike[]][])(
    'is asked again until there is an answer: %s',
    async ([, audio, strikes]) => {
      const recording = await world.addRecording(audio === undefined ? {} : { audio })
      const { struck } = setStrikes(world, ...strikes)
      const { failed } = await world.run([recording.id])
      expect(struck.at(-1)).toBe(2)
      setStrikes(world)
      expect(failed).toEqual([])
      await expectArchivedOnce(world, recording)
    },
  )
})

describe('one recording that is delivered twice at once', () => {
  it.for(FORMS)('is archived once when both are in one batch: %s', async ([, audio, strikes]) => {
    const recording = await world.addRecording(audio === undefined ? {} : { audio })
    setStrikes(world, ...strikes)
    const { failed } = await world.run([recording.id, recording.id])
    setStrikes(world)
    expect(failed).toEqual([])
    await expectArchivedOnce(world, recording)
  })

  it.for(FORMS)(
    'is archived once by two functions that know nothing of each other: %s',
    async ([, audio, strikes]) => {
      const recording = await world.addRecording(audio === undefined ? {} : { audio })
      setStrikes(world, ...strikes)
      const quiet = { log: { event: () => {} }, writeMetrics: () => {} }
      const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 60_000 } as Context
      const answers = await Promise.all(
        [1, 2].map(() => composeArchiveFunction(world.env, quiet)(eventOf([recording.id]), context)),
      )
      setStrikes(world)
      expect(answers).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }])
      await expectArchivedOnce(world, recording)
    },
  )
})

describe('two large uploads at once', () => {
  it('do not touch each other when one of them has to be given up', async () => {
    const good = await world.addRecording({ audio: large })
    const bad = await world.addRecording({ audio: otherLarge })
    setStrikes(world, {
      operation: 'UploadPart',
      key: new RegExp(bad.id),
      partNumber: 1,
      fault: { kind: 'error', status: 400, code: 'InvalidRequest' },
    })
    const { failed } = await world.run([good.id, bad.id])
    setStrikes(world)
    expect(failed).toEqual(['message-1'])
    await expectArchivedOnce(world, good)
    await expectNothingOf(world, bad.id)
  })
})
