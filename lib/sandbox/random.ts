import { createHash } from 'node:crypto'

/** A stream of pseudo-random values that depends on its seed alone, so that every machine builds the same call center. */
export interface Random {
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number
  /** True in `percent` of a hundred cases. */
  chance(percent: number): boolean
  /** One of the items. Throws a RangeError if there is none. */
  pick<Item>(items: readonly Item[]): Item
  /** The items in another order; the given array stays as it is. */
  shuffle<Item>(items: readonly Item[]): Item[]
  /** A version 4 UUID (RFC 9562, 5.4). */
  uuid(): string
}

/** xorshift128 (Marsaglia 2003) on 32-bit integers, seeded by SHA-256 of `seed`: nothing in it rounds. */
export function createRandom(seed: string): Random {
  const digest = createHash('sha256').update(seed).digest()
  let [x = 0, y = 0, z = 0, w = 0] = [0, 4, 8, 12].map((offset) => digest.readUInt32LE(offset))
  const words = Buffer.alloc(16)

  function next(): number {
    const t = x ^ (x << 11)
    x = y
    y = z
    z = w
    w = (w ^ (w >>> 19) ^ t ^ (t >>> 8)) >>> 0
    return w
  }

  function integer(min: number, max: number): number {
    return min + (next() % (max - min + 1))
  }

  return {
    integer,
    chance: (percent) => integer(0, 99) < percent,
    pick(items) {
      const item = items[integer(0, items.length - 1)]
      if (item === undefined) throw new RangeError('nothing to pick from')
      return item
    },
    shuffle(items) {
      const result = [...items]
      for (let last = result.length - 1; last > 0; last--) {
        const other = integer(0, last)
        const [a, b] = [result[last], result[other]]
        if (a !== undefined && b !== undefined) {
          result[last] = b
          result[other] = a
        }
      }
      return result
    },
    uuid() {
      for (let offset = 0; offset < 16; offset += 4) words.writeUInt32BE(next(), offset)
      words.writeUInt8((words.readUInt8(6) & 0x0f) | 0x40, 6)
      words.writeUInt8((words.readUInt8(8) & 0x3f) | 0x80, 8)
      const hex = words.toString('hex')
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
        '-',
      )
    },
  }
}
