import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMediaWatch, type MediaFacts } from '../../lib/archive/media.ts'
import { type MediaFault, MediaError } from '../../lib/errors.ts'
import { buildFrames, withId3v2 } from '../helpers/mp3-files.ts'

const MP3 = buildFrames(20)

function watch(
  body: Uint8Array,
  declaredBytes?: number,
  contentType?: string,
  chunkBytes = 1000,
): MediaFacts {
  const watching = createMediaWatch(declaredBytes, contentType)
  for (let at = 0; at < body.length; at += chunkBytes) watching.update(body.subarray(at, at + chunkBytes))
  return watching.finish()
}

function faultOf(judge: () => unknown): MediaFault | undefined {
  try {
    judge()
    return undefined
  } catch (error) {
    if (error instanceof MediaError) return error.fault
    throw error
  }
}

describe('a body', () => {
  it.each([
    ['of the declared length', MP3, MP3.length, 'audio/mpeg'],
    ['of no declared length', MP3, undefined, 'audio/mpeg'],
    ['without Content-Type', MP3, MP3.length, undefined],
    ['of an odd Content-Type', MP3, MP3.length, 'text/plain'],
    ['with a tag', withId3v2(MP3, 50), undefined, 'audio/mpeg'],
    ['with junk in front, said to be audio', Buffer.concat([Buffer.alloc(99), MP3]), undefined, 'Audio/MPEG'],
    [
      'with junk in front, said to be bytes',
      Buffer.concat([Buffer.alloc(99), MP3]),
      undefined,
      'binary/octet-stream',
    ],
    ['with a cut frame, of the declared length', MP3.subarray(0, -9), MP3.length - 9, 'audio/mpeg'],
  ])('%s is evidence', (_, body, declaredBytes, contentType) => {
    expect(watch(body, declaredBytes, contentType)).toMatchObject({
      bytes: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
      contentType,
    })
  })

  it.each([
    ['declared empty', 'empty', new Uint8Array(0), 0, 'audio/mpeg'],
    ['empty', 'empty', new Uint8Array(0), undefined, 'audio/mpeg'],
    ['empty, though declared', 'empty', new Uint8Array(0), 5, 'audio/mpeg'],
    ['short by one byte', 'shorter-than-declared', MP3, MP3.length + 1, 'audio/mpeg'],
    ['long by one byte', 'longer-than-declared', MP3, MP3.length - 1, 'audio/mpeg'],
    ['cut inside a frame, of no declared length', 'cut-frame', MP3.subarray(0, -9), undefined, 'audio/mpeg'],
    ['a page', 'not-audio', text('<!DOCTYPE html><html>login</html>'), undefined, 'audio/mpeg'],
    [
      'a page behind a byte order mark',
      'not-audio',
      text('\uFEFF <html>login page</html>'),
      undefined,
      'audio/mpeg',
    ],
    ['XML', 'not-audio', text('<?xml version="1.0"?><Error/>'), undefined, 'audio/mpeg'],
    ['JSON', 'not-audio', text('{"code":"x","message":"y"}'), undefined, 'audio/mpeg'],
    ['a short page', 'not-audio', text('<p>'), undefined, 'audio/mpeg'],
    ['a page with MP3 behind it', 'not-audio', Buffer.concat([text('<html>'), MP3]), undefined, 'audio/mpeg'],
    ['text', 'not-audio', text('Please log in to go on.'), undefined, 'text/plain'],
    ['junk, said to be audio', 'no-frame', Buffer.alloc(999), undefined, 'audio/mpeg'],
    ['a header only', 'no-frame', MP3.subarray(0, 44), 44, 'audio/mpeg'],
    ['mostly junk', 'not-audio', Buffer.concat([MP3, Buffer.alloc(MP3.length + 1)]), undefined, 'audio/mpeg'],
  ])('%s is refused: %s', (_, fault, body, declaredBytes, contentType) => {
    expect(faultOf(() => watch(body, declaredBytes, contentType))).toBe(fault)
  })

  it('that outgrows its length is refused before its end', () => {
    const watching = createMediaWatch(10, 'audio/mpeg')
    expect(faultOf(() => watching.update(MP3))).toBe('longer-than-declared')
  })

  it('with a chatty Content-Type is refused without repeating it', () => {
    const judge = () => watch(text('Please log in to go on.'), undefined, 'text/plain; call=+15550100123')
    expect(judge).toThrow('its Content-Type is text/plain; call=…')
  })

  it('gets the same verdict however it is cut into chunks', () => {
    const bodies = fc.oneof(
      fc.constantFrom<Uint8Array>(MP3, MP3.subarray(0, -5), withId3v2(MP3, 7), text('<html></html>')),
      fc.uint8Array({ maxLength: 60 }),
    )
    const judge = (body: Uint8Array, chunkBytes: number): unknown => {
      try {
        return watch(body, undefined, 'audio/mpeg', chunkBytes)
      } catch (error) {
        return (error as Error).message
      }
    }
    fc.assert(
      fc.property(bodies, fc.integer({ min: 1, max: 300 }), (body, chunkBytes) => {
        expect(judge(body, chunkBytes)).toEqual(judge(body, 1e9))
      }),
    )
  })
})

function text(content: string): Buffer {
  return Buffer.from(content)
}
