import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFraming, type Framing } from '../../lib/bird/http-framing.ts'

/**
 * Takes a body out of its framing as a connection does: framing is looked at in what was read ahead, and a read that
 * begins in the middle of a body may go straight to it.
 * @param reads how much each read brings at most; the last one counts for all that follow
 * @returns the body, and what of the bytes lies behind it
 */
function unframe(
  framing: Framing,
  wire: Buffer,
  reads: readonly number[],
): { readonly body: Buffer; readonly rest: Buffer } {
  const body: Buffer[] = []
  let at = 0
  for (let turn = 0; at < wire.length && !framing.isOver; turn++) {
    const bytes = reads[Math.min(turn, reads.length - 1)] ?? wire.length
    let ahead = wire.subarray(at, at + (framing.nextBytes > 0 ? Math.min(bytes, framing.nextBytes) : bytes))
    at += ahead.length
    while (ahead.length > 0 && !framing.isOver) {
      ahead = ahead.subarray(framing.readFraming(ahead))
      const taken = ahead.subarray(0, framing.nextBytes)
      if (taken.length > 0) framing.pass(taken.length)
      body.push(taken)
      ahead = ahead.subarray(taken.length)
    }
    at -= ahead.length
  }
  return { body: Buffer.concat(body), rest: wire.subarray(at) }
}

/** As a server may write it, with extensions and trailers as it likes. */
function chunked(chunks: readonly Uint8Array[], extension = '', trailers: readonly string[] = []): Buffer {
  const written = chunks.map((chunk) =>
    Buffer.concat([Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`), chunk, Buffer.from('\r\n')]),
  )
  const end = `0${extension}\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`
  return Buffer.concat([...written, Buffer.from(end)])
}

const chunk = fc.uint8Array({ minLength: 1, maxLength: 60 })
const reads = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 })
const extension = fc.constantFrom('', ';name=value', ' ;a="b c";d', '\t', ';\u00e9')
const trailers = fc.array(fc.constantFrom('x-checksum: 1', 'a: b', 'x'), { maxLength: 3 })
const behind = fc.uint8Array({ maxLength: 40 })

describe('a body in chunks', () => {
  it('comes out the same, however it was cut and however it is read, and what follows it is left', () => {
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 8 }),
        extension,
        trailers,
        behind,
        reads,
        (chunks, ext, ends, next, sizes) => {
          const framing = createFraming('chunked')
          const wire = Buffer.concat([chunked(chunks, ext, ends), next])
          const { body, rest } = unframe(framing, wire, sizes)
          expect(body).toEqual(Buffer.concat(chunks))
          expect(rest).toEqual(Buffer.from(next))
          expect(framing.isOver).toBe(true)
          expect(framing.nextBytes).toBe(0)
        },
      ),
    )
  })

  it('is not over before its last byte, wherever it breaks off', () => {
    const wire = chunked([Buffer.from('hello'), Buffer.from('\r\n0\r\n\r\n')], ';x', ['a: b'])
    for (let length = 0; length < wire.length; length++) {
      const framing = createFraming('chunked')
      unframe(framing, wire.subarray(0, length), [3])
      expect(framing.isOver).toBe(false)
    }
    expect(createFraming('chunked').endsWithConnection).toBe(false)
  })

  it.each([
    ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['0005\r\nhello\r\n000\r\n\r\n', 'hello'],
    ['A\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['a;x\r\n0123456789\r\n0;y\r\nz: 1\r\n\r\n', '0123456789'],
    ['0\r\n\r\n', ''],
  ])('%j holds %j', (wire, body) => {
    expect(unframe(createFraming('chunked'), Buffer.from(wire), [1]).body.toString()).toBe(body)
  })

  const SIZELESS = 'a chunk does not say how long it is'
  const TOO_LONG = 'a chunk is longer than it says'
  it.each([
    ['\r\n', SIZELESS],
    ['x\r\n', SIZELESS],
    ['-1\r\n', SIZELESS],
    ['0x5\r\n', SIZELESS],
    [' 5\r\n', SIZELESS],
    ['5 5\r\n', SIZELESS],
    ['5\nhello\r\n', SIZELESS],
    ['5;a\rb\r\n', SIZELESS],
    ['1000000000000\r\n', SIZELESS],
    ['5\r\nhellooo\r\n', TOO_LONG],
    ['5\r\nhello\n', TOO_LONG],
    ['5\r\nhel\r\n0\r\n\r\n', TOO_LONG],
    [`5;${'x'.repeat(5000)}\r\n`, 'a line between two chunks is too long'],
    [`0\r\n${'x'.repeat(5000)}`, 'a line between two chunks is too long'],
  ])('%j is broken, in one read and byte by byte', (wire, message) => {
    for (const size of [wire.length, 1])
      expect(() => unframe(createFraming('chunked'), Buffer.from(wire), [size])).toThrow(message)
  })
})

describe('a body of a declared length', () => {
  it('ends there, however it is read, and what follows it is left', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), behind, reads, (content, next, sizes) => {
        const framing = createFraming(content.length)
        const { body, rest } = unframe(framing, Buffer.concat([content, next]), sizes)
        expect(body).toEqual(Buffer.from(content))
        expect(rest).toEqual(Buffer.from(next))
        expect(framing.isOver).toBe(true)
      }),
    )
  })

  it('is not over while a byte is missing, nor by the end of the connection', () => {
    const framing = createFraming(5)
    framing.pass(4)
    expect(framing).toMatchObject({ isOver: false, nextBytes: 1, endsWithConnection: false })
    framing.pass(1)
    expect(framing).toMatchObject({ isOver: true, nextBytes: 0 })
  })

  it('of nothing is over at once', () => {
    expect(createFraming(0)).toMatchObject({ isOver: true, nextBytes: 0 })
  })
})

describe('a body of no declared length', () => {
  it('goes on until the connection ends', () => {
    const framing = createFraming('until-close')
    const wire = Buffer.from('0\r\n\r\nwhatever')
    expect(unframe(framing, wire, [2]).body).toEqual(wire)
    expect(framing).toMatchObject({ isOver: false, endsWithConnection: true })
    expect(framing.nextBytes).toBeGreaterThan(2 ** 52)
  })
})
