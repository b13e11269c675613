import {
  bitRateIndex,
  byteAt,
  FORMAT_MASK,
  type FrameFormat,
  HEADER_BYTES,
  LONGEST_FRAME_BYTES,
  paddingBit,
  slotBytes,
  wordAt,
} from './mp3-header.ts'

/** Bytes in which free format shows: two of the longest frames, both padded, and the header after them. */
export const FREE_FORMAT_LOOK_BYTES = 2 * LONGEST_FRAME_BYTES + slotBytes(1) + HEADER_BYTES

/**
 * The format with the size of its free-format frames, of which one begins at the first byte: the distance, found twice
 * in a row, between headers without a bit rate (ISO/IEC 11172-3, 2.4.2.3: the rate is constant, and must be found so).
 * In place of the third header the file may end. Undefined if there is no such distance up to the longest other frame.
 */
export function learnFreeFormat(rest: Uint8Array, format: FrameFormat): FrameFormat | undefined {
  const slot = slotBytes(format.layer)
  const isFree = (at: number): boolean => {
    const other = wordAt(rest, at)
    return (other & FORMAT_MASK) === format.pattern && bitRateIndex(other) === 0
  }
  for (let second = HEADER_BYTES; second <= LONGEST_FRAME_BYTES; second++) {
    if (byteAt(rest, second) !== 0xff || !isFree(second)) continue
    const size = second - paddingBit(wordAt(rest, 0)) * slot
    const third = second + size + paddingBit(wordAt(rest, second)) * slot
    if (third !== rest.length && !isFree(third)) continue
    const sizes = format.sizes.slice()
    sizes[0] = size
    sizes[1] = size + slot
    return { ...format, sizes }
  }
  return undefined
}
