import type { BirdCall, BirdStatus } from './bird-recording.ts'
import { describeTimes, inventMetadata } from './call-metadata.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'

/** Of how many recordings, and when they were made: at `from` or later, and before `to`. */
export interface HistoryPlan {
  readonly seed: number
  readonly count: number
  readonly from: Date
  readonly to: Date
}

const LONGEST_SECONDS = 2700
const HOUR_MS = 3_600_000

/**
 * Recordings of the past that Bird lists, and no more: no audio belongs to them. They lie as those of a business do,
 * most of them in the working hours (UTC) of working days; one in a hundred is `absent`, one in two hundred `failed`, and
 * the rest `available`. The same plan gives the same recordings on every machine.
 */
export function describeHistory({ seed, count, from, to }: HistoryPlan): BirdCall[] {
  const random = createRandom(`history ${seed}`)
  return Array.from({ length: count }, () => describePast(random, pickMoment(random, from, to)))
}

function describePast(random: Random, startMs: number): BirdCall {
  const recordingId = random.uuid()
  const status = pickStatus(random)
  const conference = random.chance(3)
  const seconds = status === 'available' ? pickSeconds(random) : 0
  return {
    recordingId,
    metadata: inventMetadata(random, {
      recordingId,
      conference,
      stereo: random.chance(30),
      times: describeTimes(startMs, seconds, seconds > 0 && random.chance(1)),
    }),
    statuses: [{ status, fromSeconds: 0 }],
  }
}

function pickStatus(random: Random): BirdStatus {
  const roll = random.integer(0, 199)
  return roll < 2 ? 'absent' : roll < 3 ? 'failed' : 'available'
}

/** Most calls are short. */
function pickSeconds(random: Random): number {
  return random.integer(3, random.chance(80) ? 300 : LONGEST_SECONDS)
}

/** Rolls moments until one is busy enough. */
function pickMoment(random: Random, from: Date, to: Date): number {
  const seconds = Math.max(1, Math.floor((to.getTime() - from.getTime()) / 1000))
  for (;;) {
    const ms = from.getTime() + random.integer(0, seconds - 1) * 1000 + random.integer(0, 999)
    if (random.chance(busyPercent(ms))) return ms
  }
}

/** How busy the lines are at a moment; never 0, so that every span of time can have calls. */
function busyPercent(ms: number): number {
  const at = new Date(ms)
  const weekend = at.getUTCDay() % 6 === 0
  const hour = Math.floor((ms % (24 * HOUR_MS)) / HOUR_MS)
  if (hour >= 8 && hour < 18) return weekend ? 10 : 100
  return hour >= 6 && hour < 21 ? 10 : 1
}
