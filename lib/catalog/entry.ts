import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { utcDay } from '../archive/keys.ts'
import type { Json, JsonObject } from '../archive/recording.ts'
import { readSidecar, type Sidecar } from '../archive/sidecar.ts'

/** One row of the search index: what a recording is looked for by, and where its evidence lies. All times are UTC. */
export interface CatalogEntry {
  readonly recording_id: string
  readonly workspace_id: string
  readonly created_at: string
  readonly started_at: string | null
  readonly ended_at: string | null
  readonly source: string | null
  readonly source_id: string | null
  readonly conference_id: string | null
  readonly channel_id: string | null
  readonly direction: string | null
  /** Digits only, with the country's code, as Bird keeps them: one number has one form. */
  readonly from_number: string | null
  readonly to_number: string | null
  readonly duration_ms: number
  readonly channels: number | null
  readonly findings: readonly string[]
  readonly audio_key: string
  readonly audio_bytes: number
  readonly audio_sha256: string
  readonly audio_version_id: string | null
  readonly retain_until: string | null
  readonly archived_at: string
}

/** The rows of one batch that belong to one day of one workspace: one object of the catalog. */
export interface CatalogSegment {
  readonly workspaceId: string
  /** UTC day of `createdAt`. */
  readonly day: string
  /** Newline-delimited JSON, each row ended by a newline. */
  readonly ndjson: string
  /** SHA-256 (hex) of `ndjson`, for a name that is the same for the same rows. */
  readonly digest: string
  /** Which of the given sidecars are in it, by position. */
  readonly members: readonly number[]
}

const Text = v.nullable(v.string())
const EntryDocument = v.object({
  recording_id: v.string(),
  workspace_id: v.string(),
  created_at: v.string(),
  started_at: Text,
  ended_at: Text,
  source: Text,
  source_id: Text,
  conference_id: Text,
  channel_id: Text,
  direction: Text,
  from_number: Text,
  to_number: Text,
  duration_ms: v.number(),
  channels: v.nullable(v.number()),
  findings: v.array(v.string()),
  audio_key: v.string(),
  audio_bytes: v.number(),
  audio_sha256: v.string(),
  audio_version_id: Text,
  retain_until: Text,
  archived_at: v.string(),
} satisfies Record<keyof CatalogEntry, unknown>)

/**
 * Counts the lines of a segment that are no rows; empty ones are none either, but nothing is lost with them.
 * @param ndjson as it lies in the bucket
 */
export function countUnreadable(ndjson: Buffer): number {
  if (isUtf8(ndjson)) return toLines(ndjson.toString('utf8')).filter((line) => !isEntry(line)).length
  const lines = toLines(ndjson.toString('latin1')).map((line) => Buffer.from(line, 'latin1'))
  return lines.filter((line) => !isUtf8(line) || !isEntry(line.toString('utf8'))).length
}

function toLines(ndjson: string): string[] {
  return ndjson.split('\n').filter((line) => line.trim() !== '')
}

/** DuckDB passes over a line with half a surrogate pair, which JavaScript takes: it must not be missed in silence. */
function isEntry(line: string): boolean {
  try {
    return v.is(EntryDocument, JSON.parse(line)) && !/\\ud[89a-f]/i.test(line.replace(WHOLE_ESCAPES, ''))
  } catch {
    return false
  }
}

/** Escaped backslashes, and surrogates that are two. */
const WHOLE_ESCAPES = /\\\\|\\ud[89ab]..\\ud[c-f]../gi

/** Turns a sidecar into its row. */
export function toEntry(sidecar: Sidecar): CatalogEntry {
  const { bird, audio, quality, provenance, retention } = sidecar
  return {
    recording_id: sidecar.recordingId,
    workspace_id: sidecar.workspaceId,
    created_at: time(bird['createdAt']) ?? provenance.archivedAt,
    started_at: time(bird['startedAt']),
    ended_at: time(bird['endedAt']),
    source: text(bird['source']),
    source_id: text(bird['sourceId']),
    conference_id: text(bird['conferenceId']),
    channel_id: text(bird['channelId']),
    direction: text(bird['direction']),
    from_number: digits(bird['originator']),
    to_number: digits(bird['receiver']),
    duration_ms: quality.measuredDurationMs,
    channels: quality.channels,
    findings: quality.findings,
    audio_key: audio.key,
    audio_bytes: audio.bytes,
    audio_sha256: audio.sha256,
    audio_version_id: audio.versionId,
    retain_until: retention.lock?.until ?? null,
    archived_at: provenance.archivedAt,
  }
}

/**
 * Sorts the sidecars of a batch into segments, one for each workspace and day. A sidecar that can't be read is in
 * none, and so in nobody's `members`.
 */
export function toSegments(sidecars: readonly string[]): CatalogSegment[] {
  const entries = sidecars.map((document) => {
    const read = readSidecar(document)
    return read.ok ? toEntry(read.sidecar) : undefined
  })
  return sortEntries(entries)
}

/** The same with rows; `members` are their positions, and what is undefined is in none. */
export function sortEntries(entries: readonly (CatalogEntry | undefined)[]): CatalogSegment[] {
  const groups = new Map<string, { workspaceId: string; day: string; rows: string[]; members: number[] }>()
  for (const [index, entry] of entries.entries()) {
    if (entry === undefined) continue
    const day = utcDay(new Date(entry.created_at))
    const name = `${entry.workspace_id}/${day}`
    const group = groups.get(name) ?? { workspaceId: entry.workspace_id, day, rows: [], members: [] }
    groups.set(name, group)
    group.rows.push(JSON.stringify(entry))
    group.members.push(index)
  }
  return [...groups.values()].map(({ workspaceId, day, rows, members }) => {
    const ndjson = `${rows.join('\n')}\n`
    return { workspaceId, day, members, ndjson, digest: createHash('sha256').update(ndjson).digest('hex') }
  })
}

/** Half a surrogate pair is no character: no engine reads it, and the row would be lost with it. */
function text(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value.toWellFormed() : null
}

const ZONE = /(?:[a-z)]|[+-]\d\d:?\d\d)$/i

/**
 * A time that names no zone is UTC on whatever machine. Go's zero time (year 1) means "absent", and so does what stands for
 * "never" at the other end. Times are compared as texts, days by their names: a year of other than four digits would sort
 * anywhere.
 */
function time(value: Json | undefined): string | null {
  if (typeof value !== 'string') return null
  const date = new Date(ZONE.test(value) ? value : `${value}Z`)
  const year = date.getUTCFullYear()
  return year > 1 && year < 9999 ? date.toISOString() : null
}

/** Source: Bird's `CallIdentifier`: `number.number` comes without "+", `number.identity` with it. */
function digits(party: Json | undefined): string | null {
  const number = isObject(party) && isObject(party['number']) ? party['number'] : {}
  const written = [number['number'], number['identity']].map(text).find((form) => /\d/.test(form ?? ''))
  const kept = written?.replace(/\D/g, '') ?? ''
  return kept === '' ? null : kept
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
