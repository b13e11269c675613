import { createHash } from 'node:crypto'
import { createFrameWalk } from '../archive/mp3.ts'

/** What an audio object turned out to be, read from its first to its last byte. */
export interface ReadAudio {
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
  /** Whole MP3 frames. */
  readonly frames: number
}

/**
 * Counts, digests, and walks the MP3 frames of a body as it passes. Unlike the archiver's watch it refuses nothing: whatever
 * lies there is described, so that a report can say what it is instead.
 */
export function createReading(): { update(this: void, chunk: Uint8Array): void; finish(): ReadAudio } {
  const sha256 = createHash('sha256')
  const walk = createFrameWalk()
  let bytes = 0
  return {
    update(chunk) {
      bytes += chunk.length
      sha256.update(chunk)
      walk.update(chunk)
    },
    finish: () => ({ bytes, sha256: sha256.digest('hex'), frames: walk.finish().frames }),
  }
}
