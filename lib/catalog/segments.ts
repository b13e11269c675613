import { utcDay } from '../archive/keys.ts'
import type { Manifest } from './manifest.ts'
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
  /** Lines that are no rows of the catalog; a search leaves them out and says so. */
  readonly unreadableLines: number
}

/** All that has to be read for some days, and why it is not all, if so. */
export interface LocalFiles {
  readonly files: readonly LocalFile[]
  readonly reasons: readonly string[]
}

/** What is known of a day. */
export interface CatalogDay {
  readonly day: string
  /** Segments and compacts, in the order of their names. */
  readonly files: readonly ListedSegment[]
  readonly manifests: readonly Manifest[]
}

/**
 * Drops the files of a day whose rows are in a compact that is there, all of it. A compact is dropped only for one that has
 * all that it has: two that name each other are both read. An empty file is no compact: Athena passes over it without a word.
 */
export function dropCovered({
  files,
  manifests,
}: Pick<CatalogDay, 'files' | 'manifests'>): readonly ListedSegment[] {
  const present = new Set(files.filter(({ bytes }) => bytes !== 0).map(({ name }) => name))
  const isCoveredBy = (name: string, members: ReadonlySet<string>): boolean =>
    membersOf([name], { manifests }).every((member) => members.has(member))
  const covers = manifests
    .filter((manifest) => manifest.files.every(({ name }) => present.has(name)))
    .map(({ members }) => new Set(members))
  return files.filter(({ name }) => !covers.some((members) => isCoveredBy(name, members)))
}

/** Whether all that has to be read of a day is one file, or those that were written together as one compact. */
export function isCompact(day: Pick<CatalogDay, 'files' | 'manifests'>): boolean {
  const wanted = dropCovered(day).map(({ name }) => name)
  return (
    wanted.length <= 1 ||
    day.manifests.some(({ files }) => wanted.every((name) => files.some((file) => file.name === name)))
  )
}

/** Files of a day, and what those among them were made of that are compacts themselves: what a compact of them covers. */
export function membersOf(
  names: readonly string[],
  { manifests }: Pick<CatalogDay, 'manifests'>,
): readonly string[] {
  const inherited = manifests
    .filter(({ files }) => files.some(({ name }) => names.includes(name)))
    .flatMap(({ members }) => members)
  return [...new Set([...names, ...inherited])].toSorted()
}
