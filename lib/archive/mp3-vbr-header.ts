import { channelsOf, type FrameFormat } from './mp3-header.ts'

/** What the first frame of many files holds instead of audio. `declaredFrames` is undefined if it doesn't say. */
export interface VbrHeader {
  readonly kind: 'Xing' | 'Info' | 'VBRI'
  readonly declaredFrames: number | undefined
}

const VBRI_OFFSET = 36

/**
 * Reads the Xing, Info or VBRI header in a whole layer III frame; undefined if the frame is audio. Xing and Info stand
 * behind the side information (LAME writes no CRC before it, other writers do: both places are looked at) and count
 * the frames if the first flag is set; VBRI stands 32 bytes behind the header (Fraunhofer's layout), its count 14 bytes in.
 */
export function readVbrHeader(frame: Uint8Array, format: FrameFormat, word: number): VbrHeader | undefined {
  if (format.layer !== 3) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const stereo = channelsOf(word) === 2
  const sideInfoBytes = format.mpegVersion === '1' ? (stereo ? 32 : 17) : stereo ? 17 : 9
  for (const at of [4 + sideInfoBytes, 6 + sideInfoBytes]) {
    const kind = nameAt(frame, at)
    if (kind !== 'Xing' && kind !== 'Info') continue
    const counts = frame.length >= at + 12 && (view.getUint32(at + 4) & 1) === 1
    return { kind, declaredFrames: counts ? view.getUint32(at + 8) : undefined }
  }
  if (nameAt(frame, VBRI_OFFSET) !== 'VBRI') return undefined
  const counts = frame.length >= VBRI_OFFSET + 18
  return { kind: 'VBRI', declaredFrames: counts ? view.getUint32(VBRI_OFFSET + 14) : undefined }
}

function nameAt(frame: Uint8Array, at: number): string {
  return String.fromCharCode(...frame.subarray(at, at + 4))
}
