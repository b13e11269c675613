import { FREE_FORMAT_LOOK_BYTES, learnFreeFormat } from './mp3-free-format.ts'
import {
  bitRateIndex,
  byteAt,
  FORMAT_MASK,
  formatOf,
  type FrameFormat,
  frameSize,
  HEADER_BYTES,
  wordAt,
} from './mp3-header.ts'
import { startsLikeTag, TAG_HEAD_BYTES, tagAtStart, type TagLook } from './mp3-tags.ts'

/** No decision needs more bytes than this. */
export const LONGEST_LOOK_BYTES = FREE_FORMAT_LOOK_BYTES

const LETTER_A = 0x41
const LETTER_I = 0x49
const LETTER_T = 0x54

/** What the next bytes of a file are, as far as they tell. */
export type Beginning =
  | { readonly is: 'frame'; readonly format: FrameFormat }
  | { readonly is: 'junk' }
  | TagLook

/** Where `rest` lies in the file. */
export interface Place {
  /** The format of the frames before, if any. */
  readonly format: FrameFormat | undefined
  /** A frame or a tag has just ended here, or the file begins here. */
  readonly expected: boolean
  /** Nothing comes after `rest`. */
  readonly final: boolean
}

/**
 * Says what begins at the first byte of `rest`. A frame counts only if a header of the same format, a tag or the end
 * of the file follows where its own header says: a lone header among other bytes is chance, and that happens every few
 * thousand bytes. `undecided` never wants more than `LONGEST_LOOK_BYTES`, and never comes when `final`.
 */
export function whatBegins(rest: Uint8Array, place: Place): Beginning {
  const { format, final } = place
  if (!final && rest.length < TAG_HEAD_BYTES) return { is: 'undecided', wanted: TAG_HEAD_BYTES }
  const tag = tagAtStart(rest, place.expected, final)
  if (tag !== undefined) return tag
  if (rest.length < HEADER_BYTES) return { is: 'junk' }
  const word = wordAt(rest, 0)
  const candidate = format?.pattern === (word & FORMAT_MASK) ? format : formatOf(word)
  if (candidate === undefined) return { is: 'junk' }
  const size = frameSize(candidate, word)
  if (size > 0) return sizedFrame(rest, size, candidate, place)
  // Only where a frame is expected: the search is long, and finds too much among random bytes.
  if (!place.expected || bitRateIndex(word) !== 0) return { is: 'junk' }
  if (!final && rest.length < FREE_FORMAT_LOOK_BYTES)
    return { is: 'undecided', wanted: FREE_FORMAT_LOOK_BYTES }
  const free = learnFreeFormat(rest, candidate)
  return free === undefined ? { is: 'junk' } : { is: 'frame', format: free }
}

function sizedFrame(rest: Uint8Array, size: number, candidate: FrameFormat, place: Place): Beginning {
  const wanted = size + HEADER_BYTES
  if (!place.final && rest.length < wanted) return { is: 'undecided', wanted }
  // Among junk before any frame, that the file ends here is too weak a sign: any false header can hit its end.
  const isByChance = rest.length === size && !place.expected && candidate !== place.format
  return isFollowedUp(rest, size, candidate) && !isByChance
    ? { is: 'frame', format: candidate }
    : { is: 'junk' }
}

/** Whether the bytes can be the first one to three of a header of this format. */
export function couldBeHeader(bytes: Uint8Array, format: FrameFormat): boolean {
  const mask = FORMAT_MASK & (-1 << (32 - 8 * bytes.length))
  return bytes.length < HEADER_BYTES && (wordAt(bytes, 0) & mask) === (format.pattern & mask)
}

/**
 * The first index from `from` at which a frame or a tag can begin by its first three bytes; the last two before `end`
 * always can, for all that is known.
 */
export function nextPossibleBeginning(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end - 2; at++) {
    switch (bytes[at]) {
      case 0xff:
        if (formatOf(wordAt(bytes, at)) !== undefined && byteAt(bytes, at + 2) < 0xf0) return at
        break
      case LETTER_A:
      case LETTER_I:
      case LETTER_T:
        if (startsLikeTag(bytes, at)) return at
        break
      default:
    }
  }
  return Math.max(from, end - 2)
}

/** Whether what stands behind a frame of this size and format confirms it: the end of `rest`, a tag, a header like it. */
export function isFollowedUp(rest: Uint8Array, size: number, format: FrameFormat): boolean {
  if (rest.length === size || startsLikeTag(rest, size)) return true
  const next = wordAt(rest, size)
  return (next & FORMAT_MASK) === format.pattern && frameSize(format, next) > 0
}
