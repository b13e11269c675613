import type { Landing } from '../../lib/landing.ts'

/** A landing that keeps all that landed where it landed, and notes whatever a sender must not do. */
export interface Collector extends Landing {
  /** All that landed, as it lies there now. */
  body(): Buffer
  /** How often something landed. */
  readonly landings: number
  /** What was done against the contract of {@link Landing}, and memory that changed without anything having landed there. */
  faults(): string[]
}

const UNTOUCHED = 0xee

export interface CollectorOptions {
  /** Room is handed out of blocks of this size, from where the last landing ended. */
  readonly roomBytes?: number
  /** Called for each landing, counted from 1; what it returns is given back to the sender, what it throws is thrown. */
  readonly landed?: (count: number) => Promise<void> | undefined
}

export function createCollector({ roomBytes = 64 * 1024, landed }: CollectorOptions = {}): Collector {
  const blocks: { readonly memory: Buffer; filled: number }[] = []
  const noted: string[] = []
  let isHeld = false
  let landings = 0
  return {
    room() {
      if (isHeld) noted.push('asked for room while it was held')
      let last = blocks.at(-1)
      if (last === undefined || last.filled === roomBytes) {
        last = { memory: Buffer.alloc(roomBytes, UNTOUCHED), filled: 0 }
        blocks.push(last)
      }
      return last.memory.subarray(last.filled)
    },
    landed(bytes) {
      landings += 1
      if (isHeld) noted.push('landed something while it was held')
      const last = blocks.at(-1)
      if (last === undefined || bytes < 1 || last.filled + bytes > roomBytes)
        noted.push(`landed ${bytes} bytes out of place`)
      else last.filled += bytes
      const taken = landed?.(landings)
      if (taken === undefined) return undefined
      isHeld = true
      return taken.finally(() => {
        isHeld = false
      })
    },
    body: () => Buffer.concat(blocks.map(({ memory, filled }) => memory.subarray(0, filled))),
    get landings() {
      return landings
    },
    faults: () => [
      ...noted,
      ...blocks.flatMap(({ memory, filled }, index) =>
        memory.subarray(filled).every((byte) => byte === UNTOUCHED)
          ? []
          : [`block ${index} was written behind what landed`],
      ),
    ],
  }
}

/** Bytes of which no stretch is like another, so that any that are lost, doubled or out of place are noticed. */
export function numberedBytes(bytes: number): Buffer {
  const words = new Uint32Array(Math.ceil(bytes / 4))
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index + 1, 0x9e3779b1)
  return Buffer.from(words.buffer, 0, bytes)
}
