import { DEPLOYED } from './cost-premises.ts'
import type { StartFigures } from './figures.ts'

/** A batch, in seconds: CPU on one vCPU, the least that Bird's pace and the network allow, one recording's hops. */
export interface BatchTime {
  readonly size: number
  readonly cpu: number
  readonly pace: number
  readonly hops: number
}

/**
 * How long a batch is billed for: as long as the slowest of pace, CPU and the hops of those who must wait for a turn,
 * which go on side by side, and after it the last recording's hops, which nothing is left to go on beside.
 */
export function billedSeconds({ size, cpu, pace, hops }: BatchTime, vcpu: number): number {
  const earlierTurns = Math.ceil(size / DEPLOYED.concurrency) - 1
  return Math.max(pace, cpu / vcpu, earlierTurns * hops) + hops
}

/** CPU ms of a recording, averaged over all of a process (100 at least): it starts, is slow for 200, then is warm. */
export function meanCpuMs(recordings: number, warmMs: number, start: StartFigures): number {
  const { bootCpuMs, importCpuMs, first10Ms, first200Ms } = start
  const earlyMs = (200 * first200Ms - 10 * first10Ms) / 190
  const early = Math.min(recordings, 200) - 10
  const warm = Math.max(0, recordings - 200)
  return (bootCpuMs + importCpuMs + 10 * first10Ms + early * earlyMs + warm * warmMs) / recordings
}
