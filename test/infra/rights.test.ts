import { S3Client } from '@aws-sdk/client-s3'
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { toEntry } from '../../lib/catalog/entry.ts'
import { readSidecar } from '../../lib/archive/sidecar.ts'
import { composeApiFunction } from '../../lib/compose-api.ts'
import { composeCompactFunction } from '../../lib/compose-compact.ts'
import { createJsonLog } from '../../lib/log.ts'
import type { S3Faults, S3Request } from '../../lib/sandbox/s3-server.ts'
import { type AthenaConduct, startAthena } from '../helpers/athena-server.ts'
import { createAthenaTables } from '../helpers/athena-tables.ts'
import { startAthenaWorld } from '../helpers/athena-world.ts'
import { rowOf, segmentOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { BUCKET, startVerifyWorld, VERIFY_WORKSPACE } from '../helpers/verify-world.ts'
import { type Packaged, packageStage } from './package.ts'
import { rightsOf } from './tree.ts'

/** One bundle would do, but osls packages all. */
const PACKAGING_MS = 180_000
const WORK_GROUP = 'recordings-search'
/** Where an operation and the action that allows it have different names (Service Authorization Reference, Amazon S3). */
const ACTION_OF: Readonly<Record<string, string>> = {
  HeadObject: 'GetObject',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
}

const SILENT = createJsonLog(
  () => undefined,
  'error',
  () => new Date(0),
)

let packaged: Packaged

beforeAll(async () => {
  packaged = await packageStage()
}, PACKAGING_MS)
afterAll(() => packaged.remove())

function actionsOf({ operation, headers }: S3Request): string[] {
  const action = `s3:${ACTION_OF[operation] ?? operation}`
  return 'x-amz-object-lock-mode' in headers ? [action, 's3:PutObjectRetention'] : [action]
}

/** Lets the stores answer only what these rights allow; `used` is what was asked for and allowed. */
function enforce(rights: readonly string[]): {
  readonly s3: S3Faults
  readonly athena: AthenaConduct
  readonly used: ReadonlySet<string>
} {
  const used = new Set<string>()
  const allows = (action: string, key: string): boolean => {
    const right = rights.find((each) => {
      const [allowed, place = ''] = each.split(' on ')
      if (allowed !== action) return false
      return place.endsWith('/*')
        ? key.startsWith(place.slice('ArchiveBucket/'.length, -1))
        : !place.includes('/') || key === place
    })
    if (right !== undefined) used.add(right)
    return right !== undefined
  }
  return {
    used,
    s3: (request) =>
      actionsOf(request).every((action) => allows(action, request.key))
        ? undefined
        : { kind: 'error', status: 403, code: 'AccessDenied' },
    athena: {
      refuse: (operation) =>
        allows(`athena:${operation}`, 'workgroup/SearchWorkGroup')
          ? undefined
          : { status: 400, type: 'AccessDeniedException', message: `not authorized: ${operation}` },
    },
  }
}

describe('with the rights of its role and no others', () => {
  it('the API shows, links, verifies and finds a recording', async () => {
    const { ask, used, id } = await startApi(rightsOf(packaged.template, 'RetrieveRole'))
    const answers = [
      await ask('GET /recordings/{id}'),
      await ask('POST /recordings/{id}/link', '{"minutes": 5}'),
      await ask('GET /recordings/{id}/verification'),
      await ask('GET /recordings'),
    ]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200])
    expect(JSON.parse(answers[2]?.body ?? '')).toMatchObject({ outcome: 'ok' })
    expect(answers[3]?.body).toContain(id)
    expect([...used].toSorted()).toEqual([
      'athena:GetQueryExecution on workgroup/SearchWorkGroup',
      'athena:GetQueryResults on workgroup/SearchWorkGroup',
      'athena:StartQueryExecution on workgroup/SearchWorkGroup',
      's3:GetObject on ArchiveBucket/access/*',
      's3:GetObject on ArchiveBucket/catalog-rebuild/*',
      's3:GetObject on ArchiveBucket/holds/*',
      's3:GetObject on ArchiveBucket/recordings/*',
      's3:ListBucket on ArchiveBucket',
      's3:ListBucketVersions on ArchiveBucket',
      's3:PutObject on ArchiveBucket/access/*',
      's3:PutObjectRetention on ArchiveBucket/access/*',
    ])
  })

  it.each(['s3:PutObject', 's3:PutObjectRetention'])(
    'nothing is handed out where %s on the access log were not among them',
    async (action) => {
      const rights = rightsOf(packaged.template, 'RetrieveRole').filter(
        (right) => !right.startsWith(`${action} `),
      )
      const { ask, id } = await startApi(rights)
      for (const route of ['GET /recordings/{id}', 'POST /recordings/{id}/link', 'GET /recordings']) {
        const { statusCode, body = '' } = await ask(route, '{}')
        expect(statusCode).toBeGreaterThanOrEqual(500)
        expect(body).not.toContain(`${id}.mp3`)
      }
    },
  )

  it('compact puts days together', async () => {
    const world = await startAthenaWorld()
    const { s3, athena, used } = enforce(rightsOf(packaged.template, 'CompactRole'))
    for (const batch of ['1', '2']) await world.put('2024-03-01', batch, [rowOf(batch)])
    world.faults = s3
    world.athena.conduct = athena
    const compact = composeCompactFunction(world.env, { log: SILENT, writeMetrics: () => undefined })
    const context = { functionName: 'compact', getRemainingTimeInMillis: () => 300_000 } as Context
    const answer = await compact({ compact: 'all' }, context)
    expect(answer).toMatchObject({ finished: true, workspaces: [{ compacted: 1, failed: 0 }] })
    expect(await world.keys(`catalog-compact/workspace=${WORKSPACE}/day=2024-03-01/`)).toHaveLength(2)
    expect([...used].toSorted()).toEqual([
      'athena:GetQueryExecution on workgroup/SearchWorkGroup',
      'athena:GetQueryResults on workgroup/SearchWorkGroup',
      'athena:StartQueryExecution on workgroup/SearchWorkGroup',
      's3:GetObject on ArchiveBucket/catalog-compact/*',
      's3:GetObject on ArchiveBucket/catalog-rebuild/*',
      's3:ListBucket on ArchiveBucket',
      's3:PutObject on ArchiveBucket/catalog-compact/*',
    ])
  })
})

/** The API over a bucket with one recording, held to some rights. */
async function startApi(rights: readonly string[]): Promise<{
  readonly id: string
  readonly used: ReadonlySet<string>
  ask(this: void, routeKey: string, body?: string): Promise<APIGatewayProxyStructuredResultV2>
}> {
  const world = await startVerifyWorld({
    environment: { RETENTION_MODE: 'GOVERNANCE', RETENTION_DAYS: '30' },
  })
  onTestFinished(() => world[Symbol.asyncDispose]())
  const lock = { mode: 'GOVERNANCE', until: new Date('2999-01-01T00:00:00Z') } as const
  const kept = await world.keep({ lock })
  const read = readSidecar(kept.sidecar)
  if (!read.ok) throw new Error(read.reason)
  const entry = toEntry(read.sidecar)
  const day = entry.created_at.slice(0, 10)
  await world.put(`catalog/workspace=${VERIFY_WORKSPACE}/day=${day}/batch.ndjson`, segmentOf([entry]))
  const client = new S3Client({ forcePathStyle: true, customUserAgent: 'verify-world' })
  onTestFinished(() => client.destroy())
  const athena = await startAthena(createAthenaTables({ client, bucket: BUCKET }), WORK_GROUP)
  process.env['AWS_ENDPOINT_URL_ATHENA'] = athena.url
  const catalog = { CATALOG_DATABASE: 'recordings', CATALOG_WORK_GROUP: WORK_GROUP }
  const handler = composeApiFunction(
    { ...world.env, ...catalog, CATALOG_FIRST_DAY: '2020-01-01' },
    { log: SILENT },
  )
  const enforced = enforce(rights)
  world.faults = enforced.s3
  athena.conduct = enforced.athena
  const context = { functionName: 'retrieve', getRemainingTimeInMillis: () => 29_000 } as Context
  return {
    id: kept.id,
    used: enforced.used,
    async ask(routeKey, body) {
      const [method, path = ''] = routeKey.split(' ')
      const event = {
        version: '2.0',
        routeKey,
        rawPath: path.replace('{id}', kept.id),
        rawQueryString: '',
        headers: { host: 'api.example.com', 'content-type': 'application/json' },
        pathParameters: { id: kept.id },
        requestContext: {
          http: { method, path },
          requestId: 'request',
          stage: '$default',
          domainName: 'api.example.com',
          authorizer: { iam: { userArn: 'arn:aws:sts::123456789012:assumed-role/crm/anna' } },
        },
        body,
        isBase64Encoded: false,
      }
      return await handler(event, context)
    },
  }
}
