import { describe, expect, it } from 'vitest'
import type { Mp3Report } from '../../lib/archive/mp3.ts'
import { buildFrame, buildFrames, encodeTone, withId3v1, withId3v2, walkMp3 } from '../helpers/mp3-files.ts'

const FRAMES = buildFrames(5)
const FRAME_BYTES = FRAMES.length / 5
const HTML = Buffer.from('<!doctype html><title>Sign in</title><p>The link has expired.</p>')
const CLEAN = { frames: 5, frameBytes: FRAMES.length, endsOnWholeFrame: true, junkBytes: 0, findings: [] }

describe('the frame walk', () => {
  it('measures a constant bit rate file', async () => {
    const mp3 = await encodeTone({ seconds: 2, sampleRateHz: 44_100, channels: 2, bitRateKbps: 64 })
    const frames = Math.round((mp3.length * 8 * 44_100) / (64_000 * 1152))
    expect(walkMp3(mp3)).toEqual({
      frames,
      durationMs: Math.round((frames * 1152) / 44.1),
      bitRateKbps: 64,
      bitRateMode: 'cbr',
      sampleRateHz: 44_100,
      channels: 2,
      mpegVersion: '1',
      layer: 3,
      vbrHeader: undefined,
      declaredFrames: undefined,
      id3v2Bytes: 0,
      id3v1: false,
      endsOnWholeFrame: true,
      frameBytes: mp3.length,
      tagBytes: 0,
      junkBytes: 0,
      findings: [],
    })
  })

  it('averages a variable bit rate over the audio frames', () => {
    const mp3 = Buffer.concat([buildFrames(1, { bitRateKbps: 32 }), buildFrames(3, { bitRateKbps: 128 })])
    expect(walkMp3(mp3)).toMatchObject({ frames: 4, bitRateMode: 'vbr', bitRateKbps: 104, findings: [] })
  })

  it('takes joint stereo and dual channel for two channels, single channel for one', () => {
    for (const mode of ['stereo', 'joint', 'dual'] as const)
      expect(walkMp3(buildFrames(2, { mode }))).toMatchObject({ channels: 2, findings: [] })
    expect(walkMp3(Buffer.concat([buildFrames(2, { mode: 'joint' }), FRAMES]))).toMatchObject({
      findings: [],
    })
    expect(walkMp3(buildFrames(2, { mode: 'mono' }))).toMatchObject({ channels: 1, findings: [] })
  })

  it('gives frames with a CRC the same size', () => {
    expect(walkMp3(buildFrames(5, { crc: true }))).toMatchObject(CLEAN)
  })

  it('counts a single frame that ends where the file ends', () => {
    expect(walkMp3(buildFrame())).toMatchObject({ frames: 1, endsOnWholeFrame: true, findings: [] })
  })

  it('finds nothing in an empty file', () => {
    expect(walkMp3(Buffer.alloc(0))).toMatchObject({
      frames: 0,
      durationMs: 0,
      bitRateKbps: 0,
      bitRateMode: undefined,
      sampleRateHz: undefined,
      channels: undefined,
      endsOnWholeFrame: false,
      findings: ['no-frame'],
    })
  })
})

describe('a file that is not whole', () => {
  it.each([1, 2, 3, 4, 5, FRAME_BYTES - 1])(
    'ends in a cut frame with %i bytes of the last frame',
    (bytes) => {
      expect(walkMp3(FRAMES.subarray(0, 4 * FRAME_BYTES + bytes))).toMatchObject({
        frames: 4,
        endsOnWholeFrame: false,
        frameBytes: 4 * FRAME_BYTES + bytes,
        junkBytes: 0,
        findings: ['cut-frame'],
      })
    },
  )

  it.each([
    ['another byte', [0x00]],
    ['a byte that is nearly half a sync word', [0xfe]],
    ['half a sync word and another byte', [0xff, 0x00]],
    ['the begin of another version', [0xff, 0xf3]],
    ['the begin of another sample rate', [0xff, 0xfb, 0x5c]],
    ['a header with a forbidden bit rate', [0xff, 0xfb, 0xf0, 0x00]],
    ['more than such a header', [0xff, 0xfb, 0xf0, 0x00, 0x00]],
  ])('does not end in a cut frame with %s', (_, bytes) => {
    expect(walkMp3(Buffer.concat([FRAMES, Buffer.from(bytes)]))).toMatchObject({
      ...CLEAN,
      junkBytes: bytes.length,
      findings: ['junk-after-audio'],
    })
  })

  it('has a cut tag if it ends inside one, and its audio is whole', () => {
    const tail = withId3v1(FRAMES).subarray(0, FRAMES.length + 100)
    expect(walkMp3(tail)).toMatchObject({ ...CLEAN, tagBytes: 100, id3v1: false, findings: ['cut-tag'] })
    const head = withId3v2(FRAMES, 5000).subarray(0, 3000)
    expect(walkMp3(head)).toMatchObject({
      tagBytes: 3000,
      id3v2Bytes: 3000,
      findings: ['no-frame', 'cut-tag'],
    })
  })
})

describe('bytes that are no frame', () => {
  it('are junk before, between or after the audio', () => {
    const junk = (...parts: Uint8Array[]): Mp3Report => walkMp3(Buffer.concat(parts))
    expect(junk(HTML, FRAMES)).toMatchObject({
      ...CLEAN,
      junkBytes: HTML.length,
      findings: ['junk-before-audio'],
    })
    expect(junk(FRAMES, HTML)).toMatchObject({
      ...CLEAN,
      junkBytes: HTML.length,
      findings: ['junk-after-audio'],
    })
    expect(junk(FRAMES, HTML, FRAMES)).toMatchObject({
      frames: 10,
      junkBytes: HTML.length,
      findings: ['junk-between-frames'],
    })
  })

  it('are all of an HTML, XML or JSON body', () => {
    for (const text of [HTML.toString(), '<?xml version="1.0"?><Error/>', '{"code":"NotFound"}'])
      expect(walkMp3(Buffer.from(text))).toMatchObject({
        frames: 0,
        junkBytes: text.length,
        findings: ['no-frame'],
      })
  })

  it('do not become a frame by one header among them', () => {
    const page = Buffer.concat([HTML, buildFrame().subarray(0, 4), Buffer.alloc(1000, '<p>')])
    expect(walkMp3(page)).toMatchObject({ frames: 0, junkBytes: page.length, findings: ['no-frame'] })
  })

  it('do not become a frame by two headers of different formats', () => {
    const mp3 = Buffer.concat([buildFrame(), buildFrame({ sampleRateHz: 48_000 }), HTML])
    expect(walkMp3(mp3)).toMatchObject({ frames: 0, findings: ['no-frame'] })
  })

  it('do not become a frame by a header after it that has no bit rate', () => {
    const mp3 = Buffer.concat([buildFrame(), Buffer.from([0xff, 0xfb, 0xf0, 0x00]), HTML])
    expect(walkMp3(mp3)).toMatchObject({ frames: 0, findings: ['no-frame'] })
  })

  it('become frames at the end only in the format of the frames before them', () => {
    expect(walkMp3(Buffer.concat([HTML, buildFrame()]))).toMatchObject({ frames: 0 })
    expect(walkMp3(Buffer.concat([FRAMES, HTML, buildFrame()]))).toMatchObject({ frames: 6 })
    const other = buildFrame({ sampleRateHz: 48_000 })
    expect(walkMp3(Buffer.concat([FRAMES, HTML, other]))).toMatchObject({ frames: 5 })
    expect(walkMp3(Buffer.concat([FRAMES, other]))).toMatchObject({ frames: 6 })
  })

  it('are padding with zeros at the end, and the last frame is whole', () => {
    const mp3 = Buffer.concat([FRAMES, Buffer.alloc(3000)])
    expect(walkMp3(mp3)).toMatchObject({ ...CLEAN, junkBytes: 3000, findings: ['junk-after-audio'] })
  })

  it('are what is left of a frame that lost bytes in the middle, and the frame after it', () => {
    const mp3 = Buffer.concat([FRAMES.subarray(0, FRAME_BYTES + 100), FRAMES.subarray(FRAME_BYTES + 150)])
    expect(walkMp3(mp3)).toMatchObject({
      frames: 4,
      junkBytes: FRAME_BYTES - 50,
      endsOnWholeFrame: true,
      findings: ['junk-between-frames'],
    })
  })

  it('hide no frame whatever stands next to its header', () => {
    const frames = buildFrames(5)
    for (let at = 3; at < frames.length; at += FRAME_BYTES) frames[at] = 0xff
    for (const junk of [[0xff], [0xff, 0xff], [0xff, 0xfb, 0xff], [0xff, 0xfb, 0x50]])
      expect(walkMp3(Buffer.concat([Buffer.alloc(40), Buffer.from(junk), frames]))).toMatchObject({
        ...CLEAN,
        junkBytes: 40 + junk.length,
        findings: ['junk-before-audio'],
      })
  })

  it('hide no frame that follows a false header', () => {
    const mp3 = Buffer.concat([buildFrame({ sampleRateHz: 48_000 }).subarray(0, 10), FRAMES])
    expect(walkMp3(mp3)).toMatchObject({ ...CLEAN, junkBytes: 10, findings: ['junk-before-audio'] })
  })
})

describe('a format that changes', () => {
  it.each([
    ['sample rate', { sampleRateHz: 32_000 }],
    ['version', { mpegVersion: '2', sampleRateHz: 22_050 }],
    ['layer', { layer: 2 }],
    ['channels', { mode: 'mono' }],
  ] as const)('is reported for another %s, and every frame counts', (_, spec) => {
    const others = buildFrames(4, spec)
    expect(walkMp3(Buffer.concat([FRAMES, others]))).toMatchObject({
      frames: 9,
      durationMs: walkMp3(FRAMES).durationMs + walkMp3(others).durationMs,
      sampleRateHz: 44_100,
      channels: 2,
      mpegVersion: '1',
      layer: 3,
      junkBytes: 0,
      findings: ['format-changes'],
    })
  })

  it('makes a variable bit rate only if the bit rate changes too', () => {
    const slower = { sampleRateHz: 32_000 }
    expect(walkMp3(Buffer.concat([FRAMES, buildFrames(2, slower)]))).toMatchObject({ bitRateMode: 'cbr' })
    expect(walkMp3(Buffer.concat([FRAMES, buildFrames(2, { ...slower, bitRateKbps: 128 })]))).toMatchObject({
      bitRateMode: 'vbr',
    })
  })
})
