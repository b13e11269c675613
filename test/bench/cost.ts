import { type BatchTime, billedSeconds, meanCpuMs } from './batch-time.ts'
import {
  ASSUMED,
  BURST_GETS,
  DOLLARS,
  HEADROOM,
  MEMORY_MB,
  type Scenario,
  SCENARIOS,
  SQS_MESSAGES,
  WHOLE_VCPU_MB,
} from './cost-premises.ts'
import type { Figures } from './figures.ts'
import { MB } from './sizes.ts'

/** What a scenario costs: a million recordings of 200 KB, or a terabyte (10^12 bytes) of conferences of 100 MB. */
export interface CostTable {
  readonly scenario: Scenario['name']
  readonly batch: BatchTime
  readonly maxRssMb: number
  /** For each recording. */
  readonly requests: Readonly<Record<Request, number>>
  /** US dollars for all of them, whatever the memory. */
  readonly dollars: Readonly<Record<Request, number>>
  readonly rows: readonly CostRow[]
}
type Request = 's3Write' | 's3Read' | 'sqs' | 'invocation'

/** One memory size. GB-s and dollars are for all recordings, the seconds of a batch an average over a process. */
export interface CostRow {
  readonly memoryMb: number
  readonly vcpu: number
  readonly batchSeconds: number
  /** CPU of a process's start and first ten recordings, in seconds at this `vcpu`; undefined for conferences. */
  readonly startSeconds: number | undefined
  readonly gbSeconds: number
  /** Time and invocations. */
  readonly lambdaDollars: number
  readonly totalDollars: number
  readonly verdict: 'cheapest' | 'does not fit' | undefined
}

/** The scenarios that there are figures of this archiver for; CPU with TLS where that was measured, as on AWS. */
export function modelCost(figures: readonly Figures[]): CostTable[] {
  const ours = figures.filter(({ variant }) => variant === 'ours')
  return SCENARIOS.flatMap((scenario) => {
    const size = scenario.name === 'conferences' ? 'large' : 'small'
    const plain = ours.find(({ workload }) => workload === size)
    const timed = ours.find(({ workload }) => workload === `tls-${size}`) ?? plain
    return plain === undefined || timed === undefined ? [] : [tableOf(scenario, plain, timed)]
  })
}

function tableOf(scenario: Scenario, counted: Figures, timed: Figures): CostTable {
  const { batchSize, sentTogether, getsPerSecond = Infinity } = scenario
  const isLarge = scenario.name === 'conferences'
  const megabytes = counted.megabytes / counted.recordings
  const recordings = isLarge ? 1e6 / megabytes : 1e6
  const start = isLarge ? undefined : timed.start
  const { bird, media, s3Reads, s3Writes, catalogs } = counted.requests
  // The benchmark's S3 is a configured endpoint: of such a one the archiver asks first whether the key of a body that
  // it sends whole is free. Of S3 itself it does not; of the key of a large body it asks everywhere.
  const s3Read = s3Reads - (isLarge ? 0 : 1)
  const s3WriteAlone = s3Writes - catalogs
  const requests = {
    s3Write: s3WriteAlone + 1 / batchSize,
    s3Read,
    sqs: 1 / sentTogether + (2 * Math.ceil(batchSize / SQS_MESSAGES)) / batchSize,
    invocation: 1 / batchSize,
  }
  const dollars = {
    s3Write: requests.s3Write * DOLLARS.s3Write * recordings,
    s3Read: requests.s3Read * DOLLARS.s3Read * recordings,
    sqs: requests.sqs * DOLLARS.sqs * recordings,
    invocation: requests.invocation * DOLLARS.invocation * recordings,
  }
  const warmMs = timed.cpuMsPerRecording
  const cpuMs = start ? meanCpuMs(batchSize * ASSUMED.batchesOfProcess, warmMs, start) : warmMs
  const batch = {
    size: batchSize,
    cpu: (batchSize * cpuMs) / 1000,
    pace: Math.max(
      (batchSize * bird - BURST_GETS) / getsPerSecond,
      (batchSize * megabytes) / ASSUMED.linkMbPerSecond,
    ),
    // One less, because the sidecar is looked for while Bird is asked; one more, the catalog after all the rest.
    hops: ((bird + media + s3Read + s3WriteAlone - 1 + 1) * ASSUMED.hopMs) / 1000,
  }
  const maxRssMb = Math.max(counted.maxRssMb, timed.maxRssMb)
  const startCpuMs = start && 10 * start.first10WithStartMs
  const rows = MEMORY_MB.map((memoryMb) => rowOf(memoryMb, batch, recordings, dollars, maxRssMb, startCpuMs))
  const fitting = rows.filter(({ verdict }) => verdict === undefined)
  const least = Math.min(...fitting.map(({ totalDollars }) => totalDollars))
  return {
    scenario: scenario.name,
    batch,
    maxRssMb,
    requests,
    dollars,
    rows: rows.map((row) =>
      fitting.includes(row) && row.totalDollars === least ? { ...row, verdict: 'cheapest' } : row,
    ),
  }
}

function rowOf(
  memoryMb: number,
  batch: BatchTime,
  recordings: number,
  dollars: CostTable['dollars'],
  maxRssMb: number,
  startCpuMs: number | undefined,
): CostRow {
  const vcpu = Math.min(1, memoryMb / WHOLE_VCPU_MB)
  const batchSeconds = billedSeconds(batch, vcpu)
  const gbSeconds = (recordings / batch.size) * batchSeconds * (memoryMb / 1024)
  const lambdaDollars = gbSeconds * DOLLARS.gbSecond + dollars.invocation
  return {
    memoryMb,
    vcpu,
    batchSeconds,
    startSeconds: startCpuMs && startCpuMs / 1000 / vcpu,
    gbSeconds,
    lambdaDollars,
    totalDollars: lambdaDollars + dollars.s3Write + dollars.s3Read + dollars.sqs,
    verdict: maxRssMb * MB > (1 - HEADROOM) * memoryMb * 2 ** 20 ? 'does not fit' : undefined,
  }
}
