import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createScratch, type Scratch } from '../../lib/bird/scratch.ts'

const KIB = 1024

/** What a socket does: it asks for room, and fills the beginning of it. */
function bring(scratch: Scratch, bytes: Uint8Array): void {
  const room = scratch.room()
  room.set(bytes)
  scratch.came(bytes.length)
}

describe('what came and was not taken', () => {
  it('is there in order, whatever was brought and taken in between', () => {
    const step = fc.oneof(
      fc.record({ bring: fc.uint8Array({ minLength: 1, maxLength: 50 }) }),
      fc.record({ take: fc.integer({ min: 0, max: 60 }) }),
      // A socket asks for room long before anything comes; meanwhile what is here is taken.
      fc.record({ takeBetween: fc.integer({ min: 0, max: 60 }), bring: fc.uint8Array({ maxLength: 50 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const scratch = createScratch()
        let expected = Buffer.alloc(0)
        for (const one of steps) {
          const room = 'bring' in one ? scratch.room() : undefined
          const asked = 'take' in one ? one.take : 'takeBetween' in one ? one.takeBetween : 0
          const taken = Math.min(asked, expected.length)
          scratch.take(taken)
          expected = expected.subarray(taken)
          if ('bring' in one && one.bring.length > 0) {
            room?.set(one.bring)
            scratch.came(one.bring.length)
            expected = Buffer.concat([expected, one.bring])
          }
          expect(scratch.bytes).toEqual(expected)
        }
      }),
    )
  })

  it('is not written over by what comes next', () => {
    const scratch = createScratch()
    bring(scratch, Buffer.from('head'))
    bring(scratch, Buffer.from('body'))
    scratch.take(2)
    bring(scratch, Buffer.from('more'))
    expect(scratch.bytes.toString()).toBe('adbodymore')
  })
})

describe('the room', () => {
  it('is 64 KiB while there is so much, however often it was filled and emptied', () => {
    const scratch = createScratch()
    for (let round = 0; round < 10; round++) {
      expect(scratch.room().length).toBe(64 * KIB)
      scratch.came(64 * KIB)
      scratch.take(64 * KIB)
    }
    expect(scratch.bytes.length).toBe(0)
  })

  it('holds three reads that nobody takes, is never empty, and refuses what does not fit', () => {
    const scratch = createScratch()
    for (const round of [1, 2, 3]) {
      bring(scratch, Buffer.alloc(64 * KIB, round))
      expect(scratch.bytes.length).toBe(round * 64 * KIB)
    }
    expect(scratch.room().length).toBeGreaterThan(0)
    expect(() => scratch.came(1)).toThrow('more came than was asked for')
  })

  it('that was offered when all was full keeps what is here as it is', () => {
    const scratch = createScratch()
    for (const round of [1, 2, 3]) bring(scratch, Buffer.alloc(64 * KIB, round))
    scratch.room().fill(0xff)
    for (const round of [1, 2, 3]) {
      expect(scratch.bytes.subarray(0, 64 * KIB).equals(Buffer.alloc(64 * KIB, round))).toBe(true)
      scratch.take(64 * KIB)
    }
  })

  it('belongs to one connection', () => {
    const [one, other] = [createScratch(), createScratch()]
    one.room().fill(1)
    other.room().fill(2)
    one.came(3)
    expect([...one.bytes]).toEqual([1, 1, 1])
  })
})
