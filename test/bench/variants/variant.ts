import type { Cloud } from '../cloud.ts'
import type { DriveResult } from '../drive-plan.ts'
import type { Measure, Usage } from '../measure.ts'
import type { Tools } from '../tools.ts'
import type { Workload } from '../workloads.ts'

/** One run of one variant on one workload. */
export interface Job {
  readonly workload: Workload
  /** Recordings of 200 KB that come before the measured ones; empty for all but functions. */
  readonly warmUp: readonly string[]
  /** The measured recordings. */
  readonly ids: readonly string[]
  readonly cloud: Cloud
  readonly tools: Tools
  readonly measure: Measure
  /** For the run's files; removed with everything else. */
  readonly directory: string
}

/** What a run has cost; `userSeconds` and the like are of the measured recordings alone. */
export interface Cost {
  readonly userSeconds: number
  readonly systemSeconds: number
  readonly wallSeconds: number
  readonly maxRssKb: number
  /** What went wrong, in words; undefined when nothing did. */
  readonly problem: string | undefined
  /** Of variants that live on: what came before. */
  readonly drive?: DriveResult
}

/** A way to archive recordings. */
export interface Variant {
  readonly name: string
  readonly title: string
  /** The command that it needs and Debian's package for it. */
  readonly needs?: { readonly command: string; readonly package: string }
  /**
   * A `function` lives on from batch to batch and does all that an archiver does; the `limit` does so, too, and is no
   * peer; of a `tool` a process is started for each recording, which fetches and stores the audio alone.
   */
  readonly kind: 'function' | 'limit' | 'tool'
  runsOn(workload: Workload): boolean
  run(job: Job): Promise<Cost>
}

/** A command's usage as a run's cost. */
export function costOf(usage: Usage): Cost {
  const { userSeconds, systemSeconds, wallSeconds, maxRssKb, exitCode, complaint } = usage
  const problem = exitCode === 0 ? undefined : `exit code ${exitCode}: ${complaint}`
  return { userSeconds, systemSeconds, wallSeconds, maxRssKb, problem }
}
