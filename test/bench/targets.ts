import type { Figures } from './figures.ts'
import type { WorkloadName } from './workloads.ts'

/** A promise of the README's and how it stands; `met` is undefined where it was not measured. */
export interface Target {
  readonly claim: string
  readonly figure: string
  readonly met: boolean | undefined
}

/** Holds the figures against what the archiver promises. */
export function judgeTargets(rows: readonly Figures[]): Target[] {
  const ours = (workload: WorkloadName): Figures | undefined =>
    rows.find((row) => row.workload === workload && row.variant === 'ours')
  const atMost = (
    claim: string,
    figure: number | undefined,
    most: number,
    unit: string,
    digits = 2,
  ): Target => ({
    claim,
    figure: figure === undefined ? 'not measured' : `${figure.toFixed(digits)} ${unit}`,
    met: figure === undefined ? undefined : figure <= most,
  })
  /** What ours costs, in the relay's cost: a figure that does not change with the machine. */
  const timesLimit = (workload: WorkloadName): number | undefined => {
    const limit = rows.find((row) => row.workload === workload && row.variant === 'relay')
    const own = ours(workload)
    return limit && own && own.cpuMsPerRecording / limit.cpuMsPerRecording
  }
  const small = ours('small')
  const large = ours('large')
  return [
    atMost('a warm 200 KB recording costs 1.0 ms of CPU at most', small?.cpuMsPerRecording, 1, 'ms'),
    atMost('  and 4.0 times what the relay costs', timesLimit('small'), 4, 'times'),
    atMost('each of the first ten costs 9 ms of CPU at most', small?.start?.first10Ms, 9, 'ms'),
    atMost('the bundle is imported within 90 ms', small?.start?.importWallMs, 90, 'ms', 0),
    atMost('100 MB recordings cost 1.85 CPU seconds a GB at most', large?.cpuSecondsPerGb, 1.85, 's'),
    atMost('  and 1.5 times what the relay costs', timesLimit('large'), 1.5, 'times'),
    atMost('16 of 100 MB at once take 200 MB of memory at most', large?.maxRssMb, 200, 'MB', 0),
    judgeLimited(ours('limited')),
    judgeAhead(rows),
  ]
}

function judgeLimited(limited: Figures | undefined): Target {
  const claim = 'against 50 GET/s 24.5 recordings/s at least, none failed or put off'
  if (limited === undefined) return { claim, figure: 'not measured', met: undefined }
  const { recordingsPerSecond, receivesWasted, leftOver } = limited
  return {
    claim,
    figure: `${recordingsPerSecond.toFixed(1)}/s, ${leftOver} left over, ${receivesWasted} receives wasted`,
    met: recordingsPerSecond >= 24.5 && leftOver === 0 && receivesWasted === 0,
  }
}

/** The relay is the limit and not a peer; against the rate limit it is speed that counts, and not CPU. */
function judgeAhead(rows: readonly Figures[]): Target {
  const compared = rows.filter(
    ({ variant, kind, workload, timesOurs }) =>
      variant !== 'ours' && kind !== 'limit' && workload !== 'limited' && timesOurs !== undefined,
  )
  const behind = compared.filter(({ timesOurs = 0 }) => timesOurs <= 1)
  const name = ({ variant, workload, timesOurs = 0 }: Figures): string =>
    `${variant} on ${workload} (× ${timesOurs.toFixed(2)})`
  const closest = compared.toSorted((a, b) => (a.timesOurs ?? 0) - (b.timesOurs ?? 0))[0]
  return {
    claim: 'every peer costs more CPU on every workload',
    figure:
      closest === undefined
        ? 'not measured'
        : behind.length > 0
          ? `not ${behind.map(name).join(', ')}`
          : `closest is ${name(closest)}`,
    met: closest === undefined ? undefined : behind.length === 0,
  }
}
