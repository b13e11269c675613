import { describe, expect, it } from 'vitest'
import { bitRatesOf, buildFrames, type FrameSpec, sampleRatesOf, walkMp3 } from '../helpers/mp3-files.ts'

const VERSIONS = ['1', '2', '2.5'] as const
const LAYERS = [1, 2, 3] as const

describe('every frame header of ISO/IEC 11172-3, 13818-3 and MPEG 2.5', () => {
  const kinds = VERSIONS.flatMap((mpegVersion) => LAYERS.map((layer) => ({ mpegVersion, layer })))

  it.each(kinds)('is sized and described: MPEG $mpegVersion layer $layer', ({ mpegVersion, layer }) => {
    const samplesPerFrame = layer === 1 ? 384 : layer === 2 || mpegVersion === '1' ? 1152 : 576
    for (const sampleRateHz of sampleRatesOf(mpegVersion)) {
      for (const bitRateKbps of bitRatesOf(mpegVersion, layer).slice(1)) {
        for (const padding of [false, true]) {
          const spec: FrameSpec = { mpegVersion, layer, sampleRateHz, bitRateKbps, padding }
          const mp3 = buildFrames(3, spec)
          expect({ ...spec, ...walkMp3(mp3) }).toMatchObject({
            mpegVersion,
            layer,
            sampleRateHz,
            frames: 3,
            frameBytes: mp3.length,
            durationMs: Math.round((3000 * samplesPerFrame) / sampleRateHz),
            bitRateMode: 'cbr',
            channels: 2,
            padding,
            bitRateKbps: Math.round((mp3.length / 3 / samplesPerFrame) * 0.008 * sampleRateHz),
            findings: [],
          })
        }
      }
    }
  })

  it.each([
    [{ bitRateKbps: 128 }, 417],
    [{ bitRateKbps: 128, padding: true }, 418],
    [{ bitRateKbps: 320, sampleRateHz: 48_000 }, 960],
    [{ mpegVersion: '2', bitRateKbps: 64, sampleRateHz: 16_000 }, 288],
    [{ mpegVersion: '2.5', bitRateKbps: 8, sampleRateHz: 8000 }, 72],
    [{ layer: 2, bitRateKbps: 192, sampleRateHz: 48_000 }, 576],
    [{ layer: 1, bitRateKbps: 384 }, 416],
    [{ layer: 1, bitRateKbps: 384, padding: true }, 420],
    [{ mpegVersion: '2.5', layer: 2, bitRateKbps: 160, sampleRateHz: 8000, padding: true }, 2881],
  ] as const)('has the size that is known for %o: %i bytes', (spec, bytes) => {
    expect(walkMp3(buildFrames(2, { ...spec, bytes }))).toMatchObject({ frames: 2, frameBytes: 2 * bytes })
  })

  it.each([
    ['bit rate index 15', [0xff, 0xfb, 0xf0, 0x00]],
    ['bit rate index 15 and padding', [0xff, 0xfb, 0xf2, 0x00]],
    ['sample rate index 3', [0xff, 0xfb, 0x5c, 0x00]],
    ['the reserved version', [0xff, 0xeb, 0x50, 0x00]],
    ['the reserved layer', [0xff, 0xf9, 0x50, 0x00]],
    ['a sync word one bit short', [0xff, 0xdb, 0x50, 0x00]],
  ])('is not one with %s', (_, header) => {
    const mp3 = buildFrames(3)
    for (let at = 0; at < mp3.length; at += mp3.length / 3) mp3.set(header, at)
    expect(walkMp3(mp3)).toMatchObject({ frames: 0, junkBytes: mp3.length, findings: ['no-frame'] })
  })
})
