import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineCrc32 } from '../../lib/s3/crc32.ts'

describe('CRC-32 of two texts one behind the other', () => {
  it('is what zlib computes from both, whatever they are', () => {
    const text = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(text, text, (first, second) => {
        const both = crc32(second, crc32(first))
        expect(combineCrc32(crc32(first), crc32(second), second.length)).toBe(both)
      }),
    )
  })

  it('holds for a part of 8 MiB behind others', () => {
    const part = Buffer.alloc(8 * 1024 * 1024, 'part')
    const before = crc32(Buffer.alloc(5_000_001, 'before'))
    expect(combineCrc32(before, crc32(part), part.length)).toBe(crc32(part, before))
  })
})
