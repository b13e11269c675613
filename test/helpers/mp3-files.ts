import { createMp3Encoder } from 'wasm-media-encoders'
import { createFrameWalk, type Mp3Report } from '../../lib/archive/mp3.ts'

type Encoder = Awaited<ReturnType<typeof createMp3Encoder>>
type EncoderOptions = Parameters<Encoder['configure']>[0]

/** What a synthetic frame's header says. Defaults: MPEG 1 layer III, 64 kbit/s, 44.1 kHz, stereo, no padding, no CRC. */
export interface FrameSpec {
  readonly mpegVersion?: '1' | '2' | '2.5'
  readonly layer?: 1 | 2 | 3
  /** 0 is free format; then `bytes` says the size. */
  readonly bitRateKbps?: number
  readonly sampleRateHz?: number
  readonly mode?: 'stereo' | 'joint' | 'dual' | 'mono'
  readonly padding?: boolean
  readonly crc?: boolean
  readonly bytes?: number
}

const VERSION_BITS = { '1': 3, '2': 2, '2.5': 0 }
const MODE_BITS = { stereo: 0, joint: 1, dual: 2, mono: 3 }
const TOP_RATES_HZ = [44_100, 48_000, 32_000]
const RATE_DIVISORS = { '1': 1, '2': 2, '2.5': 4 }

/** Sample rates of an MPEG version, in the order of their index. */
export function sampleRatesOf(mpegVersion: '1' | '2' | '2.5'): number[] {
  return TOP_RATES_HZ.map((rate) => rate / RATE_DIVISORS[mpegVersion])
}

/** Bit rates in kbit/s by their index, free format first: the table of ISO/IEC 11172-3 and 13818-3, 2.4.2.3. */
export function bitRatesOf(mpegVersion: '1' | '2' | '2.5', layer: 1 | 2 | 3): number[] {
  const table =
    mpegVersion === '1'
      ? {
          1: '32 64 96 128 160 192 224 256 288 320 352 384 416 448',
          2: '32 48 56 64 80 96 112 128 160 192 224 256 320 384',
          3: '32 40 48 56 64 80 96 112 128 160 192 224 256 320',
        }
      : {
          1: '32 48 56 64 80 96 112 128 144 160 176 192 224 256',
          2: '8 16 24 32 40 48 56 64 80 96 112 128 144 160',
          3: '8 16 24 32 40 48 56 64 80 96 112 128 144 160',
        }
  return [0, ...table[layer].split(' ').map(Number)]
}

/** One frame with a true header and zeros for audio. */
export function buildFrame(spec: FrameSpec = {}): Buffer {
  const {
    mpegVersion = '1',
    layer = 3,
    bitRateKbps = 64,
    mode = 'stereo',
    padding = false,
    crc = false,
  } = spec
  const { sampleRateHz = sampleRatesOf(mpegVersion)[0] ?? 0 } = spec
  const frame = Buffer.alloc(spec.bytes ?? sizeOf(mpegVersion, layer, bitRateKbps, sampleRateHz, padding))
  frame[0] = 0xff
  frame[1] = 0xe0 | (VERSION_BITS[mpegVersion] << 3) | ((4 - layer) << 1) | (crc ? 0 : 1)
  const rateIndex = sampleRatesOf(mpegVersion).indexOf(sampleRateHz)
  frame[2] = (bitRatesOf(mpegVersion, layer).indexOf(bitRateKbps) << 4) | (rateIndex << 2) | (padding ? 2 : 0)
  frame[3] = MODE_BITS[mode] << 6
  return frame
}

/** A file of equal synthetic frames. */
export function buildFrames(count: number, spec: FrameSpec = {}): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => buildFrame(spec)))
}

function sizeOf(
  mpegVersion: string,
  layer: number,
  kbps: number,
  sampleRateHz: number,
  padding: boolean,
): number {
  const pad = padding ? 1 : 0
  if (layer === 1) return (Math.floor((12_000 * kbps) / sampleRateHz) + pad) * 4
  const factor = layer === 3 && mpegVersion !== '1' ? 72_000 : 144_000
  return Math.floor((factor * kbps) / sampleRateHz) + pad
}

let encoder: Promise<Encoder> | undefined

/**
 * A tone with a little noise, encoded by LAME: constant bit rate if `bitRateKbps` is given, else variable with
 * `vbrQuality` (0 best to 9.999, 4 if not given). The same arguments give the same bytes. LAME writes no header frame here.
 */
export async function encodeTone(tone: {
  seconds: number
  sampleRateHz: number
  channels: 1 | 2
  bitRateKbps?: number
  vbrQuality?: number
  seed?: number
}): Promise<Buffer> {
  const { seconds, sampleRateHz, channels, bitRateKbps, vbrQuality = 4, seed = 1 } = tone
  encoder ??= createMp3Encoder()
  const lame = await encoder
  lame.configure({
    sampleRate: sampleRateHz,
    outputSampleRate: sampleRateHz,
    channels,
    ...(bitRateKbps === undefined ? { vbrQuality } : { bitrate: bitRateKbps }),
  } as EncoderOptions)
  const samples = makeTone(Math.round(seconds * sampleRateHz), sampleRateHz, seed)
  const sides = channels === 1 ? [samples] : [samples, samples.map((sample) => -sample / 2)]
  // What the encoder returns is its own and overwritten by the next call.
  const body = Buffer.from(lame.encode(sides))
  return Buffer.concat([body, Buffer.from(lame.finalize())])
}

function makeTone(length: number, sampleRateHz: number, seed: number): Float32Array {
  const hertz = 200 + (seed % 37) * 20
  let noise = (seed * 2_654_435_761) >>> 0 || 1
  return Float32Array.from({ length }, (_, index) => {
    noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0
    // Loud and soft by turns, so that a variable bit rate does vary.
    const loudness = Math.floor((index * 4) / sampleRateHz) % 2 === 0 ? 0.5 : 0.02
    return (
      loudness * Math.sin((2 * Math.PI * hertz * index) / sampleRateHz) +
      (noise / 2 ** 32 - 0.5) * loudness * 0.2
    )
  })
}

/** An ID3v2 tag with a body of `bytes` bytes before the file; a footer is for version 4 only. */
export function withId3v2(mp3: Uint8Array, bytes: number, { version = 3, footer = false } = {}): Buffer {
  const size = [21, 14, 7, 0].map((shift) => (bytes >>> shift) & 0x7f)
  const ends = (name: string): Buffer =>
    Buffer.from([...Buffer.from(name), version, 0, footer ? 0x10 : 0, ...size])
  return Buffer.concat([ends('ID3'), Buffer.alloc(bytes), footer ? ends('3DI') : Buffer.alloc(0), mp3])
}

/** An ID3v1 tag of 128 bytes behind the file. */
export function withId3v1(mp3: Uint8Array, title = 'A call'): Buffer {
  const tag = Buffer.alloc(128)
  tag.write(`TAG${title}`, 'latin1')
  return Buffer.concat([mp3, tag])
}

/** The extension 'TAG+' of 227 bytes and the ID3v1 tag that it extends. */
export function withId3v1Extended(mp3: Uint8Array): Buffer {
  const extension = Buffer.alloc(227)
  extension.write('TAG+A call', 'latin1')
  return withId3v1(Buffer.concat([mp3, extension]))
}

/** An APEv2 tag behind the file: header unless left out, `bytes` bytes of items, footer. */
export function withApe(mp3: Uint8Array, bytes: number, { header = true } = {}): Buffer {
  const end = (flags: number): Buffer => {
    const block = Buffer.alloc(32)
    block.write('APETAGEX', 'latin1')
    block.writeUInt32LE(2000, 8)
    block.writeUInt32LE(bytes + 32, 12)
    block.writeUInt32LE(flags, 20)
    return block
  }
  const head = header ? end(0xa000_0000) : Buffer.alloc(0)
  return Buffer.concat([mp3, head, Buffer.alloc(bytes), end(header ? 0x8000_0000 : 0)])
}

/**
 * A Xing or Info header frame before the first frame, in the layout that LAME gives it; `frames: undefined` leaves the
 * count out. `crc` puts it two bytes further on, behind a CRC.
 */
export function withXing(
  mp3: Uint8Array,
  { kind, frames, crc = false }: { kind: 'Xing' | 'Info'; frames: number | undefined; crc?: boolean },
): Buffer {
  const frame = headerFrameFor(mp3)
  const isMono = (frame[3] ?? 0) >>> 6 === 3
  const isMpeg1 = ((frame[1] ?? 0) & 0x18) === 0x18
  const sideInfoBytes = isMpeg1 ? (isMono ? 17 : 32) : isMono ? 9 : 17
  const at = 4 + (crc ? 2 : 0) + sideInfoBytes
  if (crc) frame[1] = (frame[1] ?? 0) & 0xfe
  frame.write(kind, at, 'latin1')
  frame.writeUInt32BE(frames === undefined ? 0 : 1, at + 4)
  frame.writeUInt32BE(frames ?? 0, at + 8)
  return Buffer.concat([frame, mp3])
}

/** A VBRI header frame as Fraunhofer's encoder writes it. */
export function withVbri(mp3: Uint8Array, frames: number): Buffer {
  const frame = headerFrameFor(mp3)
  frame.write('VBRI', 36, 'latin1')
  frame.writeUInt16BE(1, 40)
  frame.writeUInt32BE(frame.length + mp3.length, 46)
  frame.writeUInt32BE(frames, 50)
  return Buffer.concat([frame, mp3])
}

/** A frame of zeros in the format of the file's first one, without CRC and long enough for any header. */
function headerFrameFor(mp3: Uint8Array): Buffer {
  const [, second = 0, third = 0, fourth = 0] = mp3
  const version = (['2.5', undefined, '2', '1'] as const)[(second >>> 3) & 3] ?? '1'
  const sampleRateHz = sampleRatesOf(version)[(third >>> 2) & 3] ?? 0
  const mode = (['stereo', 'joint', 'dual', 'mono'] as const)[fourth >>> 6] ?? 'stereo'
  for (const bitRateKbps of bitRatesOf(version, 3).slice(1)) {
    const frame = buildFrame({ mpegVersion: version, sampleRateHz, bitRateKbps, mode })
    if (frame.length >= 160) return frame
  }
  throw new Error('no frame of this format is long enough')
}

/** What the walk says of a file that it is given in chunks that end at `cuts`, which are sorted; in one chunk without. */
export function walkMp3(mp3: Uint8Array, cuts: readonly number[] = []): Mp3Report {
  const frameWalk = createFrameWalk()
  let from = 0
  for (const cut of [...cuts, mp3.length]) {
    // A copy that is overwritten at once: the walk must not need a chunk any more when its update has returned.
    const chunk = Uint8Array.from(mp3.subarray(from, cut))
    frameWalk.update(chunk)
    chunk.fill(0xff)
    from = cut
  }
  return frameWalk.finish()
}
