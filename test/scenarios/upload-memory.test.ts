import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMediaWatch } from '../../lib/archive/media.ts'
import { systemClock } from '../../lib/deadline.ts'
import { StoppedError } from '../../lib/errors.ts'
import type { Landing } from '../../lib/landing.ts'
import { createMemory, type Memory } from '../../lib/memory.ts'
import type { AudioOrder } from '../../lib/s3/audio-order.ts'
import { connectS3, type S3Connection } from '../../lib/s3/client.ts'
import { createDirectRequests } from '../../lib/s3/direct.ts'
import { createStore, type Store, WHOLE_MAX_BYTES } from '../../lib/s3/store.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { startWorld, type World } from '../helpers/world.ts'

const MIB = 1024 * 1024
const PART_BYTES = 8 * MIB
const audio = buildLargeAudio(12, 41)

let world: World
let s3: S3Connection
beforeAll(async () => {
  world = await startWorld()
  s3 = connectS3({ forcePathStyle: true, sockets: 4 })
})
afterAll(async () => {
  await s3.close()
  await world[Symbol.asyncDispose]()
})

/** A store with room for one large body, and a promise that is settled when somebody asks for it. */
function storeWithRoomForOne(): { store: Store; memory: Memory; isAsked: Promise<void> } {
  const memory = createMemory({ wholeBytes: WHOLE_MAX_BYTES, partBytes: 2 * PART_BYTES })
  const asked = Promise.withResolvers<void>()
  const watched: Memory = {
    reserveWhole: (bytes, signal) => memory.reserveWhole(bytes, signal),
    reserveParts(partBytes, signal) {
      asked.resolve()
      return memory.reserveParts(partBytes, signal)
    },
    get reservedBytes() {
      return memory.reservedBytes
    },
  }
  const store = createStore({
    client: s3.client,
    direct: createDirectRequests(s3.client, 'archive', s3.http, systemClock),
    bucket: 'archive',
    memory: watched,
    clock: systemClock,
    preferredPartBytes: PART_BYTES,
  })
  return { store, memory, isAsked: asked.promise }
}

/** A body of no declared length. */
function orderOf(key: string, signal: AbortSignal): AudioOrder {
  return {
    key,
    contentType: 'audio/mpeg',
    declaredBytes: undefined,
    receive: (landing) => pour(audio, landing),
    watch: createMediaWatch(undefined, 'audio/mpeg'),
    lock: undefined,
    signal,
  }
}

async function pour(body: Buffer, landing: Landing): Promise<void> {
  for (let at = 0; at < body.length;) {
    const bytes = body.copy(landing.room(), 0, at)
    at += bytes
    await landing.landed(bytes)
  }
}

/** Lets everything happen that can happen without time passing. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a large body of no declared length', () => {
  it('keeps the room of what came for as long as it waits for more', async () => {
    const { store, memory, isAsked } = storeWithRoomForOne()
    const other = await memory.reserveParts(PART_BYTES, AbortSignal.any([]))
    const writing = store.writeAudio(orderOf('waiting', AbortSignal.any([])))
    await isAsked
    await settle()
    expect(memory.reservedBytes).toBe(2 * PART_BYTES + WHOLE_MAX_BYTES)
    other[Symbol.dispose]()
    expect((await writing).media.bytes).toBe(audio.length)
    expect((await world.get('waiting')).equals(audio)).toBe(true)
    expect(memory.reservedBytes).toBe(0)
  })

  it('gives all of it back when it is given up meanwhile', async () => {
    const { store, memory, isAsked } = storeWithRoomForOne()
    using other = await memory.reserveParts(PART_BYTES, AbortSignal.any([]))
    const leaving = new AbortController()
    const writing = store.writeAudio(orderOf('given-up', leaving.signal))
    await isAsked
    leaving.abort(new StoppedError('deadline'))
    await expect(writing).rejects.toThrow('stopped: deadline')
    expect(memory.reservedBytes).toBe(2 * PART_BYTES)
    expect(other.buffers).toHaveLength(2)
    expect(await world.keys()).not.toContain('given-up')
    expect(await world.unfinishedUploads()).toEqual([])
  })
})
