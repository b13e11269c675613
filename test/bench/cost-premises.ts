/** Lambda's memory sizes that are compared, in its MB of 2^20 bytes; at the last one it gives a whole vCPU. */
export const MEMORY_MB = [128, 256, 512, 1024, 1769] as const
export const WHOLE_VCPU_MB = 1769

/** US dollars each, before free tiers: us-east-1, Lambda on arm64. An `s3Write` is PUT or POST, parts included. */
export const DOLLARS = {
  gbSecond: 0.0000133334,
  invocation: 0.2e-6,
  s3Write: 5e-6,
  s3Read: 0.4e-6,
  sqs: 0.4e-6,
} as const

/**
 * What infra/numbers.yml makes of one function instance: its batches, and its share of Bird's limit in GET/s as it was for
 * the published run. Since then the sweeps have a share, too, and 8.75 are left (docs/benchmarks.md, "What it costs").
 */
export const DEPLOYED = { batchSize: 20, concurrency: 16, getsPerSecond: 10 } as const
/** GETs that lib/bird/pace.ts lets through at once after a pause: those of a quarter of a second. */
export const BURST_GETS = DEPLOYED.getsPerSecond / 4

/**
 * What one machine cannot tell: a round trip; what an instance moves, in MB (10^6 bytes) a second; how many batches a
 * process lives for (Lambda Developer Guide: cold starts are typically under 1 % of invocations).
 */
export const ASSUMED = { hopMs: 30, linkMbPerSecond: 72, batchesOfProcess: 100 } as const

/** The part of the memory that is kept free of the highest resident set measured. */
export const HEADROOM = 0.1

/** Messages that one request to SQS sends, receives or deletes at most. */
export const SQS_MESSAGES = 10

/** A way in which recordings come. */
export interface Scenario {
  readonly name: 'alone' | 'tens' | 'backfill' | 'conferences'
  /** Messages of a batch, and of a request that sends them. */
  readonly batchSize: number
  readonly sentTogether: number
  /** GET/s to Bird; undefined where nothing holds a batch up. */
  readonly getsPerSecond: number | undefined
}

const { batchSize, getsPerSecond } = DEPLOYED
export const SCENARIOS: readonly Scenario[] = [
  { name: 'alone', batchSize: 1, sentTogether: 1, getsPerSecond },
  { name: 'tens', batchSize: 10, sentTogether: 1, getsPerSecond: undefined },
  { name: 'backfill', batchSize, sentTogether: SQS_MESSAGES, getsPerSecond },
  { name: 'conferences', batchSize, sentTogether: SQS_MESSAGES, getsPerSecond },
]
