import { randomUUID } from 'node:crypto'
import type { ArchiveConfig } from './archive-config.ts'
import type { PatientCatalog } from './catalog/catalog.ts'
import { type ArchiveConnection, connectArchive } from './compose-retrieve.ts'
import type { Clock } from './deadline.ts'
import { tuneEngine } from './engine.ts'
import type { Log } from './log.ts'
import { createRetrieveKeys } from './retrieve/keys.ts'
import type { RetrieveSystems } from './retrieve/retrieve.ts'
import { createDocuments } from './s3/documents.ts'
import { createExaminer, type Examine } from './s3/examine.ts'
import { createExpectedHolds } from './s3/expected-holds.ts'
import { createInventory, type Inventory } from './s3/inventory.ts'
import { createReread } from './s3/reread.ts'

/** What answers requests, wired. Nothing in it can delete, hold, release, or change what is kept; it writes the access log. */
export interface ApiService {
  readonly config: ArchiveConfig
  readonly systems: RetrieveSystems
  readonly catalog: PatientCatalog
  readonly inventory: Pick<Inventory, 'find'>
  readonly examine: Examine
  readonly log: Log
  /** The longest that an answer waits for a search, in milliseconds. */
  readonly searchPatienceMs: number
  /** When the credentials that sign links expire; undefined where that is not known. */
  readonly credentialsEnd: () => Promise<Date | undefined>
}

/** API Gateway gives up after 30 s; what is not found by then is asked for again. */
export const SEARCH_PATIENCE_MS = 20_000

/**
 * Wires what answers; nothing is asked yet.
 * @param createCatalog makes what searches, over the same connection
 */
export function wireApi(
  config: ArchiveConfig,
  createCatalog: (connection: ArchiveConnection) => PatientCatalog,
  { clock, log, searchPatienceMs }: Pick<ApiService, 'log' | 'searchPatienceMs'> & { readonly clock: Clock },
): ApiService {
  tuneEngine()
  const connection = connectArchive(config, clock)
  const { place, vault, accessLog, keys, newId } = connection
  const { client, bucket } = place
  const documents = createDocuments(client, bucket, clock, randomUUID)
  return {
    config,
    systems: { vault, accessLog, keys, clock, newId },
    catalog: createCatalog(connection),
    inventory: createInventory(client, bucket, keys),
    examine: createExaminer({
      vault,
      reread: createReread(vault),
      expectedHolds: createExpectedHolds(documents, createRetrieveKeys(config.prefix), clock),
      retention: config.retention,
      clock,
    }),
    log,
    searchPatienceMs,
    async credentialsEnd() {
      const { expiration } = await client.config.credentials()
      return expiration
    },
  }
}
