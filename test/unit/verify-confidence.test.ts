import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeConfidence, upperLimit } from '../../lib/verify/confidence.ts'

/** So large that it makes no difference to draw without replacement. */
const LARGE = 1_000_000_000

const share = (population: number, read: number, bad: number, level = 0.95): number =>
  upperLimit(population, read, bad, level).atMost / population

describe('the upper limit', () => {
  // Sizes of samples that show, at 95 %, that at most 5 % are bad, by the bad ones found: the AICPA's "Audit Guide: Audit
  // Sampling", table of sample sizes at 5 % risk of overreliance.
  it.each([
    [0, 59],
    [1, 93],
    [2, 124],
    [3, 153],
    [4, 181],
    [5, 208],
    [6, 234],
  ])('with %i bad, %i is the smallest sample that shows five per cent', (bad, size) => {
    expect(share(LARGE, size, bad)).toBeLessThanOrEqual(0.05)
    expect(share(LARGE, size - 1, bad)).toBeGreaterThan(0.05)
  })

  // The same guide's sizes with none bad, by the share that is to be shown.
  it.each([
    [0.01, 299],
    [0.02, 149],
    [0.03, 99],
    [0.04, 74],
    [0.1, 29],
  ])('with none bad, %d is shown by %i and by no fewer', (most, size) => {
    expect(share(LARGE, size, 0)).toBeLessThanOrEqual(most)
    expect(share(LARGE, size - 1, 0)).toBeGreaterThan(most)
  })

  it('with none bad is 1 - 0.05^(1/n), near the rule of three', () => {
    for (const read of [100, 300, 1000, 10_000]) {
      expect(share(LARGE, read, 0)).toBeCloseTo(1 - 0.05 ** (1 / read), 6)
      expect(share(LARGE, read, 0)).toBeLessThan(3 / read)
    }
  })

  // Clopper and Pearson's limits, one-sided, as R's binom.test(k, n, alternative = "less") gives them.
  it.each([
    [0, 10, 0.95, 0.2588656],
    [1, 10, 0.95, 0.3941633],
    [2, 20, 0.95, 0.2826185],
    [10, 100, 0.95, 0.1637317],
    [0, 300, 0.99, 0.0152334],
  ])('of %i bad in %i at %d is that of the binomial distribution', (bad, read, level, expected) => {
    expect(share(LARGE, read, bad, level)).toBeCloseTo(expected, 4)
  })

  it('is exact in small populations: counted out', () => {
    const choose = (of: number, some: number): number => {
      let ways = 1
      for (let at = 0; at < some; at++) ways = (ways * (of - at)) / (at + 1)
      return some > of ? 0 : Math.round(ways)
    }
    for (let population = 1; population <= 14; population++)
      for (let read = 1; read <= population; read++)
        for (let bad = 0; bad <= read; bad++) {
          const probable = Array.from({ length: population + 1 }, (_, held) => {
            let ways = 0
            for (let drawn = 0; drawn <= bad; drawn++)
              ways += choose(held, drawn) * choose(population - held, read - drawn)
            return (
              held >= bad &&
              population - held >= read - bad &&
              ways / choose(population, read) >= 0.05 - 1e-12
            )
          })
          expect(upperLimit(population, read, bad, 0.95).atMost).toBe(probable.lastIndexOf(true))
        }
  })

  // The number of samples with few bad ones, held against that of all, in whole numbers: no logarithm, nothing rounded.
  it.each([
    [0.9, 10n],
    [0.95, 20n],
    [0.99, 100n],
  ])('at %d is that of the hypergeometric distribution in whole numbers', (level, oneIn) => {
    const sizes = [1, 2, 20, 84, 257, 1000, 84_211, 10_000_000, LARGE]
    const faults: string[] = []
    for (const population of sizes)
      for (const read of [1, 2, 5, 17, 59, 300, 1000])
        for (const bad of [0, 1, 2, 5, 16, 50]) {
          if (read > population || bad > read) continue
          const { atMost } = upperLimit(population, read, bad, level)
          const isProbable = (held: number): boolean =>
            samplesWith(bad, read, held, population) * oneIn >= falling(population, read)
          const top = population - (read - bad)
          const isRight =
            atMost >= bad &&
            atMost <= top &&
            (atMost === bad || isProbable(atMost)) &&
            (atMost === top || !isProbable(atMost + 1))
          if (!isRight) faults.push(`${bad} bad of ${read} read of ${population}: not ${atMost}`)
        }
    expect(faults).toEqual([])
  })

  // Their limit is the share p for which `bad` or fewer in `read` trials are just as probable as 1 - level.
  it("of a large population is Clopper and Pearson's, found by bisection", () => {
    for (const read of [1, 10, 59, 300, 5000])
      for (const bad of [0, 1, 3, 10, 58]) {
        if (bad >= read) continue
        let [low, high] = [0, 1]
        for (let step = 0; step < 60; step++) {
          const middle = (low + high) / 2
          if (binomialTail(bad, read, middle) > 0.05) low = middle
          else high = middle
        }
        // Drawn without replacement, a sample of so many from so many differs by less than their quotient.
        expect(Math.abs(share(LARGE, read, bad) / low - 1)).toBeLessThan((read + 1) / LARGE / low + 1e-9)
      }
  })

  it('holds: what is worse would show as so few bad ones less often than it says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (population, readShare, badShare) => {
          const read = Math.ceil(readShare * population)
          const bad = Math.floor(badShare * read)
          const { atMost } = upperLimit(population, read, bad, 0.95)
          expect(atMost).toBeGreaterThanOrEqual(bad)
          expect(atMost).toBeLessThanOrEqual(population - (read - bad))
          const withOneMoreBad = upperLimit(population, read, Math.min(bad + 1, read), 0.95)
          expect(withOneMoreBad.atMost).toBeGreaterThanOrEqual(atMost)
          const withOneMoreRead = upperLimit(population, Math.min(read + 1, population), bad, 0.95)
          expect(withOneMoreRead.atMost).toBeLessThanOrEqual(atMost)
        },
      ),
      { seed: 42, numRuns: 300 },
    )
  })

  it('is what is bad, where all was read', () => {
    expect(upperLimit(84_211, 84_211, 3, 0.95).atMost).toBe(3)
    expect(upperLimit(1, 1, 0, 0.95).atMost).toBe(0)
  })

  it('is everything, where nothing was read', () => {
    expect(upperLimit(10, 0, 0, 0.95).atMost).toBe(10)
  })

  it('of ten million is found at once, and differs little from that of a million', () => {
    expect(share(10_000_000, 300, 0)).toBeCloseTo(share(1_000_000, 300, 0), 5)
  })
})

/** of · (of - 1) · … of so many factors. */
function falling(of: number, factors: number): bigint {
  let product = 1n
  for (let factor = 0; factor < factors; factor++) product *= BigInt(of - factor)
  return product
}

/** Ordered samples of `read` with at most `bad` bad ones, from a population that has `held` of them. */
function samplesWith(bad: number, read: number, held: number, population: number): bigint {
  let [samples, places] = [0n, 1n]
  for (let drawn = 0; drawn <= bad; drawn++) {
    if (drawn > 0) places = (places * BigInt(read - drawn + 1)) / BigInt(drawn)
    if (drawn <= held && read - drawn <= population - held)
      samples += places * falling(held, drawn) * falling(population - held, read - drawn)
  }
  return samples
}

/** The probability of at most `bad` in `read` trials with a probability of p each. */
function binomialTail(bad: number, read: number, p: number): number {
  let [logWays, sum] = [0, 0]
  for (let drawn = 0; drawn <= bad; drawn++) {
    if (drawn > 0) logWays += Math.log((read - drawn + 1) / drawn)
    sum += Math.exp(logWays + drawn * Math.log(p) + (read - drawn) * Math.log1p(-p))
  }
  return sum
}

describe('the sentence', () => {
  it.each([
    [84_211, 300, 0, '300 of 84,211 read, 0 bad: at 95 % at most 1 % are bad'],
    [84_211, 300, 1, '300 of 84,211 read, 1 bad: at 95 % at most 1.6 % are bad'],
    [1_000_000, 100_000, 0, '100,000 of 1,000,000 read, 0 bad: at 95 % at most 0.0028 % are bad'],
    [50, 10, 10, '10 of 50 read, 10 bad: at 95 % at most 100 % are bad'],
    [7, 7, 0, '7 of 7 read, 0 bad: all were read, so no other is'],
    [7, 0, 0, '0 of 7 read, 0 bad: that says nothing about the others'],
    [0, 0, 0, 'there is nothing to be read'],
  ])('of %i with %i read and %i bad', (population, read, bad, sentence) => {
    expect(describeConfidence(upperLimit(population, read, bad, 0.95))).toBe(sentence)
  })
})
