/** Everything that the frames of one MPEG audio stream share. Sizes are in bytes, header included. */
export interface FrameFormat {
  /** Sync word, version, layer and sample rate as they stand in every header of the stream. */
  readonly pattern: number
  readonly mpegVersion: '1' | '2' | '2.5'
  readonly layer: 1 | 2 | 3
  readonly sampleRateHz: number
  readonly samplesPerFrame: number
  /** Bit rates in kbit/s by bit rate index; the first is free format, whose rate no header tells. */
  readonly kbps: readonly number[]
  /** Frame size by bit rate index × 2 + padding bit; 0 where the header does not tell the size. */
  readonly sizes: Uint16Array
}

/** Bytes of a frame header. */
export const HEADER_BYTES = 4

/** The longest frame whose header tells its size: layer II, MPEG 2.5, 160 kbit/s at 8 kHz, padded. */
export const LONGEST_FRAME_BYTES = 2881

/** The bits of a header word that make up a format's pattern. */
export const FORMAT_MASK = 0xfffe0c00 | 0

const SYNC = 0xffe00000
const VERSIONS = [
  { mpegVersion: '1', bits: 3, sampleRatesHz: [44100, 48000, 32000] },
  { mpegVersion: '2', bits: 2, sampleRatesHz: [22050, 24000, 16000] },
  { mpegVersion: '2.5', bits: 0, sampleRatesHz: [11025, 12000, 8000] },
] as const

const LAYER_1 = [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448]
const LAYER_2 = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
const LAYER_3 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const LAYER_1_LOW = [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256]
const LAYERS_2_3_LOW = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]

const LAYERS = [
  { layer: 1, samples: 384, samplesLow: 384, kbps: LAYER_1, kbpsLow: LAYER_1_LOW },
  { layer: 2, samples: 1152, samplesLow: 1152, kbps: LAYER_2, kbpsLow: LAYERS_2_3_LOW },
  { layer: 3, samples: 1152, samplesLow: 576, kbps: LAYER_3, kbpsLow: LAYERS_2_3_LOW },
] as const

const FORMATS: ReadonlyMap<number, FrameFormat> = new Map(
  VERSIONS.flatMap(({ mpegVersion, bits, sampleRatesHz }) =>
    LAYERS.flatMap(({ layer, samples, samplesLow, kbps, kbpsLow }) =>
      sampleRatesHz.map((sampleRateHz, rateIndex) => {
        const pattern = SYNC | (bits << 19) | ((4 - layer) << 17) | (rateIndex << 10)
        const samplesPerFrame = mpegVersion === '1' ? samples : samplesLow
        const rates = mpegVersion === '1' ? kbps : kbpsLow
        const sizes = sizesOf(layer, samplesPerFrame, sampleRateHz, rates)
        return [
          pattern,
          { pattern, mpegVersion, layer, sampleRateHz, samplesPerFrame, kbps: rates, sizes },
        ] as const
      }),
    ),
  ),
)

/** Frame sizes by bit rate index × 2 + padding bit (ISO/IEC 11172-3, 2.4.3.1): whole slots, rounded down. */
function sizesOf(
  layer: FrameFormat['layer'],
  samples: number,
  sampleRateHz: number,
  rates: readonly number[],
): Uint16Array {
  const sizes = new Uint16Array(32)
  const slot = slotBytes(layer)
  for (let index = 1; index < rates.length; index++) {
    const bytes = (samples * (rates[index] ?? 0) * 125) / sampleRateHz
    sizes[2 * index] = Math.floor(bytes / slot) * slot
    sizes[2 * index + 1] = (sizes[2 * index] ?? 0) + slot
  }
  return sizes
}

/** Bytes that the padding bit adds to a frame (ISO/IEC 11172-3, 2.4.2.3). */
export function slotBytes(layer: FrameFormat['layer']): number {
  return layer === 1 ? 4 : 1
}

/** The byte at an index, 0 beyond the end. */
export function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

/** Four bytes as a big-endian, signed 32-bit number: what a frame header is read from. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (byteAt(bytes, at) << 24) |
    (byteAt(bytes, at + 1) << 16) |
    (byteAt(bytes, at + 2) << 8) |
    byteAt(bytes, at + 3)
  )
}

/** The format that a header word belongs to; undefined for reserved values (ISO/IEC 11172-3 and 13818-3, 2.4.2.3). */
export function formatOf(word: number): FrameFormat | undefined {
  return FORMATS.get(word & FORMAT_MASK)
}

/** Size in bytes of the frame that a header of this format begins; 0 for free format and the forbidden bit rate. */
export function frameSize(format: FrameFormat, word: number): number {
  return format.sizes[((word >>> 11) & 0x1e) | paddingBit(word)] ?? 0
}

/** 1 if the frame is one slot longer than its bit rate says. */
export function paddingBit(word: number): number {
  return (word >>> 9) & 1
}

/** The four-bit index of the bit rate; 0 is free format, 15 is forbidden. */
export function bitRateIndex(word: number): number {
  return (word >>> 12) & 15
}

/** 1 for single channel; 2 for stereo, joint stereo and dual channel. */
export function channelsOf(word: number): 1 | 2 {
  return ((word >>> 6) & 3) === 3 ? 1 : 2
}
