import { randomUUID } from 'node:crypto'
import type { ArchiveConfig } from './archive-config.ts'
import type { Catalog } from './catalog/catalog.ts'
import { createKnownDaysCatalog } from './catalog/catalog-days.ts'
import type { Compactor } from './catalog/compaction.ts'
import { createDuckDbCatalog, writeParquet } from './catalog/duckdb.ts'
import { createCatalogKeys } from './catalog/segments.ts'
import { type ArchiveConnection, connectArchive } from './compose-retrieve.ts'
import { tuneEngine } from './engine.ts'
import { createCatalogRebuilder, type RebuildCatalog } from './s3/catalog-rebuilder.ts'
import { createGapFinder, withGaps } from './s3/catalog-gaps.ts'
import { createCompactor } from './s3/compactor.ts'
import { createDocuments } from './s3/documents.ts'
import { createSegmentCache } from './s3/segment-cache.ts'
import { createSegments, type OnFetch } from './s3/segments.ts'

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
  readonly onFetch?: OnFetch | undefined
  /** Told of recordings that no sidecar tells the day of: all of the workspace's catalog is searched for them. */
  readonly onUnknown?: ((workspaceId: string, recordingIds: readonly string[]) => void) | undefined
}

export function composeCatalog(config: ArchiveConfig, options: CatalogOptions): LocalCatalog {
  const { directory, rowsHeld, onFetch, onUnknown } = options
  tuneEngine()
  const { place, texts, keys, vault, accessLog, clock, newId, close } = connectArchive(config)
  const catalogKeys = createCatalogKeys(config.prefix)
  const segments = createSegments(place, catalogKeys, createSegmentCache(place, directory, newId), clock.now)
  const findGaps = createGapFinder({ place, texts, keys, catalogKeys, workspaceIds: config.workspaceIds })
  const catalog = createKnownDaysCatalog({
    readSidecar: (workspaceId, id, signal) => vault.readSidecar(workspaceId, id, signal),
    workspaceIds: config.workspaceIds,
    open: (ranges) =>
      createDuckDbCatalog(
        withGaps(
          (workspaceId, days, rebuiltFrom, signal) =>
            segments.fetch(workspaceId, ranges ?? [days], rebuiltFrom, signal, onFetch),
          findGaps,
        ),
      ),
    onUnknown,
  })
  return {
    catalog,
    compactor: createCompactor({
      place,
      texts,
      segments,
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
