import { onTestFinished } from 'vitest'
import type { PatientCatalog } from '../../lib/catalog/catalog.ts'
import { connectArchive } from '../../lib/compose-retrieve.ts'
import { composeSearch, type SearchConnection } from '../../lib/compose-search.ts'
import { readSearchConfig, type SearchConfig } from '../../lib/search-config.ts'
import { type AthenaServer, startAthena } from './athena-server.ts'
import { type AthenaTableOptions, createAthenaTables } from './athena-tables.ts'
import { type CatalogWorld, startCatalogWorld } from './catalog-world.ts'
import { bucket, credentials, region } from './s3-sandbox.ts'
import { S3Client } from '@aws-sdk/client-s3'

/** A bucket with a catalog, an Athena over it, and the program's way to both. */
export interface AthenaWorld extends Omit<CatalogWorld, 'catalog' | 'config'> {
  readonly catalog: PatientCatalog
  readonly search: SearchConnection
  readonly config: SearchConfig
  readonly athena: AthenaServer
}

const FIRST_DAY = '2020-01-01'
const WORK_GROUP = 'recordings-search'

/** Starts it on 127.0.0.1 for the running test. */
export async function startAthenaWorld(
  tables: Pick<AthenaTableOptions, 'filesOfInsert' | 'opensAll'> = {},
): Promise<AthenaWorld> {
  const world = await startCatalogWorld()
  const client = new S3Client({
    endpoint: world.env['AWS_ENDPOINT_URL_S3'] ?? '',
    region,
    credentials,
    forcePathStyle: true,
    // It is not the program: what it asks for is neither counted nor refused.
    customUserAgent: world.userAgent,
  })
  onTestFinished(() => client.destroy())
  const days = { first: FIRST_DAY, last: '2099-12-31' }
  const athena = await startAthena(createAthenaTables({ client, bucket, days, ...tables }), WORK_GROUP)
  const env = {
    ...world.env,
    AWS_ENDPOINT_URL_ATHENA: athena.url,
    CATALOG_DATABASE: 'recordings',
    CATALOG_WORK_GROUP: WORK_GROUP,
    CATALOG_FIRST_DAY: FIRST_DAY,
  }
  // What the SDK itself reads it takes from the process.
  Object.assign(process.env, env)
  const config = readSearchConfig(env)
  const connection = connectArchive(config)
  const search = composeSearch(config, connection)
  onTestFinished(async () => {
    search.close()
    await connection.close()
  })
  return Object.assign(world, { env, config, athena, search, catalog: search.catalog })
}
