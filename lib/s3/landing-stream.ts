import { Readable } from 'node:stream'
import type { AudioOrder } from './audio-order.ts'

const CHUNK_BYTES = 64 * 1024

/** A body as a stream, for whoever knows no other form. Fails as `receive` does. */
export function toReadable(receive: AudioOrder['receive']): Readable {
  let chunk = Buffer.alloc(0)
  let goOn: (() => void) | undefined
  let isAsked = false
  const stream = new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      goOn?.()
      if (isAsked) return
      isAsked = true
      receive({
        room() {
          chunk = Buffer.allocUnsafe(CHUNK_BYTES)
          return chunk
        },
        landed: (bytes) =>
          stream.push(chunk.subarray(0, bytes))
            ? undefined
            : new Promise((resolve) => {
                goOn = resolve
              }),
      }).then(
        () => stream.push(null),
        (error: unknown) => stream.destroy(error as Error),
      )
    },
  })
  return stream
}
