import { describe, expect, it } from 'vitest'
import { looksLikeMp3 } from '../../lib/archive/mp3.ts'
import { buildFrame, buildFrames, withId3v1, withId3v2, walkMp3 } from '../helpers/mp3-files.ts'

const HTML = Buffer.from('<!doctype html><title>Sign in</title><p>The link has expired.</p>')

describe('free format', () => {
  const free = { bitRateKbps: 0, bytes: 150 }

  it('is walked by the distance of its headers, and reported', () => {
    const padded = buildFrame({ bitRateKbps: 0, bytes: 151, padding: true })
    const mp3 = Buffer.concat([padded, buildFrames(3, free), padded, padded, buildFrame(free)])
    expect(walkMp3(mp3)).toMatchObject({
      frames: 7,
      bitRateKbps: Math.round((mp3.length / 7 / 1152) * 8 * 44.1),
      bitRateMode: 'cbr',
      frameBytes: mp3.length,
      endsOnWholeFrame: true,
      findings: ['free-format'],
    })
  })

  it('is measured whichever of its first frames is padded', () => {
    for (const layer of [1, 3] as const) {
      const plain = { layer, bitRateKbps: 0, bytes: 100 }
      const padded = { ...plain, bytes: layer === 1 ? 104 : 101, padding: true }
      for (const specs of [
        [plain, padded, plain],
        [padded, plain, plain],
        [padded, padded, plain],
      ]) {
        const mp3 = Buffer.concat(specs.map(buildFrame))
        expect(walkMp3(mp3)).toMatchObject({ frames: 3, junkBytes: 0 })
      }
    }
  })

  it('is not measured by other headers that stand in its audio', () => {
    for (const header of [buildFrame(), buildFrame({ mpegVersion: '2', bitRateKbps: 0, bytes: 4 })]) {
      const mp3 = buildFrames(4, free)
      for (let at = 50; at < mp3.length; at += 50) if (at % 150 !== 0) header.copy(mp3, at, 0, 4)
      expect(walkMp3(mp3)).toMatchObject({ frames: 4, findings: ['free-format'] })
    }
  })

  it('is looked for only where a frame is due, as behind a tag', () => {
    const tagged = Buffer.concat([HTML, withId3v2(buildFrames(5, free), 20)])
    expect(walkMp3(tagged)).toMatchObject({ frames: 5, junkBytes: HTML.length })
    const mp3 = Buffer.concat([HTML, buildFrames(5, free)])
    expect(walkMp3(mp3)).toMatchObject({ frames: 0, junkBytes: mp3.length, findings: ['no-frame'] })
  })

  it('in layer I pads by four bytes', () => {
    const padded = buildFrame({ layer: 1, bitRateKbps: 0, bytes: 104, padding: true })
    const mp3 = Buffer.concat([padded, buildFrames(3, { layer: 1, bitRateKbps: 0, bytes: 100 }), padded])
    expect(walkMp3(mp3)).toMatchObject({ frames: 5, junkBytes: 0, findings: ['free-format'] })
  })

  it('is found up to the longest frame there is, and no further', () => {
    expect(walkMp3(buildFrames(3, { bitRateKbps: 0, bytes: 2881 }))).toMatchObject({ frames: 3 })
    expect(walkMp3(buildFrames(3, { bitRateKbps: 0, bytes: 2882 }))).toMatchObject({ frames: 0 })
  })

  it('is found again behind junk, and its last frame may be cut', () => {
    const mp3 = Buffer.concat([buildFrames(3, free), HTML, buildFrames(3, free)])
    expect(walkMp3(mp3.subarray(0, -1))).toMatchObject({
      frames: 5,
      junkBytes: HTML.length,
      endsOnWholeFrame: false,
      findings: ['cut-frame', 'junk-between-frames', 'free-format'],
    })
  })

  it('needs more than two headers', () => {
    const mp3 = Buffer.concat([buildFrames(2, free), HTML])
    expect(walkMp3(mp3)).toMatchObject({ frames: 0, junkBytes: mp3.length })
  })
})

describe('the first bytes of a file', () => {
  it.each([
    ['a frame header', buildFrame().subarray(0, 4)],
    ['a free-format frame header', buildFrame({ bitRateKbps: 0, bytes: 4 })],
    ['a whole frame', buildFrame()],
    ['a frame that is not all there', buildFrame().subarray(0, -2)],
    ['a frame and a piece of the next header', buildFrames(2).subarray(0, 211)],
    ['two frames', buildFrames(2)],
    ['a frame and a tag', withId3v1(buildFrame())],
    ['four bytes of ID3v2', withId3v2(buildFrame(), 10).subarray(0, 4)],
    ['ID3v2.4', withId3v2(buildFrame(), 10, { version: 4 })],
    ['layer I, where the frame after confirms it', buildFrames(2, { layer: 1, crc: true })],
  ])('can be an MP3: %s', (_, bytes) => {
    expect(looksLikeMp3(bytes)).toBe(true)
  })

  it.each([
    ['nothing', ''],
    ['three bytes', buildFrame().subarray(0, 3)],
    ['HTML', HTML],
    ['XML', '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>'],
    ['JSON', '{"code":"NotFound","message":"Recording not found"}'],
    ['text that begins like a tag', 'ID3 tags explained'],
    ['the three letters of a tag', 'ID3'],
    ['UTF-8 with a byte order mark', '\uFEFF{"code":1}'],
    ['UTF-16 of either order', Buffer.from('\uFEFF{"code":1}', 'utf16le')],
    ['UTF-16 of the other order', Buffer.from('\uFEFF{"code":1}', 'utf16le').swap16()],
    ['RIFF', 'RIFF\x24\x08\0\0WAVEfmt '],
    ['AAC', Buffer.from([0xff, 0xf1, 0x50, 0x80, 0x2e, 0x7f])],
    ['0xff throughout', Buffer.alloc(64, 0xff)],
    ['zeros', Buffer.alloc(64)],
    ['a frame and four bytes that are no header', Buffer.concat([buildFrame(), HTML.subarray(0, 4)])],
    ['a frame header that nothing confirms', Buffer.concat([buildFrame(), HTML])],
    ['a bit rate index of 15', Buffer.from([0xff, 0xfb, 0xf0, 0])],
  ])('cannot be an MP3: %s', (_, bytes) => {
    expect(looksLikeMp3(Buffer.from(bytes))).toBe(false)
  })
})
