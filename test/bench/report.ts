import type { Figures } from './figures.ts'
import type { Target } from './targets.ts'
import type { Workload } from './workloads.ts'

/** The tables for people, line by line. */
export function writeReport(
  workloads: readonly Workload[],
  rows: readonly Figures[],
  targets: readonly Target[],
): string[] {
  const sections = workloads.flatMap((workload) => {
    const own = rows.filter((row) => row.workload === workload.name)
    return own.length === 0 ? [] : ['', ...writeWorkload(workload, own)]
  })
  return [...sections, ...writeStart(rows), ...writeTargets(targets)]
}

function writeWorkload(workload: Workload, rows: readonly Figures[]): string[] {
  const state =
    workload.warmUp > 0 ? `warm (${workload.warmUp} of 200 KB before)` : 'just started, import not counted'
  const isLimited = workload.getsPerSecond > 0
  const header = [
    '',
    'recordings',
    'CPU ms each',
    'CPU s/GB',
    '× ours',
    'user s',
    'system s',
    'wall s',
    'per s',
    'RSS MB',
  ]
  header.push('requests each', 'connections', ...(isLimited ? ['429s', 'wasted', 'left over'] : []))
  const cells = rows.map((row) => [
    row.variant,
    String(row.recordings),
    row.cpuMsPerRecording.toFixed(2),
    row.cpuSecondsPerGb.toFixed(2),
    row.timesOurs?.toFixed(2) ?? '',
    row.userSeconds.toFixed(2),
    row.systemSeconds.toFixed(2),
    row.wallSeconds.toFixed(2),
    row.recordingsPerSecond.toFixed(1),
    row.maxRssMb.toFixed(0),
    row.requestsPerRecording.toFixed(1),
    row.connections.toFixed(0),
    ...(isLimited ? [row.throttled, row.receivesWasted, row.leftOver].map(String) : []),
  ])
  return [`${workload.name}: ${workload.title}; functions ${state}`, ...align([header, ...cells])]
}

function writeStart(rows: readonly Figures[]): string[] {
  const started = rows.flatMap(({ workload, variant, start }) =>
    workload === 'small' && start !== undefined ? [{ variant, ...start }] : [],
  )
  if (started.length === 0) return []
  const header = [
    '',
    'boot ms (CPU)',
    'import ms (CPU)',
    'first 10',
    'first 200',
    'with start: first 10',
    'first 200',
  ]
  const cells = started.map((start) => [
    start.variant,
    `${start.bootWallMs.toFixed(0)} (${start.bootCpuMs.toFixed(0)})`,
    `${start.importWallMs.toFixed(0)} (${start.importCpuMs.toFixed(0)})`,
    ...[start.first10Ms, start.first200Ms, start.first10WithStartMs, start.first200WithStartMs].map((ms) =>
      ms.toFixed(2),
    ),
  ])
  return ['', 'just started: CPU ms for each recording of 200 KB', ...align([header, ...cells])]
}

function writeTargets(targets: readonly Target[]): string[] {
  const rows = targets.map(({ claim, figure, met }) => [
    claim,
    met === undefined ? '-' : met ? 'met' : 'MISSED',
    figure,
  ])
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return [
    '',
    'targets',
    ...rows.map((row) =>
      `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
    ),
  ]
}

/** Names to the left, numbers to the right. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map(
    (row) =>
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`,
  )
}
