import type { MediaFacts } from '../archive/media.ts'
import type { StoredAudio } from '../archive/sidecar.ts'
import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { AudioOrder } from './audio-order.ts'
import { isRefused, storeFailure } from './failure.ts'
import { isConfiguredElsewhere } from './foreign.ts'
import { toReadable } from './landing-stream.ts'
import { partBytesFor, type Upload, uploadParts } from './parts.ts'
import { ensureLock, headObject, type Place, proveEqual, verifyStored } from './stored.ts'
import { createTexts, type Texts } from './texts.ts'
import { uploadUnknownLength } from './unknown-length.ts'
import { putWhole } from './whole.ts'

/** The bucket, written once: whatever it holds already is never overwritten. */
export interface Store extends Texts {
  /**
   * Stores a recording's audio and shows that it is stored.
   * @throws ConflictError if the key holds other bytes; MediaError or BirdError if the body is not whole (nothing is
   * stored then); StoreError or ConfigurationError if the bucket fails
   */
  writeAudio(order: AudioOrder): Promise<{ readonly media: MediaFacts; readonly audio: StoredAudio }>
}

/** Up to this length a body is read whole and judged before its first byte is sent. */
export const WHOLE_MAX_BYTES = 8 * 1024 * 1024

export interface StoreOptions extends Place {
  readonly memory: Memory
  readonly clock: Clock
  /** Size of a part of a large body where its length does not ask for more. */
  readonly preferredPartBytes: number
}

export function createStore(options: StoreOptions): Store {
  const { memory, clock, preferredPartBytes, client, direct, bucket } = options
  const place: Place = { client, direct, bucket }
  // Whether the SDK is told (by AWS_ENDPOINT_URL_S3 or its like) to talk to some other store than S3.
  const isForeign = isConfiguredElsewhere(client)

  const writeWhole = async (order: AudioOrder, body: Buffer): Promise<Upload> => {
    const media = order.watch.finish()
    // Some S3-compatible stores ignore the condition where a bucket keeps versions; asked beforehand, they tell the same.
    // S3 itself, which honours it, need not be asked.
    if ((await isForeign) && (await headObject(place, order.key, undefined, order.signal)) !== undefined)
      return { outcome: 'doubtful', media, error: undefined }
    try {
      return {
        outcome: 'written',
        media,
        versionId: await putWhole(place, { ...order, body, sha256: media.sha256 }, clock, order.signal),
      }
    } catch (error) {
      order.signal.throwIfAborted()
      if (isRefused(error)) throw error
      return { outcome: 'doubtful', media, error }
    }
  }

  const writeDeclared = async (order: AudioOrder, bytes: number): Promise<Upload> => {
    if (bytes > WHOLE_MAX_BYTES) {
      const partBytes = partBytesFor(bytes, preferredPartBytes)
      using room = await memory.reserveParts(partBytes, order.signal)
      return await uploadParts(place, order, partBytes, room, clock)
    }
    using room = await memory.reserveWhole(bytes, order.signal)
    const buffer = room.buffers[0] as Buffer
    let filled = 0
    await order.receive({
      room: () => buffer.subarray(filled),
      landed(came) {
        order.watch.update(buffer.subarray(filled, filled + came))
        filled += came
        return undefined
      },
    })
    return await writeWhole(order, buffer.subarray(0, filled))
  }

  /** Most bodies of no declared length are small, too: they are held like others until they outgrow the buffer. */
  const writeUndeclared = async (order: AudioOrder): Promise<Upload> => {
    using room = await memory.reserveWhole(WHOLE_MAX_BYTES, order.signal)
    const buffer = room.buffers[0] as Buffer
    const chunks = toReadable(order.receive)[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    let filled = 0
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      order.watch.update(next.value)
      if (filled + next.value.length > buffer.length) {
        const partBytes = partBytesFor(0, preferredPartBytes)
        // What came stays where it is until there is room for more: copies of it would be in nobody's bound. lib-storage brings
        // buffers of its own, which the second room stands for.
        const parts = await memory.reserveParts(partBytes, order.signal)
        try {
          const head = Buffer.concat([buffer.subarray(0, filled), next.value])
          room[Symbol.dispose]()
          const rest = { [Symbol.asyncIterator]: () => chunks }
          return await uploadUnknownLength(place, order, partBytes, head, rest, clock)
        } finally {
          parts[Symbol.dispose]()
        }
      }
      buffer.set(next.value, filled)
      filled += next.value.length
    }
    return await writeWhole(order, buffer.subarray(0, filled))
  }

  const write = (order: AudioOrder): Promise<Upload> =>
    order.declaredBytes === undefined ? writeUndeclared(order) : writeDeclared(order, order.declaredBytes)

  const settle = async (order: AudioOrder, upload: Upload): Promise<StoredAudio> => {
    const { key, signal } = order
    const versionId = upload.outcome === 'written' ? upload.versionId : undefined
    const stored = await headObject(place, key, versionId, signal)
    if (stored === undefined) {
      if (upload.outcome === 'doubtful' && upload.error instanceof Error) throw upload.error
      throw new StoreError(`${key} is not there although S3 accepted it`)
    }
    const verifiedBy =
      upload.outcome === 'written'
        ? await verifyStored(place, key, stored, upload.media, upload.crc32, signal)
        : await proveEqual(place, key, stored, upload.media, signal)
    const lock = await ensureLock(place, key, stored, order.lock, signal)
    return {
      key,
      bytes: stored.bytes,
      contentType: stored.contentType ?? order.contentType,
      versionId: stored.versionId,
      checksum: stored.checksum,
      verifiedBy,
      adopted: upload.outcome === 'doubtful',
      lock,
    }
  }

  return {
    ...createTexts(place, clock),
    async writeAudio(order) {
      try {
        const upload = await write(order)
        return { media: upload.media, audio: await settle(order, upload) }
      } catch (error) {
        order.signal.throwIfAborted()
        throw storeFailure('write', order.key, error)
      }
    },
  }
}
