/**
 * The one bound on recording bytes held in memory, for the whole process: bodies on their way are read into buffers
 * that are reserved here first, so sixteen conferences at once take no more than two.
 */
export interface Memory {
  /**
   * For a body that is held whole. Waits until there is room; first come, first served. Rejects with the signal's reason, and
   * with the engine's error where the machine has not the memory; nothing is reserved then.
   */
  reserveWhole(bytes: number, signal: AbortSignal): Promise<Room>
  /** For a large body: two buffers of `partBytes`, one being filled while the other is sent. Rejects as the other does. */
  reserveParts(partBytes: number, signal: AbortSignal): Promise<Room>
  /** Bytes reserved now, of both kinds; for tests and metrics. */
  readonly reservedBytes: number
}

/** Buffers that are ours until `dispose`; not one byte of them may be in use after it. */
export interface Room extends Disposable {
  readonly buffers: readonly Buffer[]
}

export interface MemoryOptions {
  /** Bound for bodies that are held whole. */
  readonly wholeBytes: number
  /** Bound for the parts of large bodies: a limit of their own, so that two conferences don't displace forty calls. */
  readonly partBytes: number
}

const MIN_BUFFER_BYTES = 64 * 1024
const MIB = 1024 * 1024

export function createMemory(options: MemoryOptions): Memory {
  const whole = createPool(options.wholeBytes)
  const parts = createPool(options.partBytes)
  return {
    reserveWhole: (bytes, signal) => whole.reserve(bytes, 1, signal),
    reserveParts: (partBytes, signal) => parts.reserve(partBytes, 2, signal),
    get reservedBytes() {
      return whole.reservedBytes + parts.reservedBytes
    },
  }
}

interface Pool {
  reserve(bytes: number, count: number, signal: AbortSignal): Promise<Room>
  readonly reservedBytes: number
}

/**
 * Buffers come in powers of two up to 1 MiB and in whole MiB above, and are used again; reserved and idle ones together never exceed the capacity, but
 * for a single reservation that is larger than it, which is let in alone.
 */
function createPool(capacityBytes: number): Pool {
  const idle = new Map<number, Buffer[]>()
  const waiting: { readonly size: number; readonly enter: () => void }[] = []
  let reserved = 0
  let idleBytes = 0

  const fits = (size: number): boolean => reserved + size <= capacityBytes || reserved === 0

  const take = (bufferBytes: number): Buffer => {
    const reused = idle.get(bufferBytes)?.pop()
    if (reused === undefined) return Buffer.allocUnsafeSlow(bufferBytes)
    idleBytes -= bufferBytes
    return reused
  }

  const admitNext = (): void => {
    for (let next = waiting[0]; next !== undefined && fits(next.size); next = waiting[0]) {
      waiting.shift()
      next.enter()
    }
  }

  const open = (bufferBytes: number, count: number): Room => {
    // The machine may refuse, and what nobody got nobody would give back.
    const buffers = Array.from({ length: count }, () => take(bufferBytes))
    reserved += bufferBytes * count
    dropIdleBeyondCapacity()
    let released = false
    return {
      buffers,
      [Symbol.dispose]() {
        if (released) return
        released = true
        reserved -= bufferBytes * count
        if (reserved + idleBytes + bufferBytes * count <= capacityBytes) {
          idle.set(bufferBytes, [...(idle.get(bufferBytes) ?? []), ...buffers])
          idleBytes += bufferBytes * count
        }
        admitNext()
      },
    }
  }

  const dropIdleBeyondCapacity = (): void => {
    for (const [bufferBytes, buffers] of idle) {
      const excessBytes = reserved + idleBytes - capacityBytes
      const dropped = buffers.splice(0, Math.max(0, Math.ceil(excessBytes / bufferBytes)))
      idleBytes -= dropped.length * bufferBytes
    }
  }

  return {
    reserve(bytes, count, signal) {
      const bufferBytes = bufferSizeFor(bytes)
      const size = bufferBytes * count
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason)
          return
        }
        if (waiting.length === 0 && fits(size)) {
          resolve(open(bufferBytes, count))
          return
        }
        const entry = {
          size,
          enter: () => {
            signal.removeEventListener('abort', leave)
            // Whoever gives room back must not fail with what the next one is refused.
            try {
              resolve(open(bufferBytes, count))
            } catch (error) {
              reject(error)
            }
          },
        }
        const leave = (): void => {
          waiting.splice(waiting.indexOf(entry), 1)
          reject(signal.reason)
          admitNext()
        }
        signal.addEventListener('abort', leave, { once: true })
        waiting.push(entry)
      })
    },
    get reservedBytes() {
      return reserved
    },
  }
}

function bufferSizeFor(bytes: number): number {
  if (bytes > MIB) return Math.ceil(bytes / MIB) * MIB
  return Math.max(MIN_BUFFER_BYTES, 2 ** Math.ceil(Math.log2(Math.max(bytes, 1))))
}
