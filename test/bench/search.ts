import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeParquet } from '../../lib/catalog/duckdb.ts'
import type { CatalogEntry } from '../../lib/catalog/entry.ts'
import type { LocalFile } from '../../lib/catalog/segments.ts'
import type { Measure } from './measure.ts'
import type { SearchPlan, SearchResults } from './search-plan.ts'

/** A search by number through the whole of a catalog whose objects are on the machine. */
export interface SearchFigures {
  readonly form: 'segments' | 'compacts'
  readonly rows: number
  readonly files: number
  readonly firstMs: number
  readonly medianMs: number
  readonly cpuSeconds: number
  readonly maxRssMb: number
  /** What went wrong: not all was found that is there. */
  readonly complaint: string | undefined
}

const ROWS = 200_000
const DAYS = 200
/** Recordings to a batch, so rows to an object: as many as the queue hands out at once. */
const BATCH = 20
const CALLERS = 5_000
const SEARCHES = 5
const WORKSPACE = '8bc02f53-87ac-48d2-b4fd-c2cf856a305f'
const DAY_MS = 86_400_000

/** Makes the catalog, and searches it: as the archiver writes it, and compacted to one Parquet file a day. */
export async function measureSearch(measure: Measure, directory: string): Promise<readonly SearchFigures[]> {
  const root = join(directory, 'catalog')
  const segments: LocalFile[] = []
  const compacts: LocalFile[] = []
  for (let index = 0; index < DAYS; index += 1) {
    const ofDay = makeDay(root, index)
    segments.push(...ofDay)
    compacts.push(await compactDay(root, index, ofDay))
  }
  return [
    await searchThem('segments', segments, measure, directory),
    await searchThem('compacts', compacts, measure, directory),
  ]
}

async function searchThem(
  form: SearchFigures['form'],
  files: readonly LocalFile[],
  measure: Measure,
  directory: string,
): Promise<SearchFigures> {
  const [planFile, resultFile] = [join(directory, `${form}.json`), join(directory, `${form}-result.json`)]
  const numbers = Array.from({ length: SEARCHES }, (_, index) => callerOf(index * 7))
  writeFileSync(
    planFile,
    JSON.stringify({ workspaceId: WORKSPACE, files, numbers, resultFile } satisfies SearchPlan),
  )
  const program = join(import.meta.dirname, 'search-drive.ts')
  const usage = await measure([process.execPath, program, planFile], {})
  if (usage.exitCode !== 0) throw new Error(`searching ${form} failed: ${usage.complaint}`)
  const { searches } = JSON.parse(readFileSync(resultFile, 'utf8')) as SearchResults
  const times = searches.map(({ ms }) => ms)
  const isRight = searches.every(({ rows, complete }) => complete && rows === ROWS / CALLERS)
  return {
    form,
    rows: ROWS,
    files: files.length,
    firstMs: times[0] ?? Number.NaN,
    medianMs: times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN,
    cpuSeconds: (usage.userSeconds + usage.systemSeconds) / SEARCHES,
    maxRssMb: usage.maxRssKb / 1000,
    complaint: isRight
      ? undefined
      : `found ${searches.map(({ rows }) => rows).join(', ')} of ${ROWS / CALLERS}`,
  }
}

/** The figures as a table for people. */
export function writeSearch(figures: readonly SearchFigures[]): readonly string[] {
  return [
    '',
    `search: by a number, all of ${ROWS.toLocaleString('en')} rows of ${DAYS} days on this machine; one core`,
    '              files  first ms  median ms  CPU s each  RSS MB',
    ...figures.map(({ form, files, firstMs, medianMs, cpuSeconds, maxRssMb }) =>
      [
        `  ${form.padEnd(10)}`,
        files.toLocaleString('en').padStart(7),
        firstMs.toFixed(0).padStart(9),
        medianMs.toFixed(0).padStart(10),
        cpuSeconds.toFixed(2).padStart(11),
        maxRssMb.toFixed(0).padStart(7),
      ].join(' '),
    ),
  ]
}

function dayOf(index: number): string {
  return new Date(Date.UTC(2024, 0, 1) + index * DAY_MS).toISOString().slice(0, 10)
}

function callerOf(index: number): string {
  return String(493_000_000_000 + (index % CALLERS))
}

function makeDay(root: string, dayIndex: number): LocalFile[] {
  const day = dayOf(dayIndex)
  const home = join(root, `workspace=${WORKSPACE}`, `day=${day}`)
  mkdirSync(home, { recursive: true })
  const perDay = ROWS / DAYS
  const rows = Array.from({ length: perDay }, (_, index) => rowOf(day, dayIndex * perDay + index))
  return Array.from({ length: perDay / BATCH }, (_, batch) => {
    const path = join(home, `${batch}.ndjson`)
    const ofBatch = rows.slice(batch * BATCH, (batch + 1) * BATCH)
    writeFileSync(path, ofBatch.map((row) => `${JSON.stringify(row)}\n`).join(''))
    return { key: path, name: `${batch}.ndjson`, format: 'ndjson', path, unreadableLines: 0 }
  })
}

async function compactDay(root: string, dayIndex: number, files: readonly LocalFile[]): Promise<LocalFile> {
  const path = join(root, `workspace=${WORKSPACE}`, `day=${dayOf(dayIndex)}`, 'compact.parquet')
  await writeParquet(files, path, new AbortController().signal)
  return { key: path, name: 'compact.parquet', format: 'parquet', path, unreadableLines: 0 }
}

function rowOf(day: string, index: number): CatalogEntry {
  const recordingId = randomUUID()
  const createdAt = new Date(Date.parse(day) + (index % 86_400) * 1000).toISOString()
  return {
    recording_id: recordingId,
    workspace_id: WORKSPACE,
    created_at: createdAt,
    started_at: createdAt,
    ended_at: createdAt,
    source: 'call',
    source_id: randomUUID(),
    conference_id: null,
    channel_id: '880d8171-cbab-47bb-81b6-b1a0902da136',
    direction: index % 2 === 0 ? 'incoming' : 'outgoing',
    from_number: callerOf(index),
    to_number: '12025550123',
    duration_ms: 60_000 + index,
    channels: 1,
    findings: index % 50 === 0 ? ['duration-differs'] : [],
    audio_key: `recordings/${WORKSPACE}/${recordingId}.mp3`,
    audio_bytes: 240_000,
    audio_sha256: `${recordingId.replaceAll('-', '')}${recordingId.replaceAll('-', '')}`,
    audio_version_id: randomUUID(),
    retain_until: null,
    archived_at: createdAt,
  }
}
