import { describe, expect, it } from 'vitest'
import {
  buildFrame,
  buildFrames,
  withApe,
  withId3v1,
  withId3v1Extended,
  withId3v2,
  walkMp3,
} from '../helpers/mp3-files.ts'

const FRAMES = buildFrames(5)
const CLEAN = { frames: 5, frameBytes: FRAMES.length, endsOnWholeFrame: true, junkBytes: 0, findings: [] }

describe('a tag', () => {
  it.each([
    ['ID3v2.3', withId3v2(FRAMES, 300), 310],
    ['ID3v2.2', withId3v2(FRAMES, 300, { version: 2 }), 310],
    ['ID3v2.4 with a footer', withId3v2(FRAMES, 300, { version: 4, footer: true }), 320],
    ['ID3v2.4 without a footer', withId3v2(FRAMES, 300, { version: 4 }), 310],
    ['ID3v2 with the largest size byte', withId3v2(FRAMES, 127), 137],
    ['ID3v2.4 with every flag but the footer', withFlags(withId3v2(FRAMES, 300, { version: 4 }), 0xe0), 310],
    ['ID3v2.3, which has no footer', withFlags(withId3v2(FRAMES, 300), 0x10), 310],
    ['two ID3v2 in a row', withId3v2(withId3v2(FRAMES, 0), 200_000), 200_020],
  ])('before the audio is no junk: %s', (_, mp3, bytes) => {
    expect(walkMp3(mp3)).toMatchObject({ ...CLEAN, id3v2Bytes: bytes, tagBytes: bytes, id3v1: false })
  })

  it.each([
    ['ID3v1', withId3v1(FRAMES), 128, true],
    ['ID3v1 whose title begins with +', withId3v1(FRAMES, '+1'), 128, true],
    ['ID3v1 with its extension', withId3v1Extended(FRAMES), 355, true],
    ['APEv2', withApe(FRAMES, 100), 164, false],
    ['the footer of an APEv2 without header', withApe(FRAMES, 0, { header: false }), 32, false],
    ['APEv2 and ID3v1', withId3v1(withApe(FRAMES, 100)), 292, true],
  ])('behind the audio is no junk: %s', (_, mp3, bytes, id3v1) => {
    expect(walkMp3(mp3)).toMatchObject({ ...CLEAN, id3v2Bytes: 0, tagBytes: bytes, id3v1 })
  })

  it('may stand between two files that were joined', () => {
    const mp3 = Buffer.concat([withId3v1(FRAMES), withId3v2(FRAMES, 50)])
    expect(walkMp3(mp3)).toMatchObject({ frames: 10, tagBytes: 188, junkBytes: 0, findings: [] })
  })

  it.each([
    ['ID3v2', withId3v2(FRAMES, 50), 60],
    ['APEv2', withApe(Buffer.alloc(0), 50), 114],
  ])('is found behind junk: %s', (_, tag, bytes) => {
    expect(walkMp3(Buffer.concat([FRAMES, Buffer.alloc(77), tag]))).toMatchObject({
      junkBytes: 77,
      tagBytes: bytes,
      id3v1: false,
    })
  })

  it('confirms a single frame before it', () => {
    expect(walkMp3(withId3v1(buildFrame()))).toMatchObject({ frames: 1, id3v1: true, findings: [] })
  })

  it('of version 1 is found behind junk, as Lyrics3 is, if the file ends with it', () => {
    const lyrics = Buffer.from('LYRICSBEGININD0000210000017LYRICS200')
    const mp3 = withId3v1(Buffer.concat([FRAMES, lyrics]))
    const junk = { ...CLEAN, junkBytes: lyrics.length, findings: ['junk-after-audio'] }
    expect(walkMp3(mp3)).toMatchObject({ ...junk, id3v1: true, tagBytes: 128 })
    expect(walkMp3(Buffer.concat([mp3, Buffer.alloc(1)]))).toMatchObject({
      ...junk,
      id3v1: false,
      tagBytes: 0,
      junkBytes: lyrics.length + 129,
    })
  })

  it.each([
    ['letter wrong', 0, 0x4a],
    ['size byte above 127', 6, 0x80],
    ['unknown version', 3, 5],
    ['version too old', 3, 1],
    ['revision 255', 4, 0xff],
    ['unknown flag', 5, 0x01],
  ])('is none with a %s', (_, at, value) => {
    const mp3 = withId3v2(FRAMES, 300)
    mp3[at] = value
    expect(walkMp3(mp3)).toMatchObject({
      ...CLEAN,
      junkBytes: 310,
      id3v2Bytes: 0,
      findings: ['junk-before-audio'],
    })
  })

  it.each(['ID3\x03', 'APETAGEX', 'TA'])('is none if the file ends before it says enough: %j', (text) => {
    expect(walkMp3(Buffer.concat([FRAMES, Buffer.from(text)]))).toMatchObject({
      ...CLEAN,
      junkBytes: text.length,
      tagBytes: 0,
      findings: ['junk-after-audio'],
    })
  })
})

function withFlags(mp3: Buffer, flags: number): Buffer {
  mp3[5] = flags
  return mp3
}
