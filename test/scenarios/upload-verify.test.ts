import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  deadLettersOf,
  expectArchivedOnce,
  expectNothingOf,
  rowsOf,
  versionsOf,
} from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { NO_LENGTH, setStrikes, type Strike } from '../helpers/strikes.ts'
import { keysOf, startWorld, type World } from '../helpers/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const large = buildLargeAudio(9, 1)
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const STORED_BADLY: [string, Uint8Array | undefined, Strike[]][] = [
  ['a byte of a small one was flipped', undefined, [{ operation: 'PutObject', fault: { kind: 'corrupt' } }]],
  [
    'a small one was cut short',
    undefined,
    [{ operation: 'PutObject', fault: { kind: 'truncate-stored', bytes: 500 } }],
  ],
  [
    'a byte of a large one was flipped',
    large,
    [{ operation: 'CompleteMultipartUpload', fault: { kind: 'corrupt' } }],
  ],
  [
    'a large one was cut short',
    large,
    [{ operation: 'CompleteMultipartUpload', fault: { kind: 'truncate-stored', bytes: 8_388_608 } }],
  ],
  [
    'a byte of one without declared length was flipped',
    large,
    [NO_LENGTH, { operation: 'CompleteMultipartUpload', fault: { kind: 'corrupt' } }],
  ],
  [
    'a byte was flipped by a store that keeps no checksums',
    undefined,
    [
      { operation: 'PutObject', fault: { kind: 'corrupt' } },
      { operation: 'HeadObject', fault: { kind: 'no-checksum' } },
    ],
  ],
]

describe('a store that keeps other bytes than it was sent', () => {
  it.for(STORED_BADLY)(
    'is noticed before anything is called archived, and ends as a conflict that shows both digests: %s',
    async ([, audio, strikes]) => {
      const recording = await world.addRecording(audio === undefined ? {} : { audio })
      const { id } = recording
      const { struck } = setStrikes(world, ...strikes)
      const first = await world.run([id])
      expect(Math.min(...struck)).toBeGreaterThan(0)
      expect(first.failed).toEqual(['message-0'])
      expect(first.events).toContainEqual(
        expect.objectContaining({ event: 'recording.failed', reason: 'storage' }),
      )
      setStrikes(world)
      expect(await versionsOf(world, id)).toEqual([keysOf(id).audio])
      expect(await rowsOf(world, id)).toEqual([])
      expect(await world.unfinishedUploads()).toEqual([])
      const stored = await world.get(keysOf(id).audio)
      expect(stored.equals(recording.audio)).toBe(false)

      const second = await world.run([{ body: id, attempt: 2 }])
      expect(second.failed).toEqual([])
      const [letter, ...others] = await deadLettersOf(world, id)
      expect(others).toEqual([])
      expect(letter?.attributes['reason']).toBe('conflict')
      expect(letter?.attributes['detail']).toContain(sha256(stored))
      expect(letter?.attributes['detail']).toContain(recording.sha256)
      expect((await world.get(keysOf(id).audio)).equals(stored)).toBe(true)
      expect(await versionsOf(world, id)).toEqual([keysOf(id).audio])
    },
  )

  it.for([
    ['a byte of a part was flipped', { kind: 'corrupt' }],
    ['most of a part was dropped', { kind: 'truncate-stored', bytes: 100 }],
  ] as const)(
    'never completes an upload of whose parts one is bad, and the next delivery archives it: %s',
    async ([, fault]) => {
      const recording = await world.addRecording({ audio: large })
      const { struck } = setStrikes(world, { operation: 'UploadPart', partNumber: 1, fault })
      const { failed } = await world.run([recording.id])
      expect(struck).toEqual([1])
      expect(failed).toEqual(['message-0'])
      setStrikes(world)
      await expectNothingOf(world, recording.id)
      expect((await world.run([recording.id])).failed).toEqual([])
      await expectArchivedOnce(world, recording)
    },
  )
})

describe('a store that keeps no checksums', () => {
  it('has its copy read again before it is trusted, small and large', async () => {
    const recordings = [await world.addRecording(), await world.addRecording({ audio: large })]
    setStrikes(
      world,
      ...['PutObject', 'CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'HeadObject'].map(
        (operation): Strike => ({ operation, fault: { kind: 'no-checksum' } }),
      ),
    )
    const { failed } = await world.run(recordings.map(({ id }) => id))
    expect(failed).toEqual([])
    setStrikes(world)
    for (const recording of recordings) {
      const { audio } = await expectArchivedOnce(world, recording)
      expect(audio).toMatchObject({ verifiedBy: 'reading-again', s3Checksum: null })
    }
  })
})

describe('what is stored with the audio', () => {
  it('does not depend on ETags: a store whose ETag is no MD5 is as good', async () => {
    const recording = await world.addRecording()
    const { struck } = setStrikes(world, {
      operation: 'PutObject',
      key: /\.mp3$/,
      fault: { kind: 'respond', status: 200, headers: { etag: '"not-a-digest-17"' }, after: true },
    })
    const { failed } = await world.run([recording.id])
    expect(struck).toEqual([1])
    expect(failed).toEqual([])
    await expectArchivedOnce(world, recording)
  })

  it('is audio/mpeg whatever the link said, and no user metadata at all', async () => {
    const recordings = [
      await world.addRecording({ contentType: 'binary/octet-stream' }),
      await world.addRecording({ contentType: 'binary/octet-stream', audio: large }),
    ]
    const { requests } = setStrikes(world)
    expect((await world.run(recordings.map(({ id }) => id))).failed).toEqual([])
    for (const { id } of recordings)
      expect((await world.head(keysOf(id).audio)).contentType).toBe('audio/mpeg')
    const sent = requests.flatMap(({ headers }) => Object.keys(headers))
    expect(sent).toContain('content-type')
    expect(sent.filter((name) => name.startsWith('x-amz-meta-'))).toEqual([])
  })
})
