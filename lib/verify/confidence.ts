/** What a sample says of all that it was drawn from. */
export interface Confidence {
  readonly population: number
  readonly read: number
  /** Those of them that were not in order; what could not be read counts as bad. */
  readonly bad: number
  /** Such as 0.95. */
  readonly level: number
  /** So many of the population are bad at most, unless chance had it that such a sample comes of more: less often than 1 - level. */
  readonly atMost: number
}

/**
 * The exact one-sided upper limit for the bad ones in a finite population, from a sample without replacement: the largest K
 * for which `bad` or fewer in the sample are not less probable than 1 - level. For a large population it is the limit of
 * Clopper and Pearson ("The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26,
 * 1934), and with no bad one near the rule of three, 3 / n (Hanley and Lippman-Hand, "If nothing goes wrong, is everything all
 * right?", JAMA 249, 1983); the hypergeometric form is that of Cochran, "Sampling Techniques", 3.6. All of the population
 * read, nothing is left to chance.
 */
export function upperLimit(population: number, read: number, bad: number, level: number): Confidence {
  const cumulative = createCumulative(population, read, bad)
  // What lies on the very limit counts as probable enough, whatever is lost in rounding.
  const least = (1 - level) * (1 - ROUNDING)
  // More bad ones make a sample with few of them less probable, so the last that is probable enough can be searched for.
  let [low, high] = [bad, population - (read - bad)]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (cumulative(middle) >= least) low = middle
    else high = middle - 1
  }
  return { population, read, bad, level, atMost: low }
}

const ROUNDING = 1e-12
/** A part of a sum that is lost in it. */
const NOTHING = 1e-17

/**
 * The probability of at most `bad` bad ones among `read`, drawn without replacement from a population that holds so many:
 * added up from the most probable number on, each by its ratio to its neighbour.
 */
function createCumulative(population: number, read: number, bad: number): (held: number) => number {
  return (held) => {
    const least = Math.max(0, read - (population - held))
    const most = Math.min(bad, held)
    const mode = Math.floor(((read + 1) / (population + 2)) * (held + 1))
    const start = Math.min(most, Math.max(least, mode))
    const peak = Math.exp(logHypergeometric(start, population, held, read))
    let sum = peak
    for (let [drawn, part] = [start, peak]; drawn > least && part > sum * NOTHING; drawn--) {
      part *= (drawn / (held - drawn + 1)) * ((population - held - read + drawn) / (read - drawn + 1))
      sum += part
    }
    for (let [drawn, part] = [start, peak]; drawn < most && part > sum * NOTHING; drawn++) {
      part *= ((held - drawn) / (drawn + 1)) * ((read - drawn) / (population - held - read + drawn + 1))
      sum += part
    }
    return sum
  }
}

/**
 * Of `drawn` bad ones among `read` from a population with `held` of them: three binomial probabilities, as no difference of
 * large logarithms loses its last digits. Source: Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000,
 * which R computes `dhyper` by.
 */
function logHypergeometric(drawn: number, population: number, held: number, read: number): number {
  const [share, rest] = [read / population, (population - read) / population]
  return (
    logBinomial(drawn, held, share, rest) +
    logBinomial(read - drawn, population - held, share, rest) -
    logBinomial(read, population, share, rest)
  )
}

/** Of `some` in `of` trials, each of which succeeds with a probability of `share`, and fails with one of `rest`. */
function logBinomial(some: number, of: number, share: number, rest: number): number {
  if (of === 0) return 0
  if (some === 0) return of * Math.log1p(-share)
  if (some === of) return of * Math.log1p(-rest)
  const errors = stirlingError(of) - stirlingError(some) - stirlingError(of - some)
  const deviances = deviance(some, of * share) + deviance(of - some, of * rest)
  const spread = Math.log(2 * Math.PI) + Math.log(some) + Math.log1p(-some / of)
  return errors - deviances - spread / 2
}

/** x ln(x / expected) + expected - x, also where both are nearly the same. */
function deviance(x: number, expected: number): number {
  const difference = x - expected
  if (Math.abs(difference) >= 0.1 * (x + expected)) return x * Math.log(x / expected) - difference
  // With v = (x - e) / (x + e), ln(x / e) is 2 (v + v³/3 + v⁵/5 + …).
  const v = difference / (x + expected)
  let [sum, power] = [difference * v, 2 * x * v]
  for (let odd = 3; ; odd += 2) {
    power *= v * v
    const next = sum + power / odd
    if (next === sum) return sum
    sum = next
  }
}

const TABLED = 16
const STIRLING_ERRORS: readonly number[] = tabulate()

function tabulate(): number[] {
  let factorial = 1
  return Array.from({ length: TABLED }, (_, n) => {
    factorial *= Math.max(1, n)
    return n === 0 ? 0 : Math.log(factorial) - stirling(n)
  })
}

function stirling(n: number): number {
  return (n + 0.5) * Math.log(n) - n + Math.log(2 * Math.PI) / 2
}

/** What Stirling's formula lacks of ln n!, for n from 1 on (Abramowitz and Stegun, 6.1.41). */
function stirlingError(n: number): number {
  const square = n * n
  return STIRLING_ERRORS[n] ?? (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / n
}

/** In a sentence: `300 of 84,211 read, 0 bad: at 95 % at most 1 % are bad`. */
export function describeConfidence({ population, read, bad, level, atMost }: Confidence): string {
  const number = (value: number): string => value.toLocaleString('en')
  const head = `${number(read)} of ${number(population)} read, ${number(bad)} bad`
  if (population === 0) return 'there is nothing to be read'
  if (read === 0) return `${head}: that says nothing about the others`
  if (read === population) return `${head}: all were read, so no other is`
  return `${head}: at ${number(level * 100)} % at most ${percent(atMost / population)} are bad`
}

/** A share of at most so much, so rounded up: to two digits. */
function percent(share: number): string {
  if (share === 0) return '0 %'
  const digits = Math.max(0, 1 - Math.floor(Math.log10(share * 100)))
  const scale = 10 ** digits
  return `${Math.ceil(share * 100 * scale - 1e-9) / scale} %`
}
