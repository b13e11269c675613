import { randomUUID } from 'node:crypto'
import type { ArchiveConfig } from './archive-config.ts'
import type { Catalog } from './catalog/catalog.ts'
import { createDuckDbCatalog, writeParquet } from './catalog/duckdb.ts'
import { createCatalogKeys } from './catalog/segments.ts'
import { type ArchiveConnection, connectArchive } from './compose-retrieve.ts'
import { tuneEngine } from './engine.ts'
import { createCatalogRebuilder, type RebuildCatalog } from './s3/catalog-rebuilder.ts'
import { type Compactor, createCompactor } from './s3/compactor.ts'
import { createDocuments } from './s3/documents.ts'
import { createSegmentCache } from './s3/segment-cache.ts'
import { createSegments } from './s3/segments.ts'

/** The search index, wired to DuckDB. It brings a native library along, so no function may be made of it. */
export interface LocalCatalog extends Pick<ArchiveConnection, 'accessLog' | 'clock' | 'newId' | 'close'> {
  readonly catalog: Catalog
  readonly compactor: Compactor
  readonly rebuild: RebuildCatalog
}

export interface CatalogOptions {
  /** Where copies of the catalog's objects are kept; it is this bucket's and prefix's alone. */
  readonly directory: string
  /** Rows that a rebuild holds until they are written. */
  readonly rowsHeld?: number
}

export function composeCatalog(config: ArchiveConfig, { directory, rowsHeld }: CatalogOptions): LocalCatalog {
  tuneEngine()
  const { place, texts, keys, accessLog, clock, newId, close } = connectArchive(config)
  const catalogKeys = createCatalogKeys(config.prefix)
  const segments = createSegments(place, catalogKeys, createSegmentCache(place, directory))
  return {
    catalog: createDuckDbCatalog((workspaceId, days, signal) => segments.fetch(workspaceId, days, signal)),
    compactor: createCompactor({ place, texts, segments, keys: catalogKeys, writeParquet, clock, directory }),
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
