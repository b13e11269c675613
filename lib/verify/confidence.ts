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
 * 1934), and with no bad one near the rule of three, 3 / n; the hypergeometric form is that of Cochran, "Sampling Techniques",
 * 3.6. All of the population read, nothing is left to chance.
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

const ROUNDING = 1e-7

/** The probability of at most `bad` bad ones among `read`, drawn without replacement from a population that holds K. */
function createCumulative(population: number, read: number, bad: number): (held: number) => number {
  const all = logChoose(population, read)
  return (held) => {
    let sum = 0
    for (let drawn = Math.max(0, read - (population - held)); drawn <= Math.min(bad, held); drawn++)
      sum += Math.exp(logChoose(held, drawn) + logChoose(population - held, read - drawn) - all)
    return sum
  }
}

function logChoose(of: number, some: number): number {
  return logFactorial(of) - logFactorial(some) - logFactorial(of - some)
}

const EXACT = 256
const LOG_FACTORIALS = [0]
for (let number = 1; number < EXACT; number++)
  LOG_FACTORIALS.push((LOG_FACTORIALS[number - 1] ?? 0) + Math.log(number))

/** Stirling's series, for large numbers to the last digit (Abramowitz and Stegun, 6.1.41). */
function logFactorial(number: number): number {
  const exact = LOG_FACTORIALS[number]
  if (exact !== undefined) return exact
  const x = number + 1
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + 1 / (12 * x) - 1 / (360 * x ** 3)
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
