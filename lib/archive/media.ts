import { createHash } from 'node:crypto'
import { MediaError, redact } from '../errors.ts'
import { isCutShort } from './duration.ts'
import { createFrameWalk, looksLikeMp3, type Mp3Report } from './mp3.ts'

/** What is known of a body once all of it has passed and been found good. */
export interface MediaFacts {
  readonly bytes: number
  /** SHA-256 of the whole body, lower-case hex. */
  readonly sha256: string
  readonly mp3: Mp3Report
  readonly contentType: string | undefined
}

/** Watches one body from first byte to last. Both methods throw {@link MediaError} as soon as the body can't be evidence. */
export interface MediaWatch {
  /** Looks at the next bytes, which are not kept. */
  update(chunk: Uint8Array): void
  /** To be called once, after the last byte and before anything is committed. */
  finish(): MediaFacts
}

/** Enough to tell markup from audio; the longest look-ahead that {@link looksLikeMp3} asks for. */
const HEAD_BYTES = 16

/**
 * Counts, digests and looks at MP3 frames. A body is refused when it is empty, is markup or JSON, differs in length
 * from what `Content-Length` declared, holds no whole frame, is mostly something else than frames, or (only where no
 * length was declared) ends in the middle of a frame.
 * @param declaredSeconds how long Bird says that the audio is, where nothing else tells that all of it came
 */
export function createMediaWatch(
  declaredBytes: number | undefined,
  contentType: string | undefined,
  declaredSeconds?: number,
): MediaWatch {
  if (declaredBytes === 0) throw new MediaError('empty', 'Content-Length is 0')
  const sha256 = createHash('sha256')
  const walk = createFrameWalk()
  let bytes = 0
  let head: Uint8Array | undefined = new Uint8Array(0)

  const inspectHead = (whole: Uint8Array): void => {
    head = undefined
    if (looksLikeMp3(whole)) return
    if (isMarkup(whole) || !isAudioType(contentType))
      throw new MediaError(
        'not-audio',
        `the body starts like no MP3 and its Content-Type is ${redact(contentType ?? 'missing')}`,
      )
  }

  return {
    update(chunk) {
      bytes += chunk.length
      if (declaredBytes !== undefined && bytes > declaredBytes)
        throw new MediaError(
          'longer-than-declared',
          `at least ${bytes} bytes came, ${declaredBytes} were declared`,
        )
      if (head !== undefined) {
        head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)])
        if (head.length >= HEAD_BYTES) inspectHead(head)
      }
      sha256.update(chunk)
      walk.update(chunk)
    },
    finish() {
      if (bytes === 0) throw new MediaError('empty', 'no byte came')
      if (declaredBytes !== undefined && bytes < declaredBytes)
        throw new MediaError('shorter-than-declared', `${bytes} bytes came, ${declaredBytes} were declared`)
      if (head !== undefined) inspectHead(head)
      const mp3 = walk.finish()
      if (mp3.frames === 0) throw new MediaError('no-frame', `${bytes} bytes without one whole MP3 frame`)
      if (mp3.junkBytes > bytes / 2)
        throw new MediaError('not-audio', `${mp3.junkBytes} of ${bytes} bytes are no MP3`)
      if (declaredBytes === undefined && !mp3.endsOnWholeFrame)
        throw new MediaError('cut-frame', 'no length was declared and the last frame is cut')
      if (declaredSeconds !== undefined && isCutShort(mp3.durationMs, declaredSeconds))
        throw new MediaError(
          'shorter-than-declared',
          `the connection ended after ${Math.round(mp3.durationMs / 1000)} s of audio, Bird declares ${declaredSeconds} s`,
        )
      return { bytes, sha256: sha256.digest('hex'), mp3, contentType }
    },
  }
}

function isAudioType(contentType: string | undefined): boolean {
  return contentType === undefined || /^(?:audio\/|(?:application|binary)\/octet-stream)/i.test(contentType)
}

/** A login page, an XML error or a JSON error: all start with one of these, perhaps after a byte order mark or blanks. */
function isMarkup(head: Uint8Array): boolean {
  return /^(?:\u00ef\u00bb\u00bf)?\s*[<{["]/.test(Buffer.from(head).toString('latin1'))
}
