import { describe, expect, it } from 'vitest'
import { buildFrames, withVbri, withXing, walkMp3 } from '../helpers/mp3-files.ts'

const FRAMES = buildFrames(5)
const CLEAN = { frames: 5, frameBytes: FRAMES.length, endsOnWholeFrame: true, junkBytes: 0, findings: [] }

describe('a VBR header frame', () => {
  const formats = [
    { mpegVersion: '1', mode: 'stereo' },
    { mpegVersion: '1', mode: 'mono' },
    { mpegVersion: '2', mode: 'joint' },
    { mpegVersion: '2', mode: 'mono' },
    { mpegVersion: '2.5', mode: 'dual' },
    { mpegVersion: '2.5', mode: 'mono' },
  ] as const

  it.each(formats)('is read and not counted as audio: MPEG $mpegVersion, $mode', (spec) => {
    const audio = buildFrames(5, { ...spec, bitRateKbps: 32 })
    for (const kind of ['Xing', 'Info'] as const)
      for (const crc of [false, true]) {
        const mp3 = withXing(audio, { kind, frames: 5, crc })
        expect(walkMp3(mp3)).toEqual({
          ...walkMp3(audio),
          vbrHeader: kind,
          declaredFrames: 5,
          frameBytes: mp3.length,
        })
      }
    const mp3 = withVbri(audio, 5)
    expect(walkMp3(mp3)).toEqual({
      ...walkMp3(audio),
      vbrHeader: 'VBRI',
      declaredFrames: 5,
      frameBytes: mp3.length,
    })
  })

  it('that says another number than was counted is a finding', () => {
    const wrong = { declaredFrames: 6, frames: 5, findings: ['frame-count-differs'] }
    expect(walkMp3(withXing(FRAMES, { kind: 'Info', frames: 6 }))).toMatchObject(wrong)
    expect(walkMp3(withVbri(FRAMES, 6))).toMatchObject(wrong)
  })

  it('need not say a number', () => {
    expect(walkMp3(withXing(FRAMES, { kind: 'Xing', frames: undefined }))).toMatchObject({
      ...CLEAN,
      frameBytes: expect.any(Number) as number,
      vbrHeader: 'Xing',
      declaredFrames: undefined,
    })
  })

  it('alone is no audio', () => {
    const header = withXing(FRAMES, { kind: 'Info', frames: 5 }).subarray(0, -FRAMES.length)
    expect(walkMp3(header)).toMatchObject({
      frames: 0,
      bitRateMode: undefined,
      endsOnWholeFrame: false,
      junkBytes: 0,
      findings: ['no-frame', 'frame-count-differs'],
    })
  })

  it('before nothing but a cut frame is no audio either', () => {
    const mp3 = withXing(FRAMES, { kind: 'Info', frames: 5 })
    const cut = mp3.subarray(0, mp3.length - FRAMES.length + 10)
    expect(walkMp3(cut)).toMatchObject({
      frames: 0,
      sampleRateHz: undefined,
      channels: undefined,
      frameBytes: cut.length,
      findings: ['no-frame', 'cut-frame', 'frame-count-differs'],
    })
  })

  it('longer than all the audio does not hide that junk follows', () => {
    const mp3 = withXing(buildFrames(1, { bitRateKbps: 32 }), { kind: 'Info', frames: 1 })
    expect(walkMp3(Buffer.concat([mp3, Buffer.alloc(50)]))).toMatchObject({
      frames: 1,
      junkBytes: 50,
      findings: ['junk-after-audio'],
    })
  })

  it('in a frame too short for the number is still one', () => {
    const short = { mpegVersion: '2', sampleRateHz: 24_000, bitRateKbps: 8, mode: 'mono' } as const
    const xing = buildFrames(2, short)
    xing.write('Xing\0\0\0\x01', 13, 'latin1')
    expect(walkMp3(xing)).toMatchObject({ frames: 1, vbrHeader: 'Xing', declaredFrames: undefined })
    const justLongEnough = buildFrames(2, { ...short, padding: true })
    justLongEnough.write('Xing\0\0\0\x01\0\0\0\x01', 13, 'latin1')
    expect(walkMp3(justLongEnough)).toMatchObject({ frames: 1, vbrHeader: 'Xing', declaredFrames: 1 })
    const vbri = buildFrames(2, { mpegVersion: '2', bitRateKbps: 16, padding: true })
    vbri.write('VBRI', 36, 'latin1')
    expect(walkMp3(vbri)).toMatchObject({ frames: 1, vbrHeader: 'VBRI', declaredFrames: undefined })
  })

  it('in the middle of a file counts as the silent frame that players make of it', () => {
    const mp3 = Buffer.concat([FRAMES, withXing(FRAMES, { kind: 'Info', frames: 5 })])
    expect(walkMp3(mp3)).toMatchObject({ frames: 11, vbrHeader: undefined, findings: [] })
  })

  it('is audio in layer II, whatever its bytes say', () => {
    const mp3 = buildFrames(3, { layer: 2 })
    mp3.write('Xing', 36, 'latin1')
    expect(walkMp3(mp3)).toMatchObject({ frames: 3, vbrHeader: undefined })
  })
})
