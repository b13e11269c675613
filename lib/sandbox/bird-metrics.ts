import { FORMATS } from './audio.ts'
import type { BirdCall } from './bird-recording.ts'

/** What `recording-metrics` answers, less the moment of the answer. */
export interface BirdMetrics {
  readonly counter: number
  /** Seconds. */
  readonly duration: number
  /** Bytes by day of creation (UTC). */
  readonly dailyStorageUsage: Readonly<Record<string, number>>
}

/** The rate of what has no audio here, as a narrowband call has it. */
const USUAL_KBPS = 64

/** Tells how much a workspace holds, all in all or of one call; all in all it is reckoned up once. */
export function createBirdMetrics(calls: readonly BirdCall[]): (sourceId: string | undefined) => BirdMetrics {
  let all: BirdMetrics | undefined
  return (sourceId) =>
    sourceId === undefined
      ? (all ??= measure(calls))
      : measure(calls.filter(({ metadata }) => metadata.sourceId === sourceId))
}

function measure(calls: readonly BirdCall[]): BirdMetrics {
  const bytesByDay = new Map<string, number>()
  let duration = 0
  for (const { audio, metadata } of calls) {
    const seconds = audio?.seconds ?? metadata.duration ?? 0
    if (seconds === 0) continue
    const format = audio && FORMATS[audio.format]
    const kbps = format && 'bitrate' in format ? format.bitrate : USUAL_KBPS
    const day = metadata.createdAt.slice(0, 10)
    bytesByDay.set(day, (bytesByDay.get(day) ?? 0) + (seconds * 1000 * kbps) / 8)
    duration += seconds
  }
  return { counter: calls.length, duration, dailyStorageUsage: Object.fromEntries(bytesByDay) }
}
