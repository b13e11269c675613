/** Memory of a connection for bytes that are not a body's, or that nobody wants yet. */
export interface Scratch {
  /** Where the next read goes; never empty. */
  room(): Buffer
  /**
   * Says that so many bytes came to the room that was offered last, however much was taken since.
   * @throws Error if they did not fit
   */
  came(bytes: number): void
  /** What came and was not taken yet. */
  readonly bytes: Buffer
  /** Takes from the beginning. */
  take(bytes: number): void
}

/** One read ahead, and what a TLS socket hands over after it was told to stop: what it has deciphered (64 KiB and a record). */
const SCRATCH_BYTES = 192 * 1024
const AHEAD_BYTES = 64 * 1024
/** Node asks for the next room before it knows whether there is a next read; an empty one it would ask for for ever. */
const SPARE = Buffer.alloc(1)

export function createScratch(): Scratch {
  const memory = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
  let from = 0
  let end = 0
  let offered = 0
  return {
    room() {
      memory.copyWithin(0, from, end)
      end -= from
      from = 0
      offered = end
      return offered === SCRATCH_BYTES ? SPARE : memory.subarray(offered, offered + AHEAD_BYTES)
    },
    came(bytes) {
      end = offered + bytes
      if (end > SCRATCH_BYTES) throw new Error('more came than was asked for')
    },
    get bytes() {
      return memory.subarray(from, end)
    },
    take(bytes) {
      from += bytes
    },
  }
}
