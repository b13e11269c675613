import { toWholeFrames } from './recording-id.ts'
import { dayOfCalls, KB, MB, sameSize } from './sizes.ts'

export const WORKLOADS = [
  'small',
  'medium',
  'large',
  'huge',
  'mixed',
  'limited',
  'tls-small',
  'tls-large',
] as const
export type WorkloadName = (typeof WORKLOADS)[number]

/** What is archived, and against what cloud. */
export interface Workload {
  readonly name: WorkloadName
  readonly title: string
  /** Bytes of each recording that is measured. */
  readonly sizes: readonly number[]
  /** Recordings of 200 KB that a process which lives on archives before it is measured; 0 measures it just started. */
  readonly warmUp: number
  /** How many of the recordings a variant gets that starts a process for each. */
  readonly oneByOne: number
  readonly atOnce: number
  /** What the function believes its memory to be, in MB. */
  readonly memoryMb: number
  readonly tls: boolean
  readonly delayMs: number
  /** Requests to the API beyond this are answered 429; 0 is no limit. */
  readonly getsPerSecond: number
}

const PLAIN = { warmUp: 0, atOnce: 16, memoryMb: 512, tls: false, delayMs: 0, getsPerSecond: 0 }

/** All workloads, in the order in which they are run. `quick` has fewer recordings of the same kinds. */
export function planWorkloads(quick: boolean): readonly Workload[] {
  const pick = (full: number, fewer: number): number => (quick ? fewer : full)
  const day = dayOfCalls(pick(600, 200))
  return [
    {
      ...PLAIN,
      name: 'small',
      title: 'calls of 200 KB',
      sizes: sameSize(pick(2000, 1000), 200 * KB),
      warmUp: 2000,
      oneByOne: pick(10, 3),
    },
    {
      ...PLAIN,
      name: 'medium',
      title: 'recordings of 5 MB',
      sizes: sameSize(pick(200, 60), 5 * MB),
      warmUp: 200,
      oneByOne: pick(10, 3),
    },
    {
      ...PLAIN,
      name: 'large',
      title: 'recordings of 100 MB, 16 at once',
      sizes: sameSize(16, 100 * MB),
      oneByOne: pick(8, 4),
      memoryMb: 512,
    },
    {
      ...PLAIN,
      name: 'huge',
      title: quick ? 'one of 400 MB' : 'one of 1 GB',
      sizes: sameSize(1, pick(1000, 400) * MB),
      oneByOne: 1,
      memoryMb: 512,
    },
    {
      ...PLAIN,
      name: 'mixed',
      title: "a day's calls, log-normal around 400 KB, and conferences of two hours",
      sizes: day,
      warmUp: pick(2000, 500),
      oneByOne: pick(10, 3),
    },
    {
      ...PLAIN,
      name: 'limited',
      title: "a day's calls at 30 ms a hop, the API answering 50 requests a second",
      sizes: dayOfCalls(pick(500, 250)).map((bytes) => toWholeFrames(Math.min(bytes, 2 * MB))),
      oneByOne: 0,
      memoryMb: 512,
      delayMs: 30,
      getsPerSecond: 50,
    },
    {
      ...PLAIN,
      name: 'tls-small',
      title: 'calls of 200 KB, TLS on both sides',
      sizes: sameSize(pick(1000, 400), 200 * KB),
      warmUp: pick(1000, 500),
      oneByOne: pick(10, 3),
      tls: true,
    },
    {
      ...PLAIN,
      name: 'tls-large',
      title: 'recordings of 100 MB, TLS on both sides',
      sizes: sameSize(4, 100 * MB),
      warmUp: 200,
      oneByOne: pick(4, 2),
      memoryMb: 512,
      tls: true,
    },
  ]
}
