/** Bytes of one MP3 frame of the sample: MPEG 1 layer III at 32 kHz and 64 kbit/s, which needs no padding. */
export const FRAME_BYTES = 288

/** The nearest size that ends on a whole frame, at least one frame. */
export function toWholeFrames(bytes: number): number {
  return Math.max(1, Math.round(bytes / FRAME_BYTES)) * FRAME_BYTES
}

/**
 * A UUID that tells the cloud how large the recording is: its first eight digits are the size in bytes, its last
 * twelve the index. Version and variant are those of a random UUID.
 */
export function toRecordingId(bytes: number, index: number): string {
  const size = bytes.toString(16).padStart(8, '0')
  if (!Number.isSafeInteger(bytes) || bytes < 0 || size.length > 8)
    throw new RangeError(`${bytes} bytes do not fit into a recording id`)
  return `${size}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`
}

/** The size that {@link toRecordingId} put into an id. */
export function bytesOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16)
}
