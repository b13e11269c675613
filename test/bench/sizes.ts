import { createRandom } from '../../lib/sandbox/random.ts'
import { toWholeFrames } from './recording-id.ts'

/** Decimal units, as in every figure of the benchmark: 1 KB = 1,000 bytes. */
export const KB = 1000
export const MB = 1000 * KB

/** Two hours at 64 kbit/s. */
export const CONFERENCE_BYTES = 57_600 * KB
const CONFERENCES_PER_MILLE = 8
const MEDIAN_BYTES = 400 * KB
/** Of the logarithm: two thirds of the calls lie between 160 KB and 1 MB. */
const SPREAD = 0.9

/** As many recordings of one size, which is rounded to whole MP3 frames. */
export function sameSize(count: number, bytes: number): number[] {
  return Array.from({ length: count }, () => toWholeFrames(bytes))
}

/**
 * A day of a call center: log-normal around 400 KB, and now and then a conference of two hours. The same day on
 * every machine.
 */
export function dayOfCalls(count: number): number[] {
  const random = createRandom('bench day')
  const uniform = (): number => (random.integer(0, 2 ** 32 - 1) + 0.5) / 2 ** 32
  return Array.from({ length: count }, () => {
    const isConference = random.integer(0, 999) < CONFERENCES_PER_MILLE
    // Box and Muller's normal distribution.
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    return toWholeFrames(isConference ? CONFERENCE_BYTES : MEDIAN_BYTES * Math.exp(SPREAD * normal))
  })
}

/**
 * Fewer recordings that hold as many bytes each, for what would take too long with all of them: the sizes in order,
 * cut into `count` runs, of which each gives its mean.
 */
export function fewerAlike(sizes: readonly number[], count: number): number[] {
  if (sizes.length <= count) return [...sizes]
  const sorted = sizes.toSorted((a, b) => a - b)
  return Array.from({ length: count }, (_, run) => {
    const from = Math.floor((run * sorted.length) / count)
    const to = Math.floor(((run + 1) * sorted.length) / count)
    const members = sorted.slice(from, to)
    return toWholeFrames(members.reduce((sum, bytes) => sum + bytes, 0) / members.length)
  })
}
