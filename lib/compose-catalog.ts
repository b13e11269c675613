import type { ArchiveConfig } from './archive-config.ts'
import type { Catalog } from './catalog/catalog.ts'
import { createDuckDbCatalog } from './catalog/duckdb.ts'
import { createCatalogKeys } from './catalog/segments.ts'
import { type ArchiveConnection, connectArchive } from './compose-retrieve.ts'
import { tuneEngine } from './engine.ts'
import { createSegmentCache } from './s3/segment-cache.ts'
import { createSegments } from './s3/segments.ts'

/** The search index, wired to DuckDB. It brings a native library along, so no function may be made of it. */
export interface LocalCatalog extends Pick<ArchiveConnection, 'accessLog' | 'clock' | 'newId' | 'close'> {
  readonly catalog: Catalog
}

/** @param directory where copies of the catalog's objects are kept; it is this bucket's and prefix's alone */
export function composeCatalog(config: ArchiveConfig, directory: string): LocalCatalog {
  tuneEngine()
  const { place, accessLog, clock, newId, close } = connectArchive(config)
  const keys = createCatalogKeys(config.prefix)
  const segments = createSegments(place, keys, createSegmentCache(place, directory))
  return {
    catalog: createDuckDbCatalog((workspaceId, days, signal) => segments.fetch(workspaceId, days, signal)),
    accessLog,
    clock,
    newId,
    close,
  }
}
