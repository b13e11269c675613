import { randomUUID } from 'node:crypto'
import pLimit from 'p-limit'
import type { ArchiveConfig } from './archive-config.ts'
import type { Catalog } from './catalog/catalog.ts'
import { describeLost, findKnownDays } from './catalog/catalog-days.ts'
import type { Compactor } from './catalog/compaction.ts'
import { createDuckDbCatalog, writeParquet } from './catalog/duckdb.ts'
import { createCatalogKeys, dropCovered, type LocalFiles } from './catalog/segments.ts'
import type { Days } from './catalog/sql.ts'
import { type ArchiveConnection, connectArchive } from './compose-retrieve.ts'
import { tuneEngine } from './engine.ts'
import { createCatalogRebuilder, type RebuildCatalog } from './s3/catalog-rebuilder.ts'
import { createCompactor } from './s3/compactor.ts'
import { createDocuments } from './s3/documents.ts'
import { createSegmentCache, type SegmentCache } from './s3/segment-cache.ts'
import { createSegments, type Segments } from './s3/segments.ts'

/** The search index, wired to DuckDB. It brings a native library along, so no function may be made of it. */
export interface LocalCatalog extends Pick<ArchiveConnection, 'accessLog' | 'clock' | 'newId' | 'close'> {
  /** Recordings that are looked for by their ids alone cost one GET each, and what lies on their days. */
  readonly catalog: Catalog
  readonly compactor: Compactor
  readonly rebuild: RebuildCatalog
}

export interface CatalogOptions {
  /** Where copies of the catalog's objects are kept; it is this bucket's and prefix's alone. */
  readonly directory: string
  /** Rows that a rebuild holds until they are written. */
  readonly rowsHeld?: number
  /** Told how many of the objects that a search reads are here, of how many; first when they have been listed. */
  readonly onFetch?: ((done: number, total: number) => void) | undefined
  /** Told of recordings that no sidecar tells the day of: all of the workspace's catalog is searched for them. */
  readonly onUnknown?: ((workspaceId: string, recordingIds: readonly string[]) => void) | undefined
}

export function composeCatalog(config: ArchiveConfig, options: CatalogOptions): LocalCatalog {
  const { directory, rowsHeld, onFetch, onUnknown } = options
  tuneEngine()
  const { place, texts, keys, vault, accessLog, clock, newId, close } = connectArchive(config)
  const catalogKeys = createCatalogKeys(config.prefix)
  const cache = createSegmentCache(place, directory)
  const catalog: Catalog = {
    async search(criteria, page, signal) {
      const known = await findKnownDays(
        criteria,
        (workspaceId, id) => vault.readSidecar(workspaceId, id, signal),
        config.workspaceIds,
        signal,
      )
      const isNarrow = known !== undefined && known.unknown.length === 0
      if (known !== undefined && !isNarrow) onUnknown?.(criteria.workspaceId, known.unknown)
      const days = isNarrow ? [...new Set(known.days.values())] : undefined
      const duckDb = createDuckDbCatalog((workspaceId, all, stop) => {
        const ranges = days?.map((day) => ({ first: day, last: day })) ?? [all]
        const open = (onBrought: () => void): Segments =>
          createSegments(place, catalogKeys, watchCache(cache, onBrought), clock.now)
        return fetchDays(workspaceId, ranges, open, onFetch, stop)
      })
      const result = await duckDb.search(criteria, page, signal)
      if (known === undefined || page.after !== undefined || result.next !== undefined) return result
      const reasons = [...result.reasons, ...describeLost(criteria, known, result.rows)]
      return { ...result, reasons, complete: reasons.length === 0 }
    },
  }
  return {
    catalog,
    compactor: createCompactor({
      place,
      texts,
      segments: createSegments(place, catalogKeys, cache, clock.now),
      keys: catalogKeys,
      writeParquet,
      clock,
      directory,
    }),
    rebuild: createCatalogRebuilder({
      place,
      texts,
      documents: createDocuments(place.client, place.bucket, clock, randomUUID),
      keys,
      catalogKeys,
      clock,
      ...(rowsHeld !== undefined && { rowsHeld }),
    }),
    accessLog,
    clock,
    newId,
    close,
  }
}

const LISTINGS_AT_ONCE = 8

/** Brings here all that has to be read of some days. */
async function fetchDays(
  workspaceId: string,
  ranges: readonly Days[],
  open: (onBrought: () => void) => Segments,
  onFetch: CatalogOptions['onFetch'],
  signal: AbortSignal,
): Promise<LocalFiles> {
  let [done, total] = [0, 0]
  // What a compact that cannot be had was made of comes on top of what was to be read.
  const segments = open(() => onFetch?.(Math.min((done += 1), total), total))
  const limit = pLimit(LISTINGS_AT_ONCE)
  const lists = await Promise.all(
    ranges.map((range) => limit(() => segments.list(workspaceId, range, signal))),
  )
  const days = lists.flatMap((list) => list.days)
  total = days.reduce((sum, day) => sum + dropCovered(day).length, 0)
  onFetch?.(done, total)
  const brought = await Promise.all(days.map((day) => segments.bring(workspaceId, day, signal)))
  return {
    files: brought.flatMap(({ files }) => files),
    reasons: [...new Set([...lists, ...brought].flatMap(({ reasons }) => reasons))],
  }
}

/** Tells of each object that a search reads, when it is here or cannot be had. */
function watchCache(cache: SegmentCache, onBrought: () => void): SegmentCache {
  return {
    async bring(workspaceId, segment, sha256, signal) {
      try {
        return await cache.bring(workspaceId, segment, sha256, signal)
      } finally {
        if (segment.format !== 'manifest') onBrought()
      }
    },
  }
}
