import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  buildFrame,
  buildFrames,
  encodeTone,
  walkMp3,
  withApe,
  withId3v1,
  withId3v1Extended,
  withId3v2,
  withVbri,
  withXing,
} from '../helpers/mp3-files.ts'

const constant = await encodeTone({ seconds: 0.6, sampleRateHz: 16_000, channels: 1, bitRateKbps: 32 })
const variable = await encodeTone({ seconds: 0.6, sampleRateHz: 44_100, channels: 2, vbrQuality: 6 })

/** Pieces that files of this test consist of, alone and joined in any order. */
const PIECES: Uint8Array[] = [
  constant,
  variable,
  withXing(variable, { kind: 'Xing', frames: 26 }),
  withVbri(constant, 19),
  withId3v2(constant, 700, { version: 4, footer: true }),
  withId3v1(withId3v2(variable, 3)),
  withId3v1Extended(constant),
  withApe(constant, 90),
  buildFrames(4, { layer: 2, bitRateKbps: 160, mpegVersion: '2.5', sampleRateHz: 8000, padding: true }),
  buildFrames(4, { layer: 1 }),
  buildFrames(4, { bitRateKbps: 0, bytes: 700 }),
  Buffer.alloc(1500),
  Buffer.from('<html>TAG ID3 APETAGEX</html>'),
  variable.subarray(57, 400),
  Buffer.alloc(40, 0xff),
]

const file = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 4 }).chain((pieces) => {
  const whole = Buffer.concat(pieces)
  return fc
    .nat(whole.length)
    .map((missing) => whole.subarray(0, whole.length - (missing % 3 === 0 ? 0 : missing)))
})

/** Bytes that headers and tags are made of come often, and sometimes whole headers. */
const garbage = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        [0xff],
        [0xff, 0xfb],
        [0xff, 0xfb, 0x10, 0xc4],
        [0xff, 0xfb, 0x00, 0x00],
        [0xff, 0xe3, 0x18, 0xc4],
      ),
      fc.constantFrom(
        ...['TAG', 'TAG+', 'ID3', 'ID3\x03\0\0\0\0\0\x7f', 'APETAGEX', 'Xing'].map((text) => [
          ...Buffer.from(text),
        ]),
      ),
      fc.array(fc.nat(255), { maxLength: 40 }),
      fc.nat(300).map((length) => Array.from({ length }, () => 0)),
    ),
    { maxLength: 60 },
  )
  .map((parts) => Uint8Array.from(parts.flat()))

function cutsOf(length: number): fc.Arbitrary<number[]> {
  return fc.array(fc.nat(length), { maxLength: 30 }).map((cuts) => cuts.toSorted((a, b) => a - b))
}

describe('the frame walk, whatever the bytes and the chunks', () => {
  it('gives the same report for every split of a file', () => {
    const split = file.chain((mp3) => fc.tuple(fc.constant(mp3), cutsOf(mp3.length)))
    fc.assert(
      fc.property(split, ([mp3, cuts]) => {
        expect(walkMp3(mp3, cuts)).toEqual(walkMp3(mp3))
      }),
      { numRuns: 400 },
    )
  })

  it.each([1, 2, 3, 7, 31, 32, 33, 229, 230, 231])('gives the same report for chunks of %i bytes', (size) => {
    for (const mp3 of [...PIECES, Buffer.concat(PIECES)]) {
      const cuts = Array.from({ length: Math.floor(mp3.length / size) }, (_, index) => (index + 1) * size)
      expect(walkMp3(mp3, cuts)).toEqual(walkMp3(mp3))
    }
  })

  it('gives the same report wherever the longest free-format frames are cut in two', () => {
    const spec = { layer: 1, bitRateKbps: 0 } as const
    const [plain, padded] = [
      buildFrame({ ...spec, bytes: 2881 }),
      buildFrame({ ...spec, bytes: 2885, padding: true }),
    ]
    const mp3 = Buffer.concat([plain, padded, plain, plain])
    expect(walkMp3(mp3)).toMatchObject({ frames: 4, junkBytes: 0 })
    for (let cut = 5700; cut < 5800; cut++) expect(walkMp3(mp3, [cut])).toEqual(walkMp3(mp3))
  })

  it('says the same of garbage in any chunks, and accounts for every byte', () => {
    const split = fc.oneof(garbage, file).chain((bytes) => fc.tuple(fc.constant(bytes), cutsOf(bytes.length)))
    fc.assert(
      fc.property(split, ([bytes, cuts]) => {
        const report = walkMp3(bytes, cuts)
        expect(report).toEqual(walkMp3(bytes))
        expect(report.frameBytes + report.tagBytes + report.junkBytes).toBe(bytes.length)
        expect(report.frames === 0).toBe(report.findings.includes('no-frame'))
        expect(report.endsOnWholeFrame).toBe(report.frames > 0 && !report.findings.includes('cut-frame'))
      }),
      { numRuns: 600 },
    )
  })

  it('finds no frame in random bytes', () => {
    const random = fc.uint8Array({ minLength: 4000, maxLength: 4000 })
    fc.assert(
      fc.property(random, (bytes) => {
        expect(walkMp3(bytes)).toMatchObject({ frames: 0, endsOnWholeFrame: false })
      }),
      { numRuns: 100, seed: 7 },
    )
  })

  it('notices that a file breaks off, at every byte of it', () => {
    for (const mp3 of [constant, variable, withXing(variable, { kind: 'Xing', frames: 26 })]) {
      const whole = walkMp3(mp3)
      expect(whole).toMatchObject({ endsOnWholeFrame: true, junkBytes: 0 })
      const clean: number[] = []
      for (let length = 0; length < mp3.length; length++) {
        const { frames, endsOnWholeFrame } = walkMp3(mp3.subarray(0, length))
        expect(frames, `broken off at ${length} of ${mp3.length}`).toBeLessThan(whole.frames)
        if (endsOnWholeFrame) clean.push(frames)
      }
      // Only the borders between two frames look like an end, each once.
      expect(clean).toEqual(Array.from({ length: whole.frames - 1 }, (_, index) => index + 1))
    }
  })

  it('counts the frames of joined files one by one', () => {
    const whole = fc.constantFrom(constant, variable, PIECES[5]!, PIECES[8]!, PIECES[9]!)
    fc.assert(
      fc.property(fc.array(whole, { minLength: 1, maxLength: 5 }), (files) => {
        const reports = files.map((mp3) => walkMp3(mp3))
        const sum = reports.reduce((total, { frames }) => total + frames, 0)
        expect(walkMp3(Buffer.concat(files))).toMatchObject({
          frames: sum,
          junkBytes: 0,
          endsOnWholeFrame: true,
        })
      }),
    )
  })
})
