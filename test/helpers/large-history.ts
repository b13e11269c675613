import type { BirdCall } from '../../lib/sandbox/bird-recording.ts'
import { describeHistory } from '../../lib/sandbox/history.ts'
import { createRandom } from '../../lib/sandbox/random.ts'
import { dayOf } from './backfill-command.ts'

/** Half a year of recordings, as the archive and Bird have them. */
export interface LargeHistory {
  readonly calls: readonly BirdCall[]
  /** Available, with a sidecar in the bucket. */
  readonly archived: readonly BirdCall[]
  /** Available, without one. */
  readonly missing: readonly BirdCall[]
  readonly notYet: readonly BirdCall[]
  /** Absent or failed. */
  readonly explained: readonly BirdCall[]
}

/** 2024-01-01 up to, not including, 2024-06-29. */
export const HALF_YEAR = { from: new Date('2024-01-01'), to: new Date('2024-06-29'), days: 180 } as const

/** The days on which something is missing: what announces recordings fails for a day rather than for a recording. */
const BAD_DAYS = 30

/** The same numbers give the same history on every machine. */
export function describeLargeHistory(count: number, missingCount: number, notYetCount: number): LargeHistory {
  const all = describeHistory({ seed: count, count, from: HALF_YEAR.from, to: HALF_YEAR.to })
  const random = createRandom(`missing of ${count}`)
  const badDays = new Set(random.shuffle([...new Set(all.map(dayOf))]).slice(0, BAD_DAYS))
  const available = random.shuffle(all.filter(({ statuses }) => statuses[0]?.status === 'available'))
  const missing = new Set(available.filter((call) => badDays.has(dayOf(call))).slice(0, missingCount))
  const others = available.filter((call) => !missing.has(call))
  const notYet = others
    .slice(0, notYetCount)
    .map((call): BirdCall => ({ ...call, statuses: [{ status: 'ongoing', fromSeconds: 0 }] }))
  const archived = others.slice(notYetCount)
  const explained = all.filter(({ statuses }) => statuses[0]?.status !== 'available')
  return {
    calls: [...archived, ...missing, ...notYet, ...explained],
    archived,
    missing: [...missing],
    notYet,
    explained,
  }
}
