import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeParquet } from '../../lib/catalog/duckdb.ts'
import type { CatalogEntry } from '../../lib/catalog/entry.ts'
import type { LocalFile } from '../../lib/catalog/segments.ts'

/** What a catalog is made of, so that it is known what a search has to find. */
export interface CatalogSize {
  readonly rows: number
  readonly days: number
  /** Rows to an object. */
  readonly batch: number
}

/** The same rows in both forms. */
export interface BenchCatalog {
  /** As the archiver writes them. */
  readonly segments: readonly LocalFile[]
  /** One Parquet file a day. */
  readonly compacts: readonly LocalFile[]
}

export const WORKSPACE = '8bc02f53-87ac-48d2-b4fd-c2cf856a305f'
/** Numbers that call, one after another. */
export const CALLERS = 5_000
const DAY_MS = 86_400_000

/** Makes a catalog's objects below `root`, as they lie in a cache. */
export async function makeCatalog(root: string, { rows, days, batch }: CatalogSize): Promise<BenchCatalog> {
  const [segments, compacts]: [LocalFile[], LocalFile[]] = [[], []]
  const perDay = rows / days
  for (let index = 0; index < days; index += 1) {
    const day = new Date(Date.UTC(2024, 0, 1) + index * DAY_MS).toISOString().slice(0, 10)
    const home = join(root, `workspace=${WORKSPACE}`, `day=${day}`)
    mkdirSync(home, { recursive: true })
    const ofDay = Array.from({ length: perDay }, (_, at) => rowOf(day, index * perDay + at))
    const files = Array.from({ length: perDay / batch }, (_, at) =>
      writeSegment(home, at, ofDay.slice(at * batch, (at + 1) * batch)),
    )
    segments.push(...files)
    const path = join(home, 'compact.parquet')
    await writeParquet(files, path, new AbortController().signal)
    compacts.push({ key: path, name: 'compact.parquet', format: 'parquet', path, unreadableLines: 0 })
  }
  return { segments, compacts }
}

function writeSegment(home: string, index: number, rows: readonly CatalogEntry[]): LocalFile {
  const name = `${index}.ndjson`
  const path = join(home, name)
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return { key: path, name, format: 'ndjson', path, unreadableLines: 0 }
}

export function callerOf(index: number): string {
  return String(493_000_000_000 + (index % CALLERS))
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
