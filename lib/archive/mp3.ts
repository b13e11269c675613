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
import type { Mp3Report } from './mp3-report.ts'
import {
  couldBeHeader,
  isFollowedUp,
  LONGEST_LOOK_BYTES,
  nextPossibleBeginning,
  whatBegins,
} from './mp3-sync.ts'
import { ID3V2_HEADER_BYTES, readId3v2Size, type TagName } from './mp3-tags.ts'
import { createTally } from './mp3-tally.ts'
import { readVbrHeader } from './mp3-vbr-header.ts'

export type { Mp3Report } from './mp3-report.ts'

/** Watches an MP3 as its bytes pass. */
export interface FrameWalk {
  /** The next bytes, as many as there happen to be. They are not kept, and may be overwritten afterwards. */
  update(chunk: Uint8Array): void
  /** Says what it was; call it once, after the last byte. */
  finish(): Mp3Report
}

/** What has begun and goes on beyond the bytes at hand; a frame is known by its header word. */
type Open =
  | { readonly is: 'frame'; readonly bytes: number; readonly word: number; readonly format: FrameFormat }
  | { readonly is: 'tag'; readonly bytes: number; readonly name: TagName }

/**
 * A walk from frame header to frame header (ISO/IEC 11172-3 and 13818-3, and MPEG 2.5) that does not look at the audio
 * between them. Chunks of any size give the same report, and no more than two frames' worth of bytes is kept, however
 * long the file. Any bytes will do: what is neither frame nor tag counts as junk, nothing throws.
 */
export function createFrameWalk(): FrameWalk {
  const tally = createTally()
  // The undecided bytes between two chunks, and how many it takes to decide something.
  const held = new Uint8Array(LONGEST_LOOK_BYTES)
  let heldBytes = 0
  let wantedBytes = 0
  let open: Open | undefined
  let missingBytes = 0
  let format: FrameFormat | undefined
  // A frame or a tag has just ended at the present byte, or the file begins: false in the midst of junk.
  let expected = true

  /** Reads as far as the bytes decide anything; gives the index of the first undecided one. */
  function read(bytes: Uint8Array, from: number, end: number, final: boolean): number {
    let at = from
    while (at < end) {
      if (open !== undefined) {
        at = passOpen(open, at, end)
        continue
      }
      const begin = at
      if (expected && format !== undefined) at = passFrames(format, bytes, at, end)
      if (at > begin) continue
      const rest = bytes.subarray(at, end)
      if (final && expected && format !== undefined && couldBeHeader(rest, format)) {
        tally.cutFrame(rest.length)
        return end
      }
      const beginning = whatBegins(rest, { format, expected, final })
      if (beginning.is === 'undecided') {
        wantedBytes = beginning.wanted
        return at
      }
      if (beginning.is === 'junk') {
        at = nextPossibleBeginning(bytes, at + 1, end)
        tally.junk(at - begin)
        expected = false
      } else if (beginning.is === 'tag') {
        open = beginning
        missingBytes = beginning.bytes
      } else {
        at += passVbrHeader(rest, beginning.format)
        format = beginning.format
        expected = true
      }
    }
    return at
  }

  function passOpen(passing: Open, at: number, end: number): number {
    const passed = Math.min(missingBytes, end - at)
    missingBytes -= passed
    if (missingBytes > 0) return end
    if (passing.is === 'tag') tally.tag(passing.name, passing.bytes, false)
    else tally.audio({ ...passing, frames: 1, rates: rateBit(passing.word), modes: modeBit(passing.word) })
    open = undefined
    expected = true
    return at + passed
  }

  /** The bytes of a VBR header's frame, which only the first frame of a file can be. */
  function passVbrHeader(rest: Uint8Array, first: FrameFormat): number {
    if (format !== undefined) return 0
    const word = wordAt(rest, 0)
    const size = frameSize(first, word)
    const header = readVbrHeader(rest.subarray(0, size), first, word)
    if (header === undefined) return 0
    tally.vbrFrame(header, size)
    return size
  }

  /** The loop that nearly all bytes pass through: jumps over frames of the present format while they follow each other. */
  function passFrames(known: FrameFormat, bytes: Uint8Array, from: number, end: number): number {
    let at = from
    let frames = 0
    let rates = 0
    let modes = 0
    while (end - at >= HEADER_BYTES) {
      const word = wordAt(bytes, at)
      const size = (word & FORMAT_MASK) === known.pattern ? frameSize(known, word) : 0
      if (size === 0) break
      if (size > end - at) {
        open = { is: 'frame', bytes: size, word, format: known }
        missingBytes = size - (end - at)
        break
      }
      frames += 1
      rates |= rateBit(word)
      modes |= modeBit(word)
      at += size
    }
    if (frames > 0)
      tally.audio({ format: known, word: wordAt(bytes, from), frames, bytes: at - from, rates, modes })
    return open === undefined ? at : end
  }

  return {
    update(chunk) {
      let at = 0
      while (heldBytes > 0 && at < chunk.length) {
        const before = heldBytes
        const more = chunk.subarray(at, at + wantedBytes - before)
        held.set(more, before)
        heldBytes += more.length
        if (heldBytes < wantedBytes) return
        const done = read(held, 0, heldBytes, false)
        // What is still undecided is read in place as soon as all of it lies in this chunk.
        const inPlace = done >= before
        at += inPlace ? done - before : more.length
        held.copyWithin(0, done, heldBytes)
        heldBytes = inPlace ? 0 : heldBytes - done
      }
      const rest = chunk.subarray(read(chunk, at, chunk.length, false))
      held.set(rest, heldBytes)
      heldBytes += rest.length
    },
    finish() {
      read(held, 0, heldBytes, true)
      const present = open === undefined ? 0 : open.bytes - missingBytes
      if (open?.is === 'tag') tally.tag(open.name, present, true)
      if (open?.is === 'frame') tally.cutFrame(present)
      return tally.report()
    },
  }
}

/**
 * Whether a file that begins like this can be an MP3: an ID3v2 tag or a frame header, and if there are bytes enough also
 * what confirms the frame. Four bytes will do; 4,096 hold any frame and what follows it. Text, HTML, XML and JSON never look like one.
 */
export function looksLikeMp3(firstBytes: Uint8Array): boolean {
  if (firstBytes.length < HEADER_BYTES) return false
  // Zeros instead of what is not there yet are right in every place of an ID3v2 header behind its version.
  const head = new Uint8Array(ID3V2_HEADER_BYTES)
  head.set(firstBytes.subarray(0, ID3V2_HEADER_BYTES))
  if (readId3v2Size(head) !== undefined) return true
  const word = wordAt(firstBytes, 0)
  const format = formatOf(word)
  const size = format === undefined ? 0 : frameSize(format, word)
  if (format === undefined || (size === 0 && bitRateIndex(word) !== 0)) return false
  if (size > 0 && firstBytes.length >= size + HEADER_BYTES) return isFollowedUp(firstBytes, size, format)
  // UTF-16's byte order mark is also a frame's sync word, of a layer that no recorder writes.
  return byteAt(firstBytes, 1) !== 0xfe
}

function rateBit(word: number): number {
  return 1 << bitRateIndex(word)
}

function modeBit(word: number): number {
  return 1 << ((word >>> 6) & 3)
}
