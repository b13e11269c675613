import type { ArchiveConfig } from './archive-config.ts'
import type { Catalog } from './catalog/catalog.ts'
import { createDuckDbCatalog } from './catalog/duckdb.ts'
import { createCatalogKeys } from './catalog/segments.ts'
import { systemClock } from './deadline.ts'
import { tuneEngine } from './engine.ts'
import { connectS3 } from './s3/client.ts'
import { createDirectRequests } from './s3/direct.ts'
import { createSegmentCache } from './s3/segment-cache.ts'
import { createSegments, type Segments } from './s3/segments.ts'

/** The search index, wired to DuckDB. It holds a native library, so no function may be made of it. */
export interface LocalCatalog {
  readonly catalog: Catalog
  readonly segments: Segments
  close(): Promise<void>
}

const SOCKETS = 64

/** @param directory where copies of the catalog's objects are kept; it is this bucket's and prefix's alone */
export function composeCatalog(config: ArchiveConfig, directory: string): LocalCatalog {
  tuneEngine()
  const { bucket, prefix, forcePathStyle } = config
  const s3 = connectS3({ forcePathStyle, sockets: SOCKETS })
  const direct = createDirectRequests(s3.client, bucket, s3.http, systemClock)
  const place = { client: s3.client, direct, bucket }
  const segments = createSegments(place, createCatalogKeys(prefix), createSegmentCache(place, directory))
  return {
    catalog: createDuckDbCatalog((workspaceId, days, signal) => segments.fetch(workspaceId, days, signal)),
    segments,
    close: () => s3.close(),
  }
}
