import { Readable } from 'node:stream'
import { parseBuffer, parseStream } from 'music-metadata'
import { describe, expect, it } from 'vitest'
import { encodeTone, walkMp3, withId3v1, withId3v2, withVbri, withXing } from '../helpers/mp3-files.ts'

// music-metadata stops looking for frames when 163 bytes or fewer are left, and with them it loses short last frames;
// zeros behind the file keep the last frame out of that stretch.
const TAIL = Buffer.alloc(164)

const RATES = [44_100, 48_000, 32_000, 22_050, 24_000, 16_000, 11_025, 12_000, 8000]
const TONES = RATES.flatMap((sampleRateHz) =>
  ([1, 2] as const).flatMap((channels) =>
    [{ bitRateKbps: 64 }, { bitRateKbps: 32 }, { vbrQuality: 2 }, { vbrQuality: 7 }].map((rate) => ({
      sampleRateHz,
      channels,
      ...rate,
    })),
  ),
)

describe('the frame walk agrees with music-metadata', () => {
  it.each(TONES)('on what the encoder made of %o', async (tone) => {
    const mp3 = await encodeTone({ seconds: 1, ...tone })
    await expectAgreement(mp3)
    const samplesPerFrame = tone.sampleRateHz >= 32_000 ? 1152 : 576
    // The encoder's delay and the filling up of the last frame make it up to three frames longer than the tone.
    const { frames, bitRateMode } = walkMp3(mp3)
    expect(frames - tone.sampleRateHz / samplesPerFrame).toSatisfy((more: number) => more > 0 && more < 4)
    expect(bitRateMode).toBe('bitRateKbps' in tone ? 'cbr' : 'vbr')
  })

  const tagged: [string, (mp3: Buffer) => Buffer][] = [
    ['ID3v2.3', (mp3) => withId3v2(mp3, 900)],
    ['ID3v2.4 with a footer', (mp3) => withId3v2(mp3, 900, { version: 4, footer: true })],
    ['ID3v1', (mp3) => withId3v1(mp3)],
    ['ID3v2.3 and ID3v1', (mp3) => withId3v1(withId3v2(mp3, 40))],
    ['zeros before the audio', (mp3) => Buffer.concat([Buffer.alloc(500), mp3])],
    ['text behind the audio', (mp3) => Buffer.concat([mp3, Buffer.from('The connection was lost.')])],
  ]
  it.each(tagged)('on a file with %s', async (_, wrap) => {
    for (const { mp3 } of await examples()) await expectAgreement(wrap(mp3))
  })

  // It counts every frame that it finds, where the walk leaves out the one that holds the header: one more.
  it('on a file with a Xing, Info or VBRI header, but for that frame', async () => {
    for (const { mp3, frames } of await examples()) {
      await expectAgreement(withXing(mp3, { kind: 'Xing', frames }), 1)
      await expectAgreement(withXing(mp3, { kind: 'Info', frames }), 1)
      await expectAgreement(withVbri(mp3, frames), 1)
      await expectAgreement(withId3v1(withId3v2(withXing(mp3, { kind: 'Xing', frames }), 60)), 1)
    }
  })

  // Given the length of a file, it divides by the size of the fourth frame instead of counting. Only where all frames
  // have the same size, that is without padding, is this the same.
  it.each(RATES.filter((rate) => rate % 1000 === 0))(
    'on the duration by file size at %i Hz',
    async (sampleRateHz) => {
      const mp3 = await encodeTone({ seconds: 2, sampleRateHz, channels: 1, bitRateKbps: 32 })
      for (const file of [mp3, withId3v1(withId3v2(mp3, 100))]) {
        const { format } = await parseBuffer(file, { mimeType: 'audio/mpeg' }, { duration: true })
        const report = walkMp3(file)
        expect(report.durationMs).toBe(Math.round((format.duration ?? 0) * 1000))
        expect(report.bitRateKbps * 1000).toBe(format.bitrate)
      }
    },
  )

  it('on which files have an ID3v1 tag', async () => {
    for (const { mp3 } of await examples())
      for (const file of [mp3, withId3v1(mp3), withId3v2(mp3, 30)]) {
        const { native } = await parseBuffer(file, { mimeType: 'audio/mpeg' })
        expect(walkMp3(file).id3v1).toBe('ID3v1' in native)
      }
  })
})

async function examples(): Promise<{ mp3: Buffer; frames: number }[]> {
  const tones = [
    { sampleRateHz: 44_100, channels: 2, vbrQuality: 5 },
    { sampleRateHz: 16_000, channels: 1, bitRateKbps: 32 },
    { sampleRateHz: 8000, channels: 2, bitRateKbps: 64 },
  ] as const
  const files = await Promise.all(tones.map((tone) => encodeTone({ seconds: 1, ...tone })))
  return files.map((mp3) => ({ mp3, frames: walkMp3(mp3).frames }))
}

async function expectAgreement(mp3: Buffer, uncounted = 0): Promise<void> {
  const report = walkMp3(mp3)
  // A stream has no length, so that every frame is counted; with one it would estimate.
  const { format } = await parseStream(
    Readable.from([mp3, TAIL], { objectMode: false }),
    { mimeType: 'audio/mpeg' },
    { duration: true },
  )
  const samplesPerFrame = report.mpegVersion === '1' ? 1152 : 576
  expect({
    frames: report.frames + uncounted,
    sampleRateHz: report.sampleRateHz,
    channels: report.channels,
    codec: ['MPEG', report.mpegVersion, 'Layer', report.layer].join(' '),
  }).toEqual({
    frames: (format.numberOfSamples ?? 0) / samplesPerFrame,
    sampleRateHz: format.sampleRate,
    channels: format.numberOfChannels,
    codec: format.codec,
  })
  const framesMs = (uncounted * samplesPerFrame * 1000) / (report.sampleRateHz ?? 1)
  expect(report.durationMs + framesMs).toBeCloseTo((format.duration ?? 0) * 1000, -0.4)
}
