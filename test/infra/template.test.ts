import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unzip } from '../helpers/unzip.ts'
import { typesOfCompacts } from './compact-types.ts'
import { FUNCTIONS, KEY_USES, ROLES } from './deployed.ts'
import { ALL_BREAKS, ALL_CLAIMS } from './every-claim.ts'
import { describeNames } from './names.ts'
import { type Packaged, packageStage } from './package.ts'
import { columnsOf } from './search-claims.ts'
import { at, environmentOf, list, rightsOf, text } from './tree.ts'
import { validate } from './validate.ts'

const WORKSPACES = '00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000002'
/** Three times five bundles, on a machine that has other tests to run. */
const PACKAGING_MS = 300_000
const MIB = 1024 * 1024
const KEY_ARN = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-4000-8000-000000000000'
let created: Packaged
let existing: Packaged
let chosen: Packaged

beforeAll(async () => {
  created = await packageStage()
  existing = await packageStage(
    'bucket=my-archive',
    'secretArn=arn:aws:secretsmanager:eu-west-1:123456789012:secret:bird-AbCdEf',
    `secretKeyArn=${KEY_ARN}`,
    'alarmEmail=somebody@example.com',
    'quietDays=0',
    'weeklySweepDays=0',
    'verifySample=0',
    'api=off',
    'compactDaily=off',
  )
  chosen = await packageStage(
    `keyArn=${KEY_ARN}`,
    'glacierAfterDays=30',
    'accessLogBucket=my-logs',
    'quietDays=3',
    'prefix=calls',
    'sweepDays=7',
    'weeklySweepDays=3660',
    'verifySample=1000',
    'searchScanGb=25',
    'country=DE',
    'reasonRequired=true',
    `backfillWorkspaceIds=${WORKSPACES}`,
  )
}, PACKAGING_MS)
afterAll(async () => {
  await created.remove()
  await existing.remove()
  await chosen.remove()
})

describe('the packaged template', () => {
  it("passes AWS's validator, with what it creates and with what exists", { timeout: PACKAGING_MS }, () => {
    for (const { templateFile } of [created, existing, chosen]) expect(validate(templateFile)).toEqual([])
  })

  it.each(Object.entries(ALL_CLAIMS))('%s', (_, holds) => {
    expect(holds(created.template)).toBe(true)
  })

  it.each(ALL_BREAKS)('a break of $path is noticed: $claim', ({ path: place, value, claim }) => {
    const broken = structuredClone(created.template)
    const keys = place.split('.')
    const parent = at(broken, keys.slice(0, -1).join('.')) as Record<string, unknown>
    if (value === undefined) Reflect.deleteProperty(parent, keys.at(-1)!)
    else parent[keys.at(-1)!] = value
    expect(ALL_CLAIMS[claim]!(broken)).toBe(false)
  })

  it('has a break for every claim', () => {
    expect(new Set(ALL_BREAKS.map(({ claim }) => claim))).toEqual(new Set(Object.keys(ALL_CLAIMS)))
  })

  it('creates neither bucket, key nor secret where they exist, and names those that do', () => {
    const { Resources } = existing.template
    for (const name of [
      'ArchiveBucket',
      'ArchiveBucketPolicy',
      'ArchiveKey',
      ...KEY_USES,
      'BirdAccessKey',
      'NothingArchivedAlarm',
      'WeeklySweep',
      'DailyVerification',
      'VerificationNotRunAlarm',
      'DailyCompaction',
      'CompactionNotRunAlarm',
    ])
      expect(Resources).not.toHaveProperty(name)
    expect(Resources).toHaveProperty('HourlySweep')
    for (const name of ['archive', 'backfill', 'verify', 'compact'])
      expect(environmentOf(existing.template, name)['ARCHIVE_BUCKET']).toBe('my-archive')
    expect(at(Resources, 'CatalogSegmentTable.Properties.TableInput.StorageDescriptor.Location')).toEqual({
      'Fn::Join': ['', ['s3://', 'my-archive', '/catalog/']],
    })
    expect(at(Resources, 'AlarmEmail.Properties.Endpoint')).toBe('somebody@example.com')
    for (const [policy, role] of [
      ['SecretKeyUse', 'ArchiveRole'],
      ['BackfillSecretKeyUse', 'BackfillRole'],
    ] as const) {
      expect(at(Resources, `${policy}.Properties.RoleName`)).toEqual({ Ref: role })
      expect(at(Resources, `${policy}.Properties.PolicyDocument.Statement`)).toEqual([
        expect.objectContaining({
          Effect: 'Allow',
          Action: 'kms:Decrypt',
          Resource: KEY_ARN,
          Condition: {
            StringEquals: {
              'kms:ViaService': { 'Fn::Sub': 'secretsmanager.${AWS::Region}.${AWS::URLSuffix}' },
            },
          },
        }),
      ])
    }
  })

  it('uses a given key, moves to Glacier, logs access and waits for quiet days as it is told', () => {
    const { Resources } = chosen.template
    expect(Resources).not.toHaveProperty('ArchiveKey')
    const bucket = Resources['ArchiveBucket']?.Properties ?? {}
    expect(
      at(bucket, 'BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault'),
    ).toMatchObject({ KMSMasterKeyID: KEY_ARN })
    expect(JSON.stringify(Resources['ArchiveBucketPolicy'])).toContain(KEY_ARN)
    for (const policy of KEY_USES)
      expect(at(Resources, `${policy}.Properties.PolicyDocument.Statement.0.Resource`)).toBe(KEY_ARN)
    expect(at(bucket, 'LifecycleConfiguration.Rules.3')).toMatchObject({
      Status: 'Enabled',
      Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 30 }],
    })
    expect(
      at(created.template, 'Resources.ArchiveBucket.Properties.LifecycleConfiguration.Rules.3'),
    ).toMatchObject({ Status: 'Disabled' })
    expect(bucket['LoggingConfiguration']).toMatchObject({ DestinationBucketName: 'my-logs' })
    expect(at(Resources, 'NothingArchivedAlarm.Properties.EvaluationPeriods')).toBe(3)
  })

  it('has nothing of the HTTP API where it is off, and searches all the same', () => {
    expect(JSON.stringify(existing.template)).not.toMatch(/Retrieve|ApiGateway|execute-api/)
    expect(JSON.stringify(created.template)).toMatch(/Retrieve.*ApiGateway.*execute-api/)
    expect(existing.template.Outputs).not.toHaveProperty('ApiUrl')
    expect(created.template.Outputs['ApiUrl']?.Value).toEqual({
      'Fn::GetAtt': ['RetrieveApi', 'ApiEndpoint'],
    })
    expect(existing.template.Resources).toHaveProperty('SearchWorkGroup')
  })

  it('searches within the limit, in the place, with the country and for the purpose that it is told', () => {
    const { Resources } = chosen.template
    const group = at(Resources, 'SearchWorkGroup.Properties.WorkGroupConfiguration')
    expect(group).toMatchObject({ BytesScannedCutoffPerQuery: 25_000_000_000 })
    for (const [table, place] of [
      ['CatalogSegmentTable', '/calls/catalog/'],
      ['CatalogCompactTable', '/calls/catalog-compact/'],
    ] as const)
      expect(at(Resources, `${table}.Properties.TableInput.StorageDescriptor.Location`)).toEqual({
        'Fn::Join': ['', ['s3://', { Ref: 'ArchiveBucket' }, place]],
      })
    expect(environmentOf(chosen.template, 'retrieve')).toMatchObject({
      RETRIEVE_COUNTRY: 'DE',
      RETRIEVE_REASON_REQUIRED: 'true',
      BACKFILL_WORKSPACE_IDS: WORKSPACES,
    })
  })

  it('gives the columns of both tables the types that the rows have when DuckDB puts them together', async () => {
    const types = await typesOfCompacts()
    expect(types.length).toBeGreaterThan(20)
    for (const table of ['CatalogSegmentTable', 'CatalogCompactTable'])
      expect(columnsOf(created.template, table)).toEqual(types)
  })

  it('sweeps the days and workspaces that it is told, under the prefix', () => {
    const { Resources } = chosen.template
    const inputOf = (name: string): unknown =>
      JSON.parse(text(at(Resources, `${name}.Properties.Target.Input`)))
    expect(inputOf('HourlySweep')).toEqual({ sweep: 'recent', days: 7 })
    expect(inputOf('WeeklySweep')).toEqual({ sweep: 'months', days: 3660 })
    expect(inputOf('DailyVerification')).toEqual({ verify: 'sample', sample: 1000 })
    for (const name of ['backfill', 'verify', 'compact'])
      expect(environmentOf(chosen.template, name)['BACKFILL_WORKSPACE_IDS']).toBe(WORKSPACES)
    const rules = list(at(Resources, 'ArchiveBucket.Properties.LifecycleConfiguration.Rules'))
    expect(rules.flatMap((rule) => at(rule, 'Prefix') ?? [])).toEqual([
      'calls/backfill/windows/',
      'calls/backfill/marks/',
      // Only audio and sidecars ever go to Glacier: an index that is searched each day would cost more there.
      'calls/recordings/',
    ])
    const objects = ROLES.flatMap((role) => rightsOf(chosen.template, role)).filter((right) =>
      right.includes(' on ArchiveBucket/'),
    )
    expect(objects.length).toBeGreaterThan(35)
    expect(objects.filter((right) => !right.includes(' on ArchiveBucket/calls/'))).toEqual([])
  })
})

describeNames(() => ({ created, existing, chosen }))

describe('the zip', () => {
  it.each(Object.entries(FUNCTIONS))(
    'of %s holds the bytes of the build and nothing else, within its budget',
    async (name, { budgetMib }) => {
      const files = unzip(await readFile(path.join(created.directory, `${name}.zip`)))
      expect([...files.keys()]).toEqual([`functions/${name}.cjs`])
      const packaged = files.get(`functions/${name}.cjs`)!
      expect(packaged.equals(await readFile(`dist/functions/${name}.cjs`))).toBe(true)
      expect(packaged.length).toBeLessThan(budgetMib * MIB)
    },
  )
})
