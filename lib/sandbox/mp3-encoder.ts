import { createMp3Encoder } from 'wasm-media-encoders'

/** How a recording is encoded. `bitrate` in kbit/s is constant; without it the encoder varies the rate. */
export interface Mp3Format {
  readonly sampleRate: 8000 | 16_000 | 22_050 | 24_000 | 32_000 | 44_100
  readonly channels: 1 | 2
  readonly bitrate?: 16 | 32 | 48 | 64
}

/** Encoded audio that stands on its own: whole frames, `frameEnds[n]` being the offset behind frame n. */
export interface Mp3Run {
  readonly bytes: Uint8Array
  readonly frameEnds: readonly number[]
}

export type Mp3Encoder = (format: Mp3Format, channels: readonly Float32Array[]) => Mp3Run

/**
 * LAME as WebAssembly. Each run starts with an empty bit reservoir, so that runs can be strung together at will; the
 * result depends on the samples alone, because WebAssembly computes the same on every machine.
 */
export async function createEncoder(): Promise<Mp3Encoder> {
  const lame = await createMp3Encoder()
  return (format, channels) => {
    lame.configure({
      channels: format.channels,
      sampleRate: format.sampleRate,
      outputSampleRate: format.sampleRate,
      ...(format.bitrate === undefined ? { vbrQuality: 7 } : { bitrate: format.bitrate }),
    })
    // The encoder owns what it returns and overwrites it at its next call.
    const bytes = Buffer.concat([Uint8Array.from(lame.encode(channels)), Uint8Array.from(lame.finalize())])
    return { bytes, frameEnds: findFrameEnds(bytes) }
  }
}

/** Samples that one frame stands for (ISO 11172-3 and 13818-3, layer III). */
export function samplesPerFrame(format: Mp3Format): number {
  return format.sampleRate >= 32_000 ? 1152 : 576
}

const MPEG1_KBPS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const MPEG2_KBPS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
const MPEG1_HZ = [44_100, 48_000, 32_000]

function findFrameEnds(bytes: Buffer): number[] {
  const ends: number[] = []
  for (let offset = 0; offset < bytes.length;) {
    const header = bytes.readUInt32BE(offset)
    const version = (header >>> 19) & 3
    const mpeg1 = version === 3
    const kbps = (mpeg1 ? MPEG1_KBPS : MPEG2_KBPS)[(header >>> 12) & 15] ?? 0
    const hertz = (MPEG1_HZ[(header >>> 10) & 3] ?? 0) / (mpeg1 ? 1 : version === 2 ? 2 : 4)
    const length = Math.floor(((mpeg1 ? 144_000 : 72_000) * kbps) / hertz) + ((header >>> 9) & 1)
    if (header >>> 21 !== 0x7ff || kbps === 0 || !(offset + length <= bytes.length)) {
      throw new Error(`the MP3 encoder gave no whole frame at byte ${offset} of ${bytes.length}`)
    }
    offset += length
    ends.push(offset)
  }
  return ends
}
