import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { type ArchiveConfig, readArchiveConfig } from '../../lib/archive-config.ts'
import type { Catalog } from '../../lib/catalog/catalog.ts'
import { composeCatalog, type LocalCatalog } from '../../lib/compose-catalog.ts'
import type { S3Faults } from '../../lib/sandbox/s3-server.ts'
import { segmentOf, WORKSPACE } from './catalog-rows.ts'
import type { CatalogUnderTest } from './catalog-under-test.ts'
import { onTestFinished } from 'vitest'
import { bucket, credentials, makeDirectory, region, startTestS3 } from './s3-sandbox.ts'

/** A bucket with a catalog, and the program's way to it. */
export interface CatalogWorld extends CatalogUnderTest {
  readonly config: ArchiveConfig
  readonly env: Readonly<Record<string, string>>
  readonly local: LocalCatalog
  /** Whoever calls itself so is none of the program. */
  readonly userAgent: string
  /** Where copies of the catalog's objects lie. */
  readonly cache: string
  /** What S3 was asked by the program. */
  readonly requests: { readonly operation: string; readonly key: string }[]
  faults: S3Faults
  putText(key: string, text: string | Uint8Array): Promise<void>
  get(key: string): Promise<string>
  delete(key: string): Promise<void>
  keys(prefix?: string): Promise<string[]>
  /** The catalog as another machine sees it, which has fetched nothing yet. */
  elsewhere(): Promise<Catalog>
}

const OURS = 'catalog-world'

/** Starts it on 127.0.0.1 for the running test. */
export async function startCatalogWorld(cache?: string): Promise<CatalogWorld> {
  const requests: CatalogWorld['requests'] = []
  // Many small files: in memory, where there is such a place.
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const home = await mkdtemp(join(base, 'catalog-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const s3 = await startTestS3({
    directory: home,
    versioning: true,
    faults: (request) => {
      if (request.headers['user-agent']?.includes(OURS)) return undefined
      requests.push({ operation: request.operation, key: request.key })
      return world.faults(request)
    },
  })
  const client = s3.connect({ customUserAgent: OURS })
  const env = {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: s3.server.url,
    BIRD_WORKSPACE_ID: WORKSPACE,
    ARCHIVE_BUCKET: bucket,
    S3_FORCE_PATH_STYLE: 'true',
    XDG_CACHE_HOME: await makeDirectory(),
  }
  // What the SDK itself reads it takes from the process.
  Object.assign(process.env, env)
  const config = readArchiveConfig(env)
  const directory = cache ?? join(await makeDirectory(), 'cache')
  const local = composeCatalog(config, { directory, rowsHeld: 40 })
  onTestFinished(() => local.close())
  const putText: CatalogWorld['putText'] = (key, text) =>
    s3.server.putFile(bucket, key, Buffer.from(text)).then(() => undefined)
  const world: CatalogWorld = {
    config,
    env,
    local,
    userAgent: OURS,
    cache: directory,
    catalog: local.catalog,
    requests,
    faults: () => undefined,
    putText,
    put: (day, name, rows, workspaceId = WORKSPACE) =>
      putText(`catalog/workspace=${workspaceId}/day=${day}/${name}.ndjson`, segmentOf(rows)),
    async get(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      return (await Body?.transformToString()) ?? ''
    },
    async delete(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
    },
    async elsewhere() {
      const other = composeCatalog(config, { directory: join(await makeDirectory(), 'cache') })
      onTestFinished(() => other.close())
      return other.catalog
    },
    async keys(prefix = '') {
      const names: string[] = []
      const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })
      for await (const { Contents = [] } of pages) names.push(...Contents.map(({ Key = '' }) => Key))
      return names
    },
  }
  return world
}
