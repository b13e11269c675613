import { createHash } from 'node:crypto'

/** Chooses some of a population that is offered one by one, in any order; only those are held. */
export interface Sample<T> {
  offer(this: void, item: T): void
  /** How many were offered: the population. */
  population(): number
  /** The chosen ones, in the order of their names. */
  chosen(): readonly T[]
}

/**
 * A simple random sample without replacement: of all names it takes the `size` with the smallest SHA-256 of seed and name. The
 * same seed chooses the same recordings, wherever and in whatever order they are listed, and anybody can check the choice; who
 * does not know the seed beforehand cannot know which will be read.
 * @param nameOf must be different for each item, and the same in every run
 */
export function createSample<T>(size: number, seed: string, nameOf: (item: T) => string): Sample<T> {
  // A heap, the largest on top: it is the first to go.
  const heap: Ranked<T>[] = []
  let population = 0
  return {
    offer(item) {
      population += 1
      const name = nameOf(item)
      const rank = createHash('sha256').update(`${seed}\n${name}`).digest('hex')
      if (heap.length < size) {
        heap.push({ rank, name, item })
        siftUp(heap)
      } else if (rank < (heap[0]?.rank ?? '')) {
        heap[0] = { rank, name, item }
        siftDown(heap)
      }
    },
    population: () => population,
    chosen: () => heap.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ item }) => item),
  }
}

interface Ranked<T> {
  readonly rank: string
  readonly name: string
  readonly item: T
}

function siftUp(heap: Ranked<unknown>[]): void {
  for (let at = heap.length - 1; at > 0;) {
    const parent = (at - 1) >>> 1
    if (!isAbove(heap, at, parent)) return
    swap(heap, at, parent)
    at = parent
  }
}

function siftDown(heap: Ranked<unknown>[]): void {
  for (let at = 0; ;) {
    let above = at
    for (const child of [2 * at + 1, 2 * at + 2])
      if (child < heap.length && isAbove(heap, child, above)) above = child
    if (above === at) return
    swap(heap, at, above)
    at = above
  }
}

function isAbove(heap: readonly Ranked<unknown>[], one: number, other: number): boolean {
  return (heap[one]?.rank ?? '') > (heap[other]?.rank ?? '')
}

function swap(heap: Ranked<unknown>[], one: number, other: number): void {
  const [first, second] = [heap[one], heap[other]]
  if (first === undefined || second === undefined) return
  heap[one] = second
  heap[other] = first
}
