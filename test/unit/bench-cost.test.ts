import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { billedSeconds, meanCpuMs } from '../bench/batch-time.ts'
import { modelCost } from '../bench/cost.ts'
import { DEPLOYED } from '../bench/cost-premises.ts'
import { writeCost } from '../bench/cost-report.ts'
import { type Figures, type StartFigures, summarize } from '../bench/figures.ts'
import type { Run } from '../bench/run.ts'

const start: StartFigures = {
  bootCpuMs: 100,
  bootWallMs: 0,
  importCpuMs: 80,
  importWallMs: 0,
  first10Ms: 10,
  first200Ms: 2.4,
  first10WithStartMs: 28,
  first200WithStartMs: 3.3,
}

/** A hundred recordings of 200 KB, batches of twenty: 1 ms of CPU each, and five catalogs. */
const run: Run = {
  workload: 'small',
  variant: 'ours',
  kind: 'function',
  recordings: 100,
  bytes: 20_000_000,
  allRecordings: 100,
  allBytes: 20_000_000,
  userSeconds: 0.08,
  systemSeconds: 0.02,
  wallSeconds: 1,
  maxRssKb: 160_000,
  problem: undefined,
  counts: {
    'api.metadata': 100,
    'api.link': 100,
    'media.get': 100,
    's3.get': 100,
    's3.head': 200,
    's3.put': 205,
    's3.taken': 3,
    's3.abort': 4,
    'stored.catalogs': 5,
  },
}
/** Sixteen of 100 MB in parts of 8 MiB: 2 s of CPU a GB. */
const largeRun: Run = {
  ...run,
  workload: 'large',
  recordings: 16,
  allRecordings: 16,
  bytes: 1_600_000_000,
  allBytes: 1_600_000_000,
  userSeconds: 3.2,
  systemSeconds: 0,
  maxRssKb: 190_000,
  counts: {
    'api.metadata': 16,
    'api.link': 16,
    'media.get': 16,
    's3.get': 16,
    's3.head': 32,
    's3.put': 17,
    's3.create': 16,
    's3.part': 192,
    's3.complete': 16,
    'stored.catalogs': 1,
  },
}
const figures = (...runs: readonly Run[]): Figures[] =>
  summarize(runs).map((row) => (row.workload.endsWith('small') ? { ...row, start } : row))
const tables = modelCost(figures(run, largeRun))
const tableOf = (name: string) => tables.find(({ scenario }) => scenario === name)

describe('a batch is billed for', () => {
  test.each([
    ['CPU at the whole of a vCPU, then its hops', { size: 10, cpu: 0.5, pace: 0, hops: 0.2 }, 1, 0.7],
    ['CPU stretched by the share of one', { size: 10, cpu: 0.5, pace: 0, hops: 0.2 }, 0.25, 2.2],
    ['the pace, which CPU goes on beside', { size: 10, cpu: 0.5, pace: 3.75, hops: 0.2 }, 0.25, 3.95],
    ['the pace, until CPU takes longer', { size: 10, cpu: 0.5, pace: 3.75, hops: 0.2 }, 0.1, 5.2],
    ['those that wait for a turn of sixteen', { size: 33, cpu: 0.1, pace: 0, hops: 0.2 }, 1, 0.6],
  ])('%s', (_, batch, vcpu, seconds) => {
    expect(billedSeconds(batch, vcpu)).toBeCloseTo(seconds)
  })
})

test.each([
  // 180 for the start, 100 for the first ten, 2 each for the next, 1 each beyond two hundred.
  [100, 4.6],
  [200, 3.3],
  [1000, 1.46],
])('of %d recordings of a process each takes %d ms on average', (recordings, ms) => {
  expect(meanCpuMs(recordings, 1, start)).toBeCloseTo(ms)
})

test('requests are counted by what they are charged as', () => {
  expect(figures(run)[0]?.requests).toEqual({ bird: 2, media: 1, s3Reads: 3, s3Writes: 2.05, catalogs: 0.05 })
  expect(figures(largeRun)[0]?.requests).toMatchObject({ s3Reads: 3, s3Writes: 15.0625, catalogs: 0.0625 })
})

describe('requests for each recording', () => {
  test.each([
    // The HEAD that only a configured endpoint gets is taken off, and the catalog is one for each batch.
    ['alone', { s3Write: 3, s3Read: 2, sqs: 3, invocation: 1 }],
    ['tens', { s3Write: 2.1, s3Read: 2, sqs: 1.2, invocation: 0.1 }],
    ['backfill', { s3Write: 2.05, s3Read: 2, sqs: 0.3, invocation: 0.05 }],
    // Of large ones S3 itself is asked, too.
    ['conferences', { s3Write: 15.05, s3Read: 3, sqs: 0.3, invocation: 0.05 }],
  ])('%s', (name, requests) => {
    for (const [request, count] of Object.entries(requests))
      expect(tableOf(name)?.requests, request).toHaveProperty(request, expect.closeTo(count))
  })
})

describe('a batch lasts', () => {
  test.each([
    // Seven hops of 30 ms: metadata, link, audio, PUT, HEAD, sidecar, catalog.
    ['alone', { cpu: 0.0046, pace: 0.2 / 72, hops: 0.21 }],
    ['tens', { cpu: 0.0146, pace: 2 / 72, hops: 0.21 }],
    // Forty GETs, of which 2.5 need not wait, at ten a second.
    ['backfill', { cpu: 0.0246, pace: 3.75, hops: 0.21 }],
    // 2 GB at 72 MB/s; twelve parts, and their upload is begun, asked about and completed.
    ['conferences', { cpu: 4, pace: 2000 / 72, hops: 0.63 }],
  ])('%s', (name, seconds) => {
    for (const [part, length] of Object.entries(seconds))
      expect(tableOf(name)?.batch, part).toHaveProperty(part, expect.closeTo(length, 4))
  })
})

describe('a million recordings in a backfill', () => {
  const rows = tableOf('backfill')?.rows ?? []

  test('cost what Bird makes them last: 50,000 batches of 3.96 s', () => {
    expect(rows.map(({ memoryMb }) => memoryMb)).toEqual([128, 256, 512, 1024, 1769])
    expect(rows.map(({ batchSeconds }) => batchSeconds.toFixed(2))).toEqual(
      Array.from({ length: 5 }, () => '3.96'),
    )
    expect(rows[3]).toMatchObject({
      vcpu: expect.closeTo(0.5789, 4),
      startSeconds: expect.closeTo(0.4837, 4),
      gbSeconds: expect.closeTo(198_000),
      // 198,000 × 0.0000133334 and 50,000 × 0.0000002
      lambdaDollars: expect.closeTo(2.65, 4),
      // and 2.05 × 5, 2 × 0.4, 0.3 × 0.4
      totalDollars: expect.closeTo(13.82, 4),
    })
  })

  test('are cheapest in the smallest memory that 164 MB leave a tenth of', () => {
    expect(rows.map(({ verdict }) => verdict)).toEqual([
      'does not fit',
      'cheapest',
      undefined,
      undefined,
      undefined,
    ])
  })

  test.each([
    // 128 MB are 134.2 million bytes, of which 120.8 million may be taken.
    [117_900, 'cheapest'],
    [118_000, 'does not fit'],
  ])('%d KiB of memory: 128 MB are %s', (maxRssKb, verdict) => {
    const [, , backfill] = modelCost(figures({ ...run, maxRssKb }))
    expect(backfill?.rows[0]?.verdict).toBe(verdict)
  })
})

test('a terabyte of conferences is 500 batches, at 128 MB as long as CPU takes', () => {
  const row = tableOf('conferences')?.rows[0]
  // 4 × 1769 / 128 + 0.63
  expect(row?.batchSeconds).toBeCloseTo(55.911, 3)
  expect(row?.gbSeconds).toBeCloseTo(3494.45, 1)
  expect(row?.startSeconds).toBeUndefined()
  // 10,000 × (15.05 × 0.000005 + 3 × 0.0000004 + 0.3 × 0.0000004)
  expect((row?.totalDollars ?? 0) - (row?.lambdaDollars ?? 0)).toBeCloseTo(0.7657, 4)
})

test('what was measured with TLS counts, but for the requests; the larger resident set has to fit', () => {
  const tls: Run = { ...run, workload: 'tls-small', userSeconds: 0.28, maxRssKb: 150_000, counts: {} }
  const [alone, , backfill] = modelCost(figures(run, tls))
  expect(backfill?.maxRssMb).toBeCloseTo(163.84)
  expect(backfill?.requests.s3Read).toBe(2)
  // 3 ms warm: 680 for the first two hundred of two thousand, and 3 each.
  expect(backfill?.batch.cpu).toBeCloseTo((20 * (660 + 1800 * 3)) / 2000 / 1000)
  expect(alone?.batch.cpu).toBeCloseTo(0.0046)
})

test.each([
  ['nothing', [], []],
  ['conferences only', [largeRun], ['conferences']],
  ['someone else', [{ ...run, variant: 'naive' }], []],
])('of %s there is nothing else to model', (_, runs, scenarios) => {
  expect(modelCost(figures(...runs)).map(({ scenario }) => scenario)).toEqual(scenarios)
})

test('the tables are Markdown of at most 100 columns', () => {
  const lines = writeCost(tables)
  expect(lines.filter((line) => line.length > 100)).toEqual([])
  expect(lines).toContain(
    '| 1,024 | 0.58 |       3.96 |                  0.48 | 198,000 |     2.65 |   13.82 |              |',
  )
  expect(writeCost([])).toEqual([])
})

test('what the model says of the deployment is what infra/numbers.yml says', () => {
  const numbers = readFileSync('infra/numbers.yml', 'utf8')
  const number = (name: string): number => Number(new RegExp(`^  ${name}: (\\d+)`, 'm').exec(numbers)?.[1])
  expect(DEPLOYED).toEqual({
    batchSize: number('batchSize'),
    concurrency: number('concurrency'),
    getsPerSecond: number('requestsPerSecond') / number('maximumConcurrency'),
  })
})
