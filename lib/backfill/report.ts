import { digestOfWindows } from './attest.ts'
import type { Line } from './judge.ts'
import { type Entry, isUnexplained, type Ledger } from './ledger.ts'
import { countDays, type Range } from './window.ts'

const REPORT_SCHEMA = 'urn:bird-recording-archiver:backfill-report:1'

/** Recordings of one line with one reason. */
export interface Group {
  count: number
  /** The earliest moment at which a sweep met one of them. */
  oldest: Date | undefined
}

/** A recording that somebody may have to look at. */
export interface Named extends Pick<Entry, 'recordingId' | 'line' | 'reason' | 'firstSeenAt'> {
  readonly window: string
}

/** What a range of windows comes to: every recording of theirs in exactly one line. Grows with reasons, not with recordings. */
export interface Report {
  readonly workspaceId: string
  readonly range: Range
  /** By line, by reason. */
  readonly lines: Map<Line, Map<string, Group>>
  /** Windows that have a ledger, split ones by their parts; and those of them that are attested, with their digests. */
  windows: number
  readonly attested: Map<string, string>
  /** Days of the range without a ledger, and parts of split ones. */
  readonly unswept: string[]
  /** Windows whose list did not come to its end, with the reason. */
  readonly cutShort: Map<string, string>
  /** Windows that two listings in a row agree on. */
  agreed: number
  strays: number
  /** Items of Bird's list that have not even an id. */
  nameless: number
  /** What time alone will not mend: at most {@link MOST_NAMED}, the windows' ledgers name all. */
  readonly unexplained: Named[]
  unexplainedCount: number
  /** What Bird is not done with, likewise. */
  readonly notYet: Named[]
}

export const MOST_NAMED = 1000

export function startReport(workspaceId: string, range: Range): Report {
  return {
    workspaceId,
    range,
    lines: new Map(),
    windows: 0,
    attested: new Map(),
    unswept: [],
    cutShort: new Map(),
    agreed: 0,
    strays: 0,
    nameless: 0,
    unexplained: [],
    unexplainedCount: 0,
    notYet: [],
  }
}

/** Adds what a ledger says; one of a window that was split says nothing, its parts do. */
export function addLedger(report: Report, ledger: Ledger, now: Date): void {
  if (ledger.split) return
  if (ledger.sweptAt === null)
    // What is remembered there is counted all the same.
    report.unswept.push(ledger.window)
  else report.windows += 1
  addToLine(report, 'archived', 'archived', undefined, ledger.archived.length)
  for (const entry of ledger.open) addEntry(report, ledger.window, entry, now)
  if (ledger.attestation !== null) report.attested.set(ledger.window, ledger.attestation.digest)
  if (!ledger.listed.complete && ledger.sweptAt !== null)
    report.cutShort.set(ledger.window, ledger.listed.fault ?? 'the list was not read to its end')
  if (ledger.listed.agreed > 1) report.agreed += 1
  report.strays += ledger.listed.strays
  report.nameless += ledger.listed.nameless
}

function addEntry(report: Report, window: string, entry: Entry, now: Date): void {
  const { recordingId, line, reason, firstSeenAt } = entry
  addToLine(report, line, reason, firstSeenAt, 1)
  const named = { recordingId, line, reason, firstSeenAt, window }
  if (isUnexplained(entry, now)) {
    report.unexplainedCount += 1
    if (report.unexplained.length < MOST_NAMED) report.unexplained.push(named)
  } else if (line === 'not-yet' && report.notYet.length < MOST_NAMED) report.notYet.push(named)
}

function addToLine(report: Report, line: Line, reason: string, since: Date | undefined, count: number): void {
  if (count === 0) return
  const groups = report.lines.get(line) ?? new Map<string, Group>()
  report.lines.set(line, groups)
  const group = groups.get(reason) ?? { count: 0, oldest: undefined }
  groups.set(reason, group)
  group.count += count
  if (since !== undefined && (group.oldest === undefined || since < group.oldest)) group.oldest = since
}

/** Recordings of a line; of all lines together they are all recordings. */
export function countLine(report: Report, line: Line): number {
  return [...(report.lines.get(line)?.values() ?? [])].reduce((sum, { count }) => sum + count, 0)
}

export const LINES: readonly Line[] = [
  'archived',
  'sent',
  'not-yet',
  'nothing-to-archive',
  'dead-lettered',
  'refused',
]

export function countAll(report: Report): number {
  return LINES.reduce((sum, line) => sum + countLine(report, line), 0)
}

/** The earliest moment since which Bird has not been done with a recording. */
export function oldestNotYet(report: Report): Date | undefined {
  const dates = [...(report.lines.get('not-yet')?.values() ?? [])].flatMap(({ oldest }) => oldest ?? [])
  return dates.toSorted((a, b) => a.getTime() - b.getTime())[0]
}

/** Everything that a person has to look at, windows counted as one each. */
export function countUnexplained(report: Report): number {
  return report.unexplainedCount + report.nameless + report.cutShort.size
}

/** Whether every window of the range is attested. */
export function isAttested(report: Report): boolean {
  return report.unswept.length === 0 && report.windows > 0 && report.attested.size === report.windows
}

/** Bird's own count, where it could be had, and how many recordings the ledgers of all days know. */
export type BirdCount =
  | { readonly counter: number; readonly known: number; readonly updatedAt: string | undefined }
  | { readonly fault: string }
  | undefined

/** One thing that completeness rests on. `unknown` says nothing against it. */
export interface Ground {
  readonly holds: 'yes' | 'no' | 'unknown'
  readonly text: string
}

/** How sure it is that no recording of the range is missing in the report, and on what grounds. */
export function judgeCompleteness(
  report: Report,
  bird: BirdCount,
): { readonly sure: boolean; readonly grounds: readonly Ground[] } {
  const { unswept, cutShort, agreed, windows, strays, nameless } = report
  const days = countDays(report.range)
  // Of a day that was split, parts may be missing.
  const missed = new Set(unswept.map((name) => name.slice(0, 10))).size
  const ground = (isGood: boolean, good: string, bad: string): Ground =>
    isGood ? { holds: 'yes', text: good } : { holds: 'no', text: bad }
  const grounds = [
    ground(
      missed === 0,
      `every day was swept (${days})`,
      `${missed} of ${days} days were never swept, or not in full`,
    ),
    ground(
      cutShort.size === 0,
      'every list was read to its end',
      `the list of ${cutShort.size} windows broke off`,
    ),
    ground(
      agreed === windows,
      'two listings in a row named the same recordings in every window',
      `in ${windows - agreed} of ${windows} windows two listings are yet to agree`,
    ),
    ground(
      strays === 0,
      "Bird's filter goes by createdAt, as the windows do",
      `${strays} recordings were listed far from the time that was asked for: they were looked after, but Bird's filter does not go by createdAt`,
    ),
    ground(
      nameless === 0,
      'every item of the list could be read',
      `${nameless} items of the list have no readable id`,
    ),
    compareCounts(bird),
  ]
  return { sure: grounds.every(({ holds }) => holds !== 'no'), grounds }
}

/** What Bird counts is not documented, so fewer here than there is a question and not a proof. */
function compareCounts(bird: BirdCount): Ground {
  if (bird === undefined)
    return {
      holds: 'unknown',
      text: "Bird's own count covers all time, and was not compared with this range",
    }
  if ('fault' in bird) return { holds: 'unknown', text: `Bird's own count could not be had: ${bird.fault}` }
  const { counter, known } = bird
  const text = `Bird counts ${counter.toLocaleString('en')} recordings in all, ${known.toLocaleString('en')} are known here`
  return known >= counter
    ? { holds: 'yes', text }
    : {
        holds: 'unknown',
        text: `${text}: it may count deleted ones, or days before the first that was swept`,
      }
}

/** Writes the report as it is kept in the bucket. */
export function writeReport(report: Report, bird: BirdCount, now: Date, version: string): string {
  const { workspaceId, range, windows, attested, unswept, cutShort, notYet, unexplained } = report
  const document = {
    schema: REPORT_SCHEMA,
    workspaceId,
    range: { from: range.from.toISOString(), to: range.to.toISOString() },
    reportedAt: now.toISOString(),
    archiver: { name: 'bird-recording-archiver', version },
    recordings: countAll(report),
    lines: Object.fromEntries(LINES.map((line) => [line, describeLine(report, line)])),
    windows: { swept: windows, attested: attested.size, unswept, cutShort: Object.fromEntries(cutShort) },
    attestedDigest: isAttested(report) ? digestOfWindows(attested) : null,
    completeness: judgeCompleteness(report, bird),
    bird: bird ?? null,
    notYet,
    unexplained,
    unexplainedCount: countUnexplained(report),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function describeLine(report: Report, line: Line): object {
  const groups = [...(report.lines.get(line) ?? [])].map(([reason, { count, oldest }]) => ({
    reason,
    count,
    since: oldest ?? null,
  }))
  return { count: countLine(report, line), reasons: groups }
}
