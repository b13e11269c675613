import { AthenaClient } from '@aws-sdk/client-athena'
import pLimit from 'p-limit'
import { type AthenaQueries, createAthenaQueries } from './catalog/athena-queries.ts'
import { createAthenaCatalog } from './catalog/athena.ts'
import { createKnownDaysSearch } from './catalog/catalog-days.ts'
import type { PatientCatalog } from './catalog/catalog.ts'
import { type CatalogKeys, createCatalogKeys } from './catalog/segments.ts'
import type { ArchiveConnection } from './compose-retrieve.ts'
import { StoreError } from './errors.ts'
import { createGapFinder, withGaps } from './s3/catalog-gaps.ts'
import { type CatalogListing, createCatalogListing, type ReadText } from './s3/catalog-listing.ts'
import type { SearchConfig } from './search-config.ts'

/** The search index, wired to Athena. */
export interface SearchConnection {
  readonly catalog: PatientCatalog
  readonly queries: AthenaQueries
  readonly listing: CatalogListing
  readonly keys: CatalogKeys
  close(this: void): void
}

const ATTEMPTS = 4
const READS_AT_ONCE = 16

/** Wires searching; the connection to the bucket stays its owner's. Region and credentials come from AWS's own variables. */
export function composeSearch(
  { prefix, workspaceIds, catalog: { database, workGroup, firstDay } }: SearchConfig,
  connection: Pick<ArchiveConnection, 'place' | 'texts' | 'keys' | 'vault' | 'clock'>,
): SearchConnection {
  const { place, texts, vault, clock } = connection
  const client = new AthenaClient({ maxAttempts: ATTEMPTS })
  const queries = createAthenaQueries({ client, database, workGroup, clock })
  const keys = createCatalogKeys(prefix)
  const findGaps = createGapFinder({ place, texts, keys: connection.keys, catalogKeys: keys, workspaceIds })
  const limit = pLimit(READS_AT_ONCE)
  const readText: ReadText = async (_, { key }, signal) => {
    const text = await limit(() => texts.read(key, signal))
    if (text === undefined) throw new StoreError(`${key} was listed, and is gone`)
    return text
  }
  const listing = createCatalogListing(place, keys, readText, clock.now)
  const catalog = createAthenaCatalog({
    queries,
    bucket: place.bucket,
    listDays: withGaps((workspaceId, days, _, signal) => listing.list(workspaceId, days, signal), findGaps),
    firstDay,
    clock,
  })
  return {
    catalog: createKnownDaysSearch(catalog, {
      readSidecar: (workspaceId, id, signal) => vault.readSidecar(workspaceId, id, signal),
      workspaceIds,
    }),
    queries,
    listing,
    keys,
    close: () => client.destroy(),
  }
}
