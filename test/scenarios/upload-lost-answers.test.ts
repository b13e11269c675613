import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { S3Fault } from '../../lib/sandbox/s3-server.ts'
import { expectArchivedOnce, expectNothingOf, rowsOf, versionsOf } from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { NO_LENGTH, setStrikes, type Strike } from '../helpers/strikes.ts'
import { keysOf, startWorld, type World } from '../helpers/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const large = buildLargeAudio(9, 2)
const COMPLETE = 'CompleteMultipartUpload'
const NO_SUCH_UPLOAD: S3Fault = { kind: 'error', status: 404, code: 'NoSuchUpload', after: true }

const LOST: [string, Uint8Array | undefined, Strike[]][] = [
  [
    'the completion answers 200 with an error inside, and is done',
    large,
    [{ operation: COMPLETE, times: 1, fault: { kind: 'error-in-200', code: 'InternalError', after: true } }],
  ],
  [
    'the completion answers 200 with an error inside, and is not done',
    large,
    [{ operation: COMPLETE, times: 1, fault: { kind: 'error-in-200', code: 'InternalError' } }],
  ],
  [
    'every answer to the completion is lost although the first was carried out',
    large,
    [{ operation: COMPLETE, fault: { kind: 'cut', after: true } }],
  ],
  [
    'the completion answers NoSuchUpload although it was carried out',
    large,
    [{ operation: COMPLETE, fault: NO_SUCH_UPLOAD }],
  ],
  [
    'the same with a body of unknown length',
    large,
    [NO_LENGTH, { operation: COMPLETE, fault: NO_SUCH_UPLOAD }],
  ],
  [
    'the answer to a part is lost',
    large,
    [{ operation: 'UploadPart', times: 1, fault: { kind: 'cut', after: true } }],
  ],
  [
    'the answer to the only PUT of a small one is lost',
    undefined,
    [{ operation: 'PutObject', key: /\.mp3$/, times: 1, fault: { kind: 'cut', after: true } }],
  ],
  [
    'every answer to the only PUT of a small one is lost although the first was carried out',
    undefined,
    [{ operation: 'PutObject', key: /\.mp3$/, fault: { kind: 'cut', after: true } }],
  ],
  [
    "the answer to the sidecar's PUT is lost",
    undefined,
    [{ operation: 'PutObject', key: /\.json$/, times: 1, fault: { kind: 'cut', after: true } }],
  ],
  [
    "the answer to the catalog's PUT is lost",
    undefined,
    [{ operation: 'PutObject', key: /^catalog/, times: 1, fault: { kind: 'cut', after: true } }],
  ],
]

describe('a recording ends archived, exactly once and in one delivery, when', () => {
  it.for(LOST)('%s', async ([, audio, strikes]) => {
    const recording = await world.addRecording(audio === undefined ? {} : { audio })
    const { struck } = setStrikes(world, ...strikes)
    const { failed, events } = await world.run([recording.id])
    expect(Math.min(...struck)).toBeGreaterThan(0)
    expect(failed).toEqual([])
    expect(events.map(({ event }) => event)).toContain('recording.archived')
    setStrikes(world)
    await expectArchivedOnce(world, recording)
    expect(await rowsOf(world, recording.id)).toHaveLength(1)
  })

  it.for([
    ['503 SlowDown', { kind: 'error', status: 503, code: 'SlowDown' }],
    ['500 InternalError', { kind: 'error', status: 500, code: 'InternalError' }],
    ['a closed connection', { kind: 'cut' }],
  ] as const)('every operation of the bucket fails once with %s', async ([, fault]) => {
    const recordings = [await world.addRecording(), await world.addRecording({ audio: large })]
    const operations = [
      'GetObject',
      'HeadObject',
      'PutObject',
      'CreateMultipartUpload',
      'UploadPart',
      COMPLETE,
    ]
    const { struck } = setStrikes(world, ...operations.map((operation) => ({ operation, fault, times: 1 })))
    const { failed } = await world.run(recordings.map(({ id }) => id))
    expect(struck).toEqual(operations.map(() => 1))
    expect(failed).toEqual([])
    setStrikes(world)
    for (const recording of recordings) await expectArchivedOnce(world, recording)
  })
})

describe('a delivery that dies between two steps', () => {
  it('leaves nothing behind when the completion is refused for good, and the next one archives it', async () => {
    const recording = await world.addRecording({ audio: large })
    setStrikes(world, { operation: COMPLETE, fault: { kind: 'error-in-200', code: 'InternalError' } })
    expect((await world.run([recording.id])).failed).toEqual(['message-0'])
    setStrikes(world)
    await expectNothingOf(world, recording.id)
    expect((await world.run([recording.id])).failed).toEqual([])
    await expectArchivedOnce(world, recording)
  })

  it('after the audio is healed by the next one, whose sidecar says that it was adopted', async () => {
    const recordings = [await world.addRecording(), await world.addRecording({ audio: large })]
    const ids = recordings.map(({ id }) => id)
    setStrikes(world, {
      operation: 'PutObject',
      key: /\.json$/,
      fault: { kind: 'error', status: 500, code: 'InternalError' },
    })
    expect((await world.run(ids)).failed).toEqual(['message-0', 'message-1'])
    setStrikes(world)
    for (const id of ids) {
      expect(await versionsOf(world, id)).toEqual([keysOf(id).audio])
      expect(await rowsOf(world, id)).toEqual([])
    }
    expect((await world.run(ids)).failed).toEqual([])
    for (const recording of recordings) {
      const { provenance } = await expectArchivedOnce(world, recording)
      expect(provenance).toMatchObject({ adopted: true })
    }
  })

  it('after the sidecar is reported failed, and the next one writes the row and nothing else', async () => {
    const recording = await world.addRecording()
    const { id } = recording
    setStrikes(world, {
      operation: 'PutObject',
      key: /^catalog\//,
      fault: { kind: 'error', status: 500, code: 'InternalError' },
    })
    expect((await world.run([id])).failed).toEqual(['message-0'])
    const { requests } = setStrikes(world)
    expect(await versionsOf(world, id)).toEqual([keysOf(id).sidecar, keysOf(id).audio])
    expect(await rowsOf(world, id)).toEqual([])

    const before = requests.length
    expect((await world.run([id])).failed).toEqual([])
    const written = requests
      .slice(before)
      .filter(({ operation }) => /^(?:Put|Create|Complete|Upload)/.test(operation))
    expect(written.map(({ key }) => key)).toEqual([expect.stringMatching(/^catalog\//)])
    await expectArchivedOnce(world, recording)
    expect(await rowsOf(world, id)).toHaveLength(1)
  })
})
