import { join, relative } from 'node:path'
import { createKeys } from '../../archive/keys.ts'
import type { SandboxReady } from '../../sandbox/sandbox-ready.ts'
import { alignRows, count, formatBytes, formatDuration, style } from '../print.ts'
import type { DemoCheck } from './check.ts'
import type { DemoPlan } from './plan.ts'
import type { DemoRun } from './run.ts'
import { describeSweep } from './sweep-summary.ts'
import type { DemoSweep } from './sweep.ts'

/** All that a summary tells of. */
export interface DemoReport {
  readonly directory: string
  readonly ready: SandboxReady
  readonly plan: DemoPlan
  readonly run: DemoRun
  readonly check: DemoCheck
  readonly sweep: DemoSweep
  /** Where the function's log was written. */
  readonly logFile: string
  readonly killed: boolean
}

/** The summary for people, as lines; the verdict of the check follows it. */
export function describeRun(report: DemoReport): string[] {
  const { plan, run } = report
  const head = `${count(plan.deliveries.length, 'message')} worked off in ${formatDuration(run.durationMs)}`
  return [
    '',
    style('bold', head),
    '',
    ...describeOutcomes(report),
    '',
    style('bold', 'Healed on the way'),
    ...describeTroubles(report),
    '',
    style('bold', 'Dead letters'),
    ...describeDeadLetters(report),
    '',
    ...describeSweep(report.sweep),
    '',
    style('bold', 'Look for yourself'),
    ...describePlaces(report),
    '',
    style('bold', 'Try next'),
    ...describeNext(report),
    '',
  ]
}

function describeOutcomes({ run, check }: DemoReport): string[] {
  const { tally } = run
  const skipped = [...tally.skipped.values()]
  const absent = skipped.filter((status) => status === 'absent').length
  return alignRows([
    ['archived', String(tally.archived.size), `${formatBytes(tally.bytes)} in all`],
    ['already archived', String(tally.repeats), 'delivered again; left as they were'],
    [
      'nothing to archive',
      String(skipped.length),
      `${absent} absent, ${skipped.length - absent} failed on Bird's side`,
    ],
    ['dead letters', String(check.deadLetters.length), 'kept for a person to look at, see below'],
  ])
}

/** What went wrong and was put right without anybody's help. */
function describeTroubles({ run, check, killed }: DemoReport): string[] {
  const { tally } = run
  const rows: [name: string, number: string, remark: string][] = [
    ['not available yet', String(tally.deferrals), 'sent to the back of the queue until they were'],
    ['asked again', String(sum(tally.requestsAgain)), `requests answered ${list(tally.requestsAgain)}`],
    ['throttled', String(tally.throttled), 'sent again later, as Bird asked'],
    ['resumed', String(check.bucket.resumptions), 'broken transfers that went on where they had stopped'],
    ['fetched anew', String(tally.transfersAgain), 'bodies that were cut short or no audio: none was stored'],
    ['delivered again', String(sum(tally.failures)), `failed deliveries: ${list(tally.failures)}`],
  ]
  if (killed) rows.push(['cloud killed', '1', 'with kill -9, half-way, and started again on the same files'])
  return alignRows(rows.filter(([, number]) => number !== '0'))
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, number) => total + number, 0)
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, number]) => `${name} ${number}`)
    .join(', ')
}

function describeDeadLetters({ run, check }: DemoReport): string[] {
  return check.deadLetters.flatMap(({ recordingId, reason, detail }) => {
    const failure = run.tally.failing.get(recordingId ?? '')
    const by = reason === undefined ? ' (given up by SQS after 5 deliveries)' : ''
    return [
      `  ${style('yellow', reason ?? failure?.reason ?? 'unknown')}${by}  ${recordingId ?? ''}`.trimEnd(),
      `    ${style('dim', detail ?? failure?.detail ?? 'the log says no more')}`,
    ]
  })
}

function describePlaces({ directory, ready, plan, sweep, logFile }: DemoReport): string[] {
  const keys = createKeys('')
  const { workspaceId } = ready.bird
  const bucket = join(directory, 's3', ready.s3.bucket)
  // One that is long enough to hear something, and short enough to hear it out.
  const example =
    plan.calls.find(({ expected, audio }) => {
      const seconds = audio?.seconds ?? 0
      return expected === 'archived' && seconds >= 8 && seconds <= 25
    }) ?? plan.calls.find(({ expected }) => expected === 'archived')
  const id = example?.recordingId ?? ''
  const attested = sweep.ledgers.filter(({ attestation }) => attestation !== null)
  const fullest = attested.toSorted((a, b) => b.archived.length - a.archived.length)[0]
  return alignRows([
    ['a recording', '', shortPath(join(bucket, keys.audio(workspaceId, id)))],
    ['its sidecar', '', shortPath(join(bucket, keys.sidecar(workspaceId, id)))],
    ['the catalog', '', shortPath(join(bucket, 'catalog'))],
    ...(fullest?.attestation
      ? [["a day's attestation", '', shortPath(join(bucket, fullest.attestation.key))] as const]
      : []),
    ["the function's log", '', shortPath(logFile)],
  ])
}

function describeNext({ directory, plan, sweep }: DemoReport): string[] {
  const place = shortPath(directory)
  const data = place === '.sandbox' ? '' : ` --data ${place}`
  const id = plan.toArchive[0]?.recordingId ?? ''
  const from = sweep.range.from.toISOString().slice(0, 10)
  return alignRows([
    [`npm run demo --${data} --keep`, '', 'the same messages again: nothing is stored twice'],
    [`npm run demo --${data} --chaos`, '', 'the cloud is killed half-way: nothing is lost'],
    [`npm run sandbox -- --data ${place}`, '', 'this cloud again, for your own experiments'],
    [
      `npm run bird-archive -- report --from ${from}`,
      '',
      "with that cloud's env (docs/sandbox.md): every day's attestation",
    ],
    [
      `npm run bird-archive -- find --from ${from}`,
      '',
      'likewise: what is archived; then show, get, link: docs/retrieve.md',
    ],
    [`grep ${id.slice(0, 8)} ${join(place, 'function.log')}`, '', 'what happened to one recording'],
    ['npm run bird-archive -- --help', '', 'archive from your own workspace into your own bucket'],
  ])
}

/** As somebody in the current directory would write it. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}

/** What the check from outside came to, as lines. */
export function describeVerdict(report: DemoReport, violations: readonly string[]): string[] {
  const { run, sweep } = report
  const { bucket, deadLetters } = report.check
  if (violations.length > 0)
    return [
      style(['bold', 'red'], `The check from outside found ${count(violations.length, 'violation')}:`),
      ...violations.map((violation) => `  ${style('red', '✗')} ${violation}`),
    ]
  const tick = (text: string): string => `  ${style('green', '✓')} ${text}`
  const leftovers = bucket.unfinishedUploads.length
  return [
    style('bold', "Checked from outside, through S3, SQS and Bird's list"),
    tick(
      `${count(bucket.proven, 'recording')} (${formatBytes(bucket.provenBytes)}) read again: SHA-256 as Bird has it`,
    ),
    tick('each is there once, with a sidecar that agrees, locked, and in the catalog'),
    tick("nothing else is in the bucket, but the archiver's own records"),
    tick(
      `every message is accounted for: queue empty, ${count(deadLetters.length, 'dead letter')} as expected`,
    ),
    tick(
      `${count(sweep.listed.length, 'recording')} in Bird's list, each in exactly one line of the sweep, the right one`,
    ),
    tick(
      `${count(sweep.attestations.size, 'attestation')} read again: every recording of the day, SHA-256 as Bird has it`,
    ),
    tick(
      `${count(run.lines.length + sweep.log.length, 'line')} of log searched: no key, no link, no phone number`,
    ),
    ...(leftovers > 0
      ? [
          `  ${style('dim', `· ${count(leftovers, 'upload')} broken off by a kill; a bucket's lifecycle rule clears such`)}`,
        ]
      : []),
  ]
}
