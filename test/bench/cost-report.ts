import type { CostTable } from './cost.ts'
import { ASSUMED, BURST_GETS, DEPLOYED, DOLLARS, HEADROOM } from './cost-premises.ts'

const { batchSize, getsPerSecond } = DEPLOYED
/** A batch of ten makes twenty GETs. */
const TEN_PACED_SECONDS = (20 - BURST_GETS) / getsPerSecond

const TITLES: Readonly<Record<CostTable['scenario'], string>> = {
  alone: 'calls that end one by one, a batch of one: a million of 200 KB',
  tens: `ten a batch, without Bird's pace (which alone takes ${TEN_PACED_SECONDS} s): a million of 200 KB`,
  backfill: `a backfill, ${batchSize} a batch at ${getsPerSecond} GET/s of Bird's: a million of 200 KB`,
  conferences: `a backfill of conferences, ${batchSize} a batch: a terabyte in recordings of 100 MB`,
}

/** The model's tables, in Markdown that people can read as it stands; at most 100 columns. */
export function writeCost(tables: readonly CostTable[]): string[] {
  if (tables.length === 0) return []
  const { hopMs, linkMbPerSecond, batchesOfProcess } = ASSUMED
  const million = (request: keyof CostTable['dollars']): string => `$${(DOLLARS[request] * 1e6).toFixed(2)}`
  return [
    '',
    'cost: what AWS would charge for the figures above, by a model; us-east-1, arm64, no free tier',
    "A batch is billed for the longest of Bird's pace, the network and CPU / vCPU, which overlap, and",
    'then for the hops of its last recording, which nothing overlaps.',
    `Assumed: ${hopMs} ms a hop, ${linkMbPerSecond} MB/s, a vCPU like the core here, a cold start in ${batchesOfProcess} batches.`,
    `Prices of a million: S3 writes ${million('s3Write')}, S3 reads ${million('s3Read')}, SQS ${million('sqs')}, invocations ` +
      `${million('invocation')}; GB-s $${(DOLLARS.gbSecond * 1e6).toFixed(4)}.`,
    `A size fits if the largest resident set leaves ${HEADROOM * 100} % of it. Retention, not in here, adds one HEAD.`,
    'In brackets: requests for each recording.',
    ...tables.flatMap(writeTable),
  ]
}

function writeTable({ scenario, batch, requests, dollars, rows, maxRssMb }: CostTable): string[] {
  const hasStart = rows.some(({ startSeconds }) => startSeconds !== undefined)
  const header = ['MB', 'vCPU', 'a batch, s', ...(hasStart ? ['start and first 10, s'] : []), 'GB-s']
  header.push('Lambda $', 'total $', '')
  const cells = rows.map((row) => [
    row.memoryMb.toLocaleString('en'),
    row.vcpu.toFixed(2),
    row.batchSeconds.toFixed(2),
    ...(hasStart ? [row.startSeconds?.toFixed(2) ?? ''] : []),
    Math.round(row.gbSeconds).toLocaleString('en'),
    row.lambdaDollars.toFixed(2),
    row.totalDollars.toFixed(2),
    row.verdict ?? '',
  ])
  const item = (name: string, request: keyof typeof requests): string =>
    `${name} $${dollars[request].toFixed(2)} (${requests[request].toFixed(2)})`
  return [
    '',
    TITLES[scenario],
    `A batch: CPU ${batch.cpu.toFixed(3)} s on one vCPU, pace or network ${batch.pace.toFixed(2)} s, ` +
      `hops ${batch.hops.toFixed(2)} s; RSS ${maxRssMb.toFixed(0)} MB.`,
    `${item('S3 writes', 's3Write')}, ${item('S3 reads', 's3Read')}, ${item('SQS', 'sqs')}, ` +
      `${item('invocations', 'invocation')}.`,
    '',
    ...toMarkdown([header, ...cells]),
  ]
}

/** Numbers to the right, the last column to the left. */
function toMarkdown(rows: readonly (readonly string[])[]): string[] {
  const [header = [], ...body] = rows
  const widths = header.map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? '').length)))
  const isLast = (column: number): boolean => column === header.length - 1
  const write = (row: readonly string[]): string => {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? ''
      return isLast(column) ? cell.padEnd(width) : cell.padStart(width)
    })
    return `| ${cells.join(' | ')} |`
  }
  const rule = widths.map((width, column) =>
    isLast(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return [write(header), write(rule), ...body.map(write)]
}
