import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSample } from '../../lib/verify/sample.ts'

const nameOf = (name: string): string => name

function draw(names: Iterable<string>, size: number, seed: string): readonly string[] {
  const sample = createSample(size, seed, nameOf)
  for (const name of names) sample.offer(name)
  return sample.chosen()
}

/** Ids as they are: spread evenly, the same in every run. */
const ids = Array.from({ length: 400 }, (_, index) =>
  createHash('sha256').update(String(index)).digest('hex'),
)

describe('a sample', () => {
  it('is the same in whatever order it is offered', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { maxLength: 60 }),
        fc.nat(30),
        fc.string(),
        fc.infiniteStream(fc.nat()),
        (names, size, seed, numbers) => {
          const shuffled = names
            .map((name) => ({ name, at: numbers.next().value as number }))
            .toSorted((a, b) => a.at - b.at)
            .map(({ name }) => name)
          const chosen = draw(names, size, seed)
          expect(draw(shuffled, size, seed)).toEqual(chosen)
          expect(chosen).toHaveLength(Math.min(size, names.length))
          expect(new Set(chosen).size).toBe(chosen.length)
          expect(names).toEqual(expect.arrayContaining([...chosen]))
          // Those with the smallest digests, as anybody can reckon.
          const rank = (name: string): string => createHash('sha256').update(`${seed}\n${name}`).digest('hex')
          const worst = chosen.map(rank).toSorted().at(-1) ?? ''
          for (const name of names)
            expect(chosen.includes(name) || size === 0 || rank(name) > worst).toBe(true)
        },
      ),
      { seed: 7, numRuns: 200 },
    )
  })

  it('grows with its size: a larger one has all of the smaller', () => {
    const small = draw(ids, 20, 'x')
    expect(draw(ids, 50, 'x')).toEqual(expect.arrayContaining([...small]))
  })

  it('changes with an archive that grows by those alone that came to it', () => {
    const before = draw(ids.slice(0, 390), 40, 'x')
    const after = draw(ids, 40, 'x')
    expect(after.filter((id) => !before.includes(id)).every((id) => ids.indexOf(id) >= 390)).toBe(true)
  })

  it('is uniform: over many seeds each recording, and each pair, is chosen as often as chance has it', () => {
    const [members, size, draws] = [ids.slice(0, 40), 10, 4000]
    const times = new Map(members.map((id) => [id, 0]))
    let pairs = 0
    for (let seed = 0; seed < draws; seed++) {
      const chosen = draw(members, size, `seed ${seed}`)
      for (const id of chosen) times.set(id, (times.get(id) ?? 0) + 1)
      if (chosen.includes(members[0] ?? '') && chosen.includes(members[1] ?? '')) pairs += 1
    }
    const expected = (draws * size) / members.length
    const variance = expected * (1 - size / members.length)
    // Chi-square with 39 degrees of freedom is above 72.1 once in a thousand; the factor is for drawing without replacement.
    const factor = members.length / (members.length - 1)
    const chiSquare =
      [...times.values()].reduce((sum, seen) => sum + (seen - expected) ** 2 / variance, 0) / factor
    expect(chiSquare).toBeLessThan(72.1)
    // A pair comes with 10/40 x 9/39; four standard deviations.
    const pairShare = (size * (size - 1)) / (members.length * (members.length - 1))
    expect(Math.abs(pairs - draws * pairShare)).toBeLessThan(4 * Math.sqrt(draws * pairShare))
  })

  it('counts what it was offered', () => {
    const sample = createSample(3, 'x', nameOf)
    for (const id of ids) sample.offer(id)
    expect(sample.population()).toBe(400)
  })
})
