import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { partBytesFor } from '../../lib/s3/parts.ts'
import { expectNothingOf } from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { NO_LENGTH, setStrikes, type Strike } from '../helpers/strikes.ts'
import { startWorld, type World } from '../helpers/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const large = buildLargeAudio(17, 5)
const LENGTHS: [string, Strike[]][] = [
  ['known length', []],
  ['unknown length', [NO_LENGTH]],
]
const REFUSED = { kind: 'error', status: 400, code: 'InvalidRequest' } as const

describe('no unfinished upload is left, and nothing stored,', () => {
  describe.for(LENGTHS)('of a body of %s', ([, strikes]) => {
    it.for([
      ['the first part is refused', { operation: 'UploadPart', partNumber: 1, fault: REFUSED }],
      ['a later part is refused', { operation: 'UploadPart', partNumber: 2, fault: REFUSED }],
      ['the last part is refused', { operation: 'UploadPart', partNumber: 3, fault: REFUSED }],
      ['the completion is refused', { operation: 'CompleteMultipartUpload', fault: REFUSED }],
      ['the upload cannot be opened', { operation: 'CreateMultipartUpload', fault: REFUSED }],
    ] as [string, Strike][])('when %s', async ([, strike]) => {
      const recording = await world.addRecording({ audio: large })
      const { struck } = setStrikes(world, ...strikes, strike)
      const { failed } = await world.run([recording.id])
      expect(struck.at(-1)).toBeGreaterThan(0)
      setStrikes(world)
      expect(failed).toEqual(['message-0'])
      await expectNothingOf(world, recording.id)
    })

    it('when a configuration fault elsewhere stops the batch in the middle of it', async () => {
      const recording = await world.addRecording({ audio: large })
      const begun = Promise.withResolvers<void>()
      const refused = await world.addRecording({
        metadataReplies: [
          async () => {
            await begun.promise
            return { status: 401, body: { code: 'Unauthorized', message: 'the key is unknown' } }
          },
        ],
      })
      // The answer to the first part never comes: only being told to stop ends this upload.
      setStrikes(world, ...strikes, { operation: 'UploadPart', fault: { kind: 'stall' } })
      const faults = world.faults
      world.faults = (request) => {
        if (request.operation === 'UploadPart') begun.resolve()
        return faults(request)
      }
      const { failed } = await world.run([recording.id, refused.id])
      setStrikes(world)
      expect(failed).toEqual(['message-0', 'message-1'])
      await expectNothingOf(world, recording.id)
    })

    it('even if the first request to abort it fails', async () => {
      const recording = await world.addRecording({ audio: large })
      const { struck } = setStrikes(
        world,
        ...strikes,
        { operation: 'UploadPart', partNumber: 2, fault: REFUSED },
        { operation: 'AbortMultipartUpload', times: 1, fault: { kind: 'cut' } },
      )
      const { failed } = await world.run([recording.id])
      expect(struck.at(-1)).toBe(1)
      setStrikes(world)
      expect(failed).toEqual(['message-0'])
      await expectNothingOf(world, recording.id)
    })
  })
})

describe('the size of a part', () => {
  const MIB = 1024 * 1024
  const TIB = MIB * MIB

  it('lets every body that S3 can hold be sent in at most 10,000 parts of at least 5 MiB', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 * TIB }),
        fc.integer({ min: 1, max: 64 * MIB }),
        (totalBytes, preferredBytes) => {
          const partBytes = partBytesFor(totalBytes, preferredBytes)
          expect(Math.ceil(totalBytes / partBytes)).toBeLessThanOrEqual(10_000)
          expect(partBytes).toBeGreaterThanOrEqual(5 * MIB)
          expect(partBytes).toBeGreaterThanOrEqual(preferredBytes)
          expect(Number.isInteger(partBytes)).toBe(true)
        },
      ),
    )
  })

  it.for([
    ['9 MiB', 9 * MIB, 8 * MIB],
    ['exactly 10,000 preferred parts', 80_000 * MIB, 8 * MIB],
    ['one byte more than that', 80_000 * MIB + 1, 9 * MIB],
    ['5 TiB', 5 * TIB, 525 * MIB],
  ] as const)('stays as preferred for as long as 10,000 will do: %s', ([, totalBytes, partBytes]) => {
    expect(partBytesFor(totalBytes, 8 * MIB)).toBe(partBytes)
  })
  it('is refused for more than any object holds', () => {
    expect(() => partBytesFor(5 * TIB + 1, 8 * MIB)).toThrow('body refused (too-large)')
  })
})
