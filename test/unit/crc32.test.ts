import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32OfEnd } from '../../lib/s3/crc32.ts'

describe('CRC-32 of the end of a text', () => {
  it('is what zlib computes from the end itself, whatever came before', () => {
    const text = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(text, text, (beginning, end) => {
        const whole = crc32(end, crc32(beginning))
        expect(crc32OfEnd(whole, crc32(beginning), end.length)).toBe(crc32(end))
      }),
    )
  })

  it('holds for a part of 8 MiB behind others', () => {
    const part = Buffer.alloc(8 * 1024 * 1024, 'part')
    const beginning = crc32(Buffer.alloc(5_000_001, 'before'))
    expect(crc32OfEnd(crc32(part, beginning), beginning, part.length)).toBe(crc32(part))
  })
})
