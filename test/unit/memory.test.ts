import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemory, type Room } from '../../lib/memory.ts'

const KIB = 1024
const MIB = 1024 * KIB
/** No machine addresses it. */
const MORE_THAN_THERE_IS = 2 ** 50
const never = new AbortController().signal

/** Lets everything happen that can happen without time passing. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

/** Notes when a room was entered. */
function note(order: string[], name: string): (room: Room) => Room {
  return (room) => {
    order.push(name)
    return room
  }
}

describe('the bound on memory', () => {
  it.each([
    [0, 64 * KIB],
    [1, 64 * KIB],
    [64 * KIB, 64 * KIB],
    [64 * KIB + 1, 128 * KIB],
    [200_000, 256 * KIB],
    [MIB, MIB],
    [MIB + 1, 2 * MIB],
    [5 * MIB, 5 * MIB],
    [8 * MIB - 1, 8 * MIB],
  ])('gives a body of %i bytes a buffer of %i', async (bytes, bufferBytes) => {
    const memory = createMemory({ wholeBytes: 16 * MIB, partBytes: 0 })
    using room = await memory.reserveWhole(bytes, never)
    expect(room.buffers.map(({ length }) => length)).toEqual([bufferBytes])
    expect(memory.reservedBytes).toBe(bufferBytes)
  })

  it('gives a large body two buffers, out of a bound of their own', async () => {
    const memory = createMemory({ wholeBytes: MIB, partBytes: 10 * MIB })
    using whole = await memory.reserveWhole(MIB, never)
    using parts = await memory.reserveParts(5 * MIB, never)
    expect(parts.buffers.map(({ length }) => length)).toEqual([5 * MIB, 5 * MIB])
    expect(new Set([...whole.buffers, ...parts.buffers].map(({ buffer }) => buffer)).size).toBe(3)
    expect(memory.reservedBytes).toBe(11 * MIB)
  })

  it('lets whoever came first in first, even where somebody later would fit', async () => {
    const memory = createMemory({ wholeBytes: 4 * MIB, partBytes: 0 })
    const first = await memory.reserveWhole(3 * MIB, never)
    const order: string[] = []
    const big = memory.reserveWhole(4 * MIB, never).then(note(order, 'big'))
    const small = memory.reserveWhole(MIB, never).then(note(order, 'small'))
    await settle()
    expect(order).toEqual([])
    first[Symbol.dispose]()
    await settle()
    expect(order).toEqual(['big'])
    ;(await big)[Symbol.dispose]()
    ;(await small)[Symbol.dispose]()
    expect(order).toEqual(['big', 'small'])
    expect(memory.reservedBytes).toBe(0)
  })

  it('lets a body in that is larger than it, but alone', async () => {
    const memory = createMemory({ wholeBytes: 2 * MIB, partBytes: 0 })
    const small = await memory.reserveWhole(MIB, never)
    const order: string[] = []
    const large = memory.reserveWhole(9 * MIB, never).then(note(order, 'large'))
    await settle()
    expect(order).toEqual([])
    small[Symbol.dispose]()
    const room = await large
    const next = memory.reserveWhole(1, never).then(note(order, 'next'))
    await settle()
    expect(order).toEqual(['large'])
    room[Symbol.dispose]()
    ;(await next)[Symbol.dispose]()
    expect(memory.reservedBytes).toBe(0)
  })

  it('forgets whoever gives up waiting, and lets the next one in', async () => {
    const memory = createMemory({ wholeBytes: 4 * MIB, partBytes: 0 })
    const held = await memory.reserveWhole(3 * MIB, never)
    const leaving = new AbortController()
    const big = memory.reserveWhole(4 * MIB, leaving.signal)
    const small = memory.reserveWhole(MIB, never)
    leaving.abort(new Error('gave up'))
    await expect(big).rejects.toThrow('gave up')
    using room = await small
    expect(room.buffers).toHaveLength(1)
    expect(memory.reservedBytes).toBe(4 * MIB)
    held[Symbol.dispose]()
    expect(memory.reservedBytes).toBe(MIB)
  })

  it('refuses who has given up already, and takes nothing back from who is in', async () => {
    const memory = createMemory({ wholeBytes: MIB, partBytes: 0 })
    await expect(memory.reserveWhole(1, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late')
    const leaving = new AbortController()
    using room = await memory.reserveWhole(1, leaving.signal)
    leaving.abort()
    expect(room.buffers).toHaveLength(1)
    expect(memory.reservedBytes).toBe(64 * KIB)
  })

  it('keeps the place of who waits when somebody who is in gives up', async () => {
    const memory = createMemory({ wholeBytes: MIB, partBytes: 0 })
    const first = await memory.reserveWhole(MIB, never)
    const leaving = new AbortController()
    const second = memory.reserveWhole(MIB, leaving.signal)
    const third = memory.reserveWhole(MIB, never)
    first[Symbol.dispose]()
    const room = await second
    leaving.abort()
    room[Symbol.dispose]()
    using last = await third
    expect(last.buffers).toHaveLength(1)
  })

  it('is not widened by a release that comes twice', async () => {
    const memory = createMemory({ wholeBytes: 2 * MIB, partBytes: 0 })
    const one = await memory.reserveWhole(MIB, never)
    using other = await memory.reserveWhole(MIB, never)
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    expect(memory.reservedBytes).toBe(MIB)
    using again = await memory.reserveWhole(MIB, never)
    expect(again.buffers[0]).not.toBe(other.buffers[0])
    expect(memory.reservedBytes).toBe(2 * MIB)
  })

  it('is free again as soon as both buffers of a large body are', async () => {
    const memory = createMemory({ wholeBytes: 0, partBytes: 10 * MIB })
    const room = await memory.reserveParts(5 * MIB, never)
    room[Symbol.dispose]()
    expect(memory.reservedBytes).toBe(0)
  })

  it('reserves nothing for whoever the machine refuses memory', async () => {
    const memory = createMemory({ wholeBytes: MIB, partBytes: 10 * MIB })
    await expect(memory.reserveParts(MORE_THAN_THERE_IS, never)).rejects.toThrow(RangeError)
    expect(memory.reservedBytes).toBe(0)
    using room = await memory.reserveParts(5 * MIB, never)
    expect(room.buffers).toHaveLength(2)
  })

  it('tells whoever waited that the machine refuses, and lets the next one in; nobody else is told', async () => {
    const memory = createMemory({ wholeBytes: 2 * MIB, partBytes: 0 })
    const first = await memory.reserveWhole(MIB, never)
    const refused = memory.reserveWhole(MORE_THAN_THERE_IS, never)
    const last = memory.reserveWhole(2 * MIB, never)
    first[Symbol.dispose]()
    await expect(refused).rejects.toThrow(RangeError)
    using room = await last
    expect(room.buffers).toHaveLength(1)
    expect(memory.reservedBytes).toBe(2 * MIB)
  })

  it('lets go of idle buffers that would exceed it', async () => {
    const memory = createMemory({ wholeBytes: 2 * MIB, partBytes: 0 })
    const small = await memory.reserveWhole(MIB, never)
    const [idle] = small.buffers
    small[Symbol.dispose]()
    const large = await memory.reserveWhole(2 * MIB, never)
    large[Symbol.dispose]()
    using next = await memory.reserveWhole(MIB, never)
    expect(next.buffers[0]).not.toBe(idle)
  })

  it('uses a buffer again once it is free', async () => {
    const memory = createMemory({ wholeBytes: 2 * MIB, partBytes: 0 })
    const first = await memory.reserveWhole(MIB, never)
    const [buffer] = first.buffers
    first[Symbol.dispose]()
    using second = await memory.reserveWhole(MIB - 1, never)
    expect(second.buffers[0]).toBe(buffer)
  })

  it('holds whatever comes and goes: never exceeded, first come first served, no buffer in two hands', async () => {
    const step = fc.record({
      bytes: fc.integer({ min: 1, max: 700 * KIB }),
      what: fc.constantFrom('reserve', 'reserve', 'release', 'give up'),
      which: fc.nat(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const capacity = MIB
        const memory = createMemory({ wholeBytes: capacity, partBytes: 0 })
        const held: Room[] = []
        let waiting: { readonly number: number; readonly controller: AbortController }[] = []
        const entered: number[] = []
        let number = 0
        for (const { bytes, what, which } of steps) {
          if (what === 'reserve') {
            const waiter = { number: (number += 1), controller: new AbortController() }
            waiting.push(waiter)
            void memory.reserveWhole(bytes, waiter.controller.signal).then(
              (room) => {
                held.push(room)
                entered.push(waiter.number)
                waiting = waiting.filter((other) => other !== waiter)
              },
              () => {
                waiting = waiting.filter((other) => other !== waiter)
              },
            )
          }
          if (what === 'release' && held.length > 0)
            for (const room of held.splice(which % held.length, 1)) room[Symbol.dispose]()
          if (what === 'give up' && waiting.length > 0) waiting[which % waiting.length]?.controller.abort()
          await settle()
          const inUse = held.flatMap(({ buffers }) => buffers)
          expect(new Set(inUse.map(({ buffer }) => buffer)).size).toBe(inUse.length)
          expect(memory.reservedBytes).toBe(inUse.reduce((sum, { length }) => sum + length, 0))
          expect(memory.reservedBytes).toBeLessThanOrEqual(capacity)
        }
        while (held.length > 0) {
          held.pop()?.[Symbol.dispose]()
          await settle()
        }
        expect(waiting).toEqual([])
        expect(entered).toEqual(entered.toSorted((a, b) => a - b))
        expect(memory.reservedBytes).toBe(0)
      }),
    )
  })
})
