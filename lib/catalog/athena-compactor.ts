import { StoreError } from '../errors.ts'
import type { AthenaQueries } from './athena-queries.ts'
import type { ListDays } from './athena.ts'
import { byDay, findWritten, numberOf, type Written } from './compact-counts.ts'
import { type CompactExtent, toCountStatement, toFilesStatement, toInsertStatement } from './compact-sql.ts'
import { type Compacted, type Compactor, halvesOf, spansOf } from './compaction.ts'
import {
  type CatalogDay,
  describeReplaced,
  dropCovered,
  findReplaced,
  isCompact,
  membersOf,
} from './coverage.ts'
import type { CompactFile, WrittenManifest } from './manifest.ts'
import type { FoundRow } from './rows.ts'
import { type ListedSegment, locationOf } from './segments.ts'
import { type Days, type Statement, toUnreadableStatement } from './sql.ts'
import { describeLines, describeUnreadable, toBrokenLines } from './unreadable.ts'

export interface AthenaCompactorOptions {
  readonly queries: AthenaQueries
  readonly listDays: ListDays
  readonly bucket: string
  /** SHA-256 (hex) of an object as it was listed. */
  readonly digest: (file: ListedSegment, signal: AbortSignal) => Promise<string>
  readonly keepManifest: (
    workspaceId: string,
    day: string,
    manifest: WrittenManifest,
    signal: AbortSignal,
  ) => Promise<void>
  /** Looks again at what lies in the place of compacts; resolves to the day as it is then. */
  readonly renew: (workspaceId: string, day: CatalogDay, signal: AbortSignal) => Promise<CatalogDay>
  /** The first day of the tables' partition projection. */
  readonly firstDay: string
}

/** One INSERT writes to at most 100 partitions (Athena User Guide, "Use CTAS and INSERT INTO to work around the limit"). */
const DAYS_AT_ONCE = 50
/** More files than this are not left out of a statement one by one. */
const MAX_LEFT_OUT = 100
/** Stands in front of the statements, for whoever looks at Athena's history. */
const LABEL = 'compact'

/**
 * Has Athena write the rows of days into Parquet of its own. What it wrote is counted, and becomes what is read in place of
 * the rest by a manifest that is written last: until then, and where the numbers differ, it is one more file of the day.
 */
export function createAthenaCompactor(options: AthenaCompactorOptions): Compactor {
  const { queries, listDays, bucket, firstDay } = options

  /** Resolves to its id when it has succeeded. */
  const run = async (
    statement: Statement,
    days: readonly CatalogDay[],
    signal: AbortSignal,
  ): Promise<string> => {
    const id = await queries.begin(statement, LABEL, signal)
    const end = await queries.wait(id, NEVER, signal)
    if (end.kind === 'unreadable') throw new StoreError(describeUnreadable(end.said, days))
    if (end.kind !== 'succeeded') throw new StoreError(TOO_WIDE)
    return id
  }

  const ask = async (
    statement: Statement,
    days: readonly CatalogDay[],
    signal: AbortSignal,
  ): Promise<readonly FoundRow[]> => {
    const rows = await queries.rows(await run(statement, days, signal), signal)
    if (rows === undefined) throw new StoreError('compact: Athena does not have what it has just counted')
    return rows
  }

  /** What is to be said of lines that cannot be read, of each day; nothing of those that a rebuild has written since. */
  const explainLines = async (
    workspaceId: string,
    days: readonly CatalogDay[],
    rebuiltFrom: Date | undefined,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<CatalogDay, readonly string[]>> => {
    if (days.length === 0) return new Map()
    const names = days.map(({ day }) => day)
    const extent = { workspaceId, days: spanOf(days), looseDays: names }
    const broken = toBrokenLines(await ask(toUnreadableStatement(extent), days, signal))
    return new Map(
      days.map((day) => {
        const ofDay = broken.filter(({ location }) => location.includes(`/day=${day.day}/`))
        return [day, describeLines(ofDay, { bucket, days: [day], rebuiltFrom })]
      }),
    )
  }

  const compactDays = async (
    workspaceId: string,
    days: readonly CatalogDay[],
    rebuiltFrom: Date | undefined,
    signal: AbortSignal,
  ): Promise<readonly Compacted[]> => {
    const leftOut = days.flatMap(findReplaced).map((file) => locationOf(bucket, file))
    if (leftOut.length > MAX_LEFT_OUT) throw new StoreError(TOO_MANY)
    const extentOf = (some: readonly CatalogDay[]): CompactExtent => ({
      workspaceId,
      days: some.map(({ day }) => day),
      leftOut,
    })
    const counts = byDay(await ask(toCountStatement(extentOf(days)), days, signal))
    // A day of empty files has no row, and no count.
    const counted = days.filter(({ day }) => counts.has(day))
    const torn = counted.filter(({ day }) => numberOf(counts.get(day)?.[0], 'unreadable') > 0)
    const unread = await explainLines(workspaceId, torn, rebuiltFrom, signal)
    const whole = counted.filter((day) => (unread.get(day) ?? []).length === 0)
    if (whole.length > 0) await run(toInsertStatement(extentOf(whole)), days, signal)
    const files = byDay(await ask(toFilesStatement(extentOf(days)), days, signal))
    const listed = await listDays(workspaceId, spanOf(days), signal)
    const conclude = async (day: CatalogDay): Promise<Compacted> => {
      if (!counts.has(day.day)) return failed(day, ['it has several files, and no row in any of them'])
      if (!whole.includes(day)) return failed(day, unread.get(day) ?? [])
      const written = findWritten(day, files.get(day.day) ?? [], listed.days)
      const rows = numberOf(counts.get(day.day)?.[0], 'rows')
      if (written.rows !== rows || written.files.length === 0)
        return failed(day, [
          `${written.rows} rows were written of ${rows}: they are read beside the others, and the next run does it again`,
        ])
      await keep(workspaceId, day, written, options, signal)
      return {
        kind: 'compacted',
        day: day.day,
        keys: written.files.map(({ key }) => key),
        files: dropCovered(day).length,
        rows: written.rows,
        bytes: written.files.reduce((sum, { bytes }) => sum + bytes, 0),
        reasons: findReplaced(day).map(describeReplaced),
      }
    }
    return await Promise.all(
      days.map((day) => conclude(day).catch((error: unknown) => failedBy(error, day, signal))),
    )
  }

  /** Where something is wrong with one day, the others are done without it: the span is halved until that day is alone. */
  async function* compactSpan(
    workspaceId: string,
    span: Days,
    signal: AbortSignal,
  ): AsyncGenerator<Compacted> {
    const listed = await listDays(workspaceId, span, signal)
    const [days, ends]: [CatalogDay[], Compacted[]] = [[], []]
    for (const day of listed.days)
      try {
        days.push(await options.renew(workspaceId, day, signal))
      } catch (error) {
        ends.push(failedBy(error, day, signal))
      }
    const loose = days.filter((day) => !isCompact(day))
    try {
      if (loose.length > 0) ends.push(...(await compactDays(workspaceId, loose, listed.rebuiltFrom, signal)))
    } catch (error) {
      ends.push(...loose.map((day) => failedBy(error, day, signal)))
      if (loose.length > 1) {
        // Listed anew: what Athena has written until then lies there.
        for (const half of halvesOf(span)) yield* compactSpan(workspaceId, half, signal)
        return
      }
    }
    for (const day of days.filter(isCompact)) {
      const replaced = findReplaced(day).map(describeReplaced)
      yield replaced.length > 0 ? failed(day, replaced) : { kind: 'compact-already', day: day.day }
    }
    yield* ends
  }

  return {
    async *compact(workspaceId, days, signal) {
      const first = days.first < firstDay ? firstDay : days.first
      // Some days at a time: the names of all that lies there in years need not fit into the memory.
      for (const span of spansOf({ ...days, first }, DAYS_AT_ONCE))
        yield* compactSpan(workspaceId, span, signal)
    },
  }
}

const NEVER = new AbortController().signal
const TOO_WIDE =
  'compact: more would have to be read than one search may: raise searchScanGb of the deployment'

const TOO_MANY =
  'compact: too much lies in the place of compacts that is not what was written there: move it away'

function failed({ day }: CatalogDay, reasons: readonly string[]): Compacted {
  return { kind: 'failed', day, reasons }
}

/** @throws what was thrown, if it is not the day's own fault */
function failedBy(error: unknown, day: CatalogDay, signal: AbortSignal): Compacted {
  signal.throwIfAborted()
  if (!(error instanceof StoreError)) throw error
  return failed(day, [error.message])
}

/** From the first to the last of days that are in their order. */
function spanOf(days: readonly CatalogDay[]): Days {
  const [first = '', last = first] = [days.at(0)?.day, days.at(-1)?.day]
  return { first, last }
}

async function keep(
  workspaceId: string,
  day: CatalogDay,
  written: Written,
  { digest, keepManifest }: AthenaCompactorOptions,
  signal: AbortSignal,
): Promise<void> {
  const files: CompactFile[] = []
  for (const file of written.files) {
    const { name, bytes, etag } = file
    files.push({ name, sha256: await digest(file, signal), bytes, etag })
  }
  const replaced = findReplaced(day)
  const names = day.files.filter((file) => !replaced.includes(file)).map(({ name }) => name)
  const manifest = { files, rows: written.rows, members: membersOf(names, day) }
  await keepManifest(workspaceId, day.day, manifest, signal)
}
