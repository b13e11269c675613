import { utcDay } from '../archive/keys.ts'
import type { Days } from './sql.ts'

/** Names of the catalog's objects. Athena reads one format to a table, so rows as JSON and as Parquet lie apart. */
export interface CatalogKeys {
  /** In front of all segments of a workspace, whatever their day. */
  segments(workspaceId: string): string
  /** The same of what they were compacted to. */
  compacts(workspaceId: string): string
  compact(workspaceId: string, day: string, digest: string): string
  /** Beside a compact, and hidden from Athena by its underscore: what the compact was made of. */
  manifest(workspaceId: string, day: string, id: string): string
  /** How far a rebuild has come. */
  rebuild(workspaceId: string): string
}

/** Builds the namer for an `ARCHIVE_PREFIX`, which is empty or ends in `/`. */
export function createCatalogKeys(prefix: string): CatalogKeys {
  const compacts = (workspaceId: string): string => `${prefix}catalog-compact/workspace=${workspaceId}/`
  return {
    segments: (workspaceId) => `${prefix}catalog/workspace=${workspaceId}/`,
    compacts,
    compact: (workspaceId, day, digest) => `${compacts(workspaceId)}day=${day}/compact-${digest}.parquet`,
    manifest: (workspaceId, day, id) => `${compacts(workspaceId)}day=${day}/_compact-${id}.json`,
    rebuild: (workspaceId) => `${prefix}catalog-rebuild/${workspaceId}.json`,
  }
}

/** An object of the catalog as a listing tells of it. */
export interface ListedSegment {
  readonly key: string
  readonly day: string
  /** The last part of its key; one of a kind in its day. */
  readonly name: string
  readonly format: 'ndjson' | 'parquet' | 'manifest'
  readonly bytes: number
  readonly etag: string
  readonly writtenAt: Date | undefined
}

/** Where Athena says that an object lies. */
export function locationOf(bucket: string, { key }: Pick<ListedSegment, 'key'>): string {
  return `s3://${bucket}/${key}`
}

const KEY = /^day=(\d{4}-\d\d-\d\d)\/([A-Za-z0-9!_.*'()=-]+)$/

/**
 * Reads what a key below a workspace's prefix names; undefined where it is nothing that the catalog is made of. Whatever
 * lies among the compacts is Parquet, for Athena gives what it writes a name of its own; names with an underscore or a dot
 * in front are hidden from it.
 */
export function readSegmentKey(
  prefix: string,
  key: string,
  kind: 'segments' | 'compacts',
): Pick<ListedSegment, 'day' | 'name' | 'format'> | undefined {
  const [, day = '', name = ''] = KEY.exec(key.slice(prefix.length)) ?? []
  if (!key.startsWith(prefix) || day === '' || name.startsWith('.')) return undefined
  if (kind === 'segments')
    return name.endsWith('.ndjson') && !name.startsWith('_') ? { day, name, format: 'ndjson' } : undefined
  if (!name.startsWith('_')) return { day, name, format: 'parquet' }
  return name.endsWith('.json') ? { day, name, format: 'manifest' } : undefined
}

export function isWithinDays(day: string, { first, last }: Days): boolean {
  return day >= first && day <= last
}

const DAY_MS = 86_400_000

/** Days between two days, neither of them among them, that divide the time into at most `parts` parts. */
export function divideDays(first: string, last: string, parts: number): readonly string[] {
  const days = Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS)
  const steps = Array.from({ length: parts - 1 }, (_, index) => Math.ceil(((index + 1) * days) / parts))
  const inner = [...new Set(steps)].filter((step) => step > 0 && step < days)
  return inner.map((step) => utcDay(new Date(Date.parse(first) + step * DAY_MS)))
}

/** An object of the catalog, fetched. */
export interface LocalFile {
  readonly key: string
  readonly name: string
  readonly format: 'ndjson' | 'parquet'
  /** Ends in `workspace=<id>/day=<day>/<file>`. */
  readonly path: string
  /** Lines that are no rows of the catalog, and that no rebuild has written since; a search leaves them out and says so. */
  readonly unreadableLines: number
}

/** All that has to be read for some days, and why it is not all, if so. */
export interface LocalFiles {
  readonly files: readonly LocalFile[]
  readonly reasons: readonly string[]
}
