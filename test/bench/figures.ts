import { leftOverOf } from './complaints.ts'
import type { DriveResult } from './drive-plan.ts'
import type { Run } from './run.ts'
import { MB } from './sizes.ts'

/** The figures of a variant on a workload: medians over its runs. CPU is user and system together. */
export interface Figures {
  readonly workload: Run['workload']
  readonly variant: string
  readonly kind: Run['kind']
  readonly recordings: number
  readonly megabytes: number
  readonly cpuMsPerRecording: number
  readonly cpuSecondsPerGb: number
  readonly cpuSeconds: number
  readonly userSeconds: number
  readonly systemSeconds: number
  readonly wallSeconds: number
  readonly recordingsPerSecond: number
  readonly maxRssMb: number
  /** Over the whole run, warm-up included. */
  readonly requestsPerRecording: number
  readonly requests: RequestFigures
  readonly connections: number
  /** Times that the API answered 429. */
  readonly throttled: number
  /** Messages received in vain: handed back, or sent again for later. */
  readonly receivesWasted: number
  /** Recordings that were not stored in the end. */
  readonly leftOver: number
  /** CPU per recording by that of ours; undefined where ours was not measured. */
  readonly timesOurs: number | undefined
  readonly start: StartFigures | undefined
}

/** Requests per recording by what they are charged as, over the whole run; PUT and POST are writes, GET and HEAD reads. */
export interface RequestFigures {
  readonly bird: number
  readonly media: number
  readonly s3Reads: number
  readonly s3Writes: number
  /** Of the writes, those of objects that list a batch. */
  readonly catalogs: number
}

/** A process that has just started; CPU in ms per recording over the first 10 and the first 200. */
export interface StartFigures {
  readonly bootCpuMs: number
  readonly bootWallMs: number
  readonly importCpuMs: number
  readonly importWallMs: number
  readonly first10Ms: number
  readonly first200Ms: number
  /** With the process's start and the import in it. */
  readonly first10WithStartMs: number
  readonly first200WithStartMs: number
}

/** The middle of the values, or the mean of the two in the middle; NaN if there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Sums up runs: one row per workload and variant, in the order in which they were first run. */
export function summarize(runs: readonly Run[]): Figures[] {
  const groups = Map.groupBy(runs, ({ workload, variant }) => `${workload} ${variant}`)
  const rows = [...groups.values()].flatMap((group) => {
    const [first] = group
    return first === undefined ? [] : [figuresOf(first, group)]
  })
  return rows.map((row) => {
    const own = rows.find(({ workload, variant }) => workload === row.workload && variant === 'ours')
    return { ...row, timesOurs: own && row.cpuMsPerRecording / own.cpuMsPerRecording }
  })
}

function figuresOf(first: Run, runs: readonly Run[]): Figures {
  const middle = (figure: (run: Run) => number): number => median(runs.map(figure))
  const cpuOf = ({ userSeconds, systemSeconds }: Run): number => userSeconds + systemSeconds
  const countOf = ({ counts }: Run, wanted: RegExp): number =>
    Object.entries(counts).reduce((sum, [name, count]) => (wanted.test(name) ? sum + count : sum), 0)
  const starts = runs.flatMap(({ drive }) => (drive === undefined ? [] : (startOf(drive) ?? [])))
  return {
    workload: first.workload,
    variant: first.variant,
    kind: first.kind,
    recordings: first.recordings,
    megabytes: first.bytes / MB,
    cpuMsPerRecording: middle((run) => (cpuOf(run) * 1000) / run.recordings),
    cpuSecondsPerGb: middle((run) => cpuOf(run) / (run.bytes / (1000 * MB))),
    cpuSeconds: middle(cpuOf),
    userSeconds: middle(({ userSeconds }) => userSeconds),
    systemSeconds: middle(({ systemSeconds }) => systemSeconds),
    wallSeconds: middle(({ wallSeconds }) => wallSeconds),
    recordingsPerSecond: middle((run) => (run.recordings - leftOverOf(run)) / run.wallSeconds),
    maxRssMb: middle(({ maxRssKb }) => (maxRssKb * 1024) / MB),
    requestsPerRecording: middle((run) => countOf(run, /^(?:api|media|s3|sqs)\./) / run.allRecordings),
    requests: {
      bird: middle((run) => countOf(run, /^api\./) / run.allRecordings),
      media: middle((run) => countOf(run, /^media\./) / run.allRecordings),
      s3Reads: middle((run) => countOf(run, /^s3\.(?:get|head)$/) / run.allRecordings),
      s3Writes: middle((run) => countOf(run, /^s3\.(?:put|create|part|complete|other)$/) / run.allRecordings),
      catalogs: middle((run) => countOf(run, /^stored\.catalogs$/) / run.allRecordings),
    },
    connections: middle((run) => countOf(run, /^connections\./)),
    throttled: middle((run) => run.counts['api.throttled'] ?? 0),
    receivesWasted: middle(
      (run) => (run.drive?.phases.at(-1)?.handedBack ?? 0) + countOf(run, /^sqs\.deferred/),
    ),
    leftOver: middle(leftOverOf),
    timesOurs: undefined,
    start: starts.length === 0 ? undefined : mediansOf(starts),
  }
}

function startOf(drive: DriveResult): StartFigures | undefined {
  const { bootCpuMs, bootWallMs, importCpuMs, importWallMs, phases } = drive
  const cpuOf = (name: string): number => {
    const phase = phases.find((candidate) => candidate.name === name)
    return phase === undefined ? Number.NaN : phase.userMs + phase.systemMs
  }
  const first = cpuOf('first')
  const early = first + cpuOf('early')
  const start = bootCpuMs + importCpuMs
  if (Number.isNaN(early)) return undefined
  return {
    bootCpuMs,
    bootWallMs,
    importCpuMs,
    importWallMs,
    first10Ms: first / 10,
    first200Ms: early / 200,
    first10WithStartMs: (start + first) / 10,
    first200WithStartMs: (start + early) / 200,
  }
}

function mediansOf(starts: readonly StartFigures[]): StartFigures {
  const names = Object.keys(starts[0] ?? {}) as (keyof StartFigures)[]
  return Object.fromEntries(
    names.map((name) => [name, median(starts.map((start) => start[name]))]),
  ) as unknown as StartFigures
}
