import * as v from 'valibot'
import { expect, it } from 'vitest'
import { chooseFromParameters, PARAMETERS } from '../../infra/parameters.ts'
import { CatalogEnvironment } from '../../lib/settings.ts'
import { packageStage } from './package.ts'

const SOUND = {
  ...(Object.fromEntries(PARAMETERS.map((name) => [name, ''])) as Record<
    (typeof PARAMETERS)[number],
    string
  >),
  workspaceId: '00000000-0000-4000-8000-000000000000',
  quietDays: '1',
  sweepDays: '3',
  weeklySweepDays: '92',
  verifySample: '300',
  api: 'on',
  searchScanGb: '10',
  compactDaily: 'on',
}
const PACKAGING = {
  service: 'recordings-of-calls',
  stage: 'prod',
  region: 'eu-west-1',
  judges: true,
  deploys: false,
  glacierAfterDays: 90,
}

it('sound parameters are taken', () => {
  expect(chooseFromParameters(SOUND, [], PACKAGING).bucketName).toEqual({ Ref: 'ArchiveBucket' })
})

it.each([
  [{ retentionMode: 'COMPLIANCE' }, 'retentionMode is COMPLIANCE, so retentionDays must say'],
  [{ retentionDays: '30' }, 'retentionDays is set, but retentionMode is off'],
  [
    { secretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:bird' },
    'secretArn is not the whole ARN',
  ],
  [{ prefix: 'a*b' }, 'prefix may hold letters, digits'],
  [{ bucket: 's3://My_Bucket' }, 'bucket is not the name of a bucket'],
  [{ bucket: 'my-archive', glacierAfterDays: '90' }, 'its lifecycle is its own'],
  [{ glacierAfterDays: 'soon' }, 'glacierAfterDays must be a whole number'],
  [{ workspaceId: '' }, 'workspaceId is not set'],
  [{ secretArn: 'the-key-itself' }, 'secretArn is not the whole ARN of a secret'],
  [
    { secretKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/abc' },
    'secretArn is not: a secret that is created',
  ],
  [{ secretKeyArn: 'alias/secret' }, 'secretKeyArn is not the ARN of a KMS key'],
  [{ accessLogBucket: 'Logs' }, 'accessLogBucket is not the name of a bucket'],
  [{ bucket: 'my-archive', accessLogBucket: 'my-logs' }, 'its logging is its own'],
  [{ quietDays: '8' }, 'quietDays must be a whole number from 1 to 7'],
  [{ quietDays: '' }, 'quietDays must be a whole number from 1 to 7'],
  [{ verifySample: '100001' }, 'verifySample must be a whole number from 1 to 100000, or 0'],
  [{ verifySample: '' }, 'verifySample must be a whole number from 1 to 100000, or 0'],
  [{ sweepDays: '0' }, 'sweepDays must be a whole number from 1 to 31'],
  [{ sweepDays: '03' }, 'sweepDays must be a whole number from 1 to 31'],
  [{ sweepDays: '32' }, 'sweepDays must be a whole number from 1 to 31'],
  [{ weeklySweepDays: '' }, 'weeklySweepDays must be a whole number from 2 to 3660, or 0'],
  [{ weeklySweepDays: '3661' }, 'weeklySweepDays must be a whole number from 2 to 3660, or 0'],
  [{ weeklySweepDays: '3' }, 'weeklySweepDays is not more than sweepDays'],
  [{ backfillWorkspaceIds: 'mine; yours' }, 'backfillWorkspaceIds must be workspace ids'],
  [{ backfillWorkspaceIds: ',' }, 'backfillWorkspaceIds must be workspace ids'],
  [{ keyArn: 'alias/archive' }, 'keyArn is not the ARN of a KMS key'],
  [{ api: 'true' }, 'api must be on, or off'],
  [{ api: 'off', reasonRequired: 'true' }, 'but api is off: remove them'],
  [{ api: 'off', country: 'DE' }, 'but api is off: remove them'],
  [{ reasonRequired: 'yes' }, 'reasonRequired must be true or false'],
  [{ country: 'Germany' }, 'country must be the two letters of a country'],
  [{ searchScanGb: '0' }, 'searchScanGb must be a whole number from 1 to 100000'],
  [{ searchScanGb: '0.5' }, 'searchScanGb must be a whole number from 1 to 100000'],
  [{ compactDaily: '' }, 'compactDaily must be on, or off'],
  [{ alarmEmail: 'nobody' }, 'alarmEmail is not an address'],
])('%j is refused', (change, message) => {
  expect(() => chooseFromParameters({ ...SOUND, ...change }, [], PACKAGING)).toThrow(message)
})

it.each([
  [{}, 'retentionMode is not set: say GOVERNANCE or COMPLIANCE'],
  [
    { retentionMode: 'off', keyArn: 'arn:aws:kms:us-east-1:123456789012:key/abc', bucket: 'my-archive' },
    'keyArn is of another region than the stack (eu-west-1)',
  ],
  [
    { retentionMode: 'off', secretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:bird-AbCdEf' },
    'secretArn is of another region than the stack (eu-west-1)',
  ],
])('%j is not deployed, though it can be packaged', (change, message) => {
  const choose = (deploys: boolean) => () =>
    chooseFromParameters({ ...SOUND, ...change }, [], { ...PACKAGING, deploys })
  expect(choose(true)).toThrow(message)
  expect(choose(false)).not.toThrow()
})

it.each(['Prod', 'a'.repeat(32), 'prod_1', '-prod'])('the stage %s is refused', (stage) => {
  expect(() => chooseFromParameters(SOUND, [], { ...PACKAGING, stage })).toThrow('must be 1 to 31 characters')
})

it('what makes no template need not be told any parameter', () => {
  const nothing = { ...SOUND, workspaceId: '', quietDays: 'x' }
  expect(() => chooseFromParameters(nothing, [], { ...PACKAGING, judges: false })).not.toThrow()
})

it('no weekly sweep is a choice', () => {
  const choose = (weeklySweepDays: string): string =>
    chooseFromParameters({ ...SOUND, weeklySweepDays }, [], PACKAGING).files.weekly
  expect([choose('0'), choose('4')]).toEqual(['infra/nothing.yml', 'infra/weekly.yml'])
})

it('no HTTP API is a choice', () => {
  const choose = (api: string): string[] =>
    Object.values(chooseFromParameters({ ...SOUND, api }, [], PACKAGING).files).filter((file) =>
      /api|retrieve/.test(file),
    )
  expect(choose('off')).toEqual([])
  expect(choose('on').toSorted()).toEqual([
    'infra/api-alarms.yml',
    'infra/api.yml',
    'infra/retrieve-key-use.yml',
    'infra/retrieve-role.yml',
    'infra/retrieve.yml',
  ])
})

it('the HTTP API uses a key only where the bucket has one', () => {
  const { files } = chooseFromParameters({ ...SOUND, bucket: 'my-archive' }, [], PACKAGING)
  expect([files.retrieveRole, files.retrieveKeyUse]).toEqual(['infra/retrieve-role.yml', 'infra/nothing.yml'])
})

it.each([
  ['prod', 'recordings_of_calls_prod'],
  ['team-a-2', 'recordings_of_calls_team_a_2'],
])('the database of stage %s has a name that Glue and the settings take', (stage, name) => {
  const { catalogDatabase } = chooseFromParameters(SOUND, [], { ...PACKAGING, stage })
  expect(catalogDatabase).toBe(name)
  expect(v.is(CatalogEnvironment.entries.CATALOG_DATABASE, catalogDatabase)).toBe(true)
})

it('the limit of a search is in bytes of which a GB has a thousand million', () => {
  expect(chooseFromParameters({ ...SOUND, searchScanGb: '1' }, [], PACKAGING).searchScanBytes).toBe(
    1_000_000_000,
  )
})

it('a misspelt parameter is refused', () => {
  expect(() => chooseFromParameters(SOUND, ['retentionday'], PACKAGING)).toThrow(
    'retentionday is not a parameter',
  )
})

it('the stage for looking is not deployed', () => {
  const packaging = { ...PACKAGING, stage: 'example', deploys: true }
  expect(() => chooseFromParameters(SOUND, [], packaging)).toThrow('is for looking at the template')
})

it('packaging says all that is wrong, without a stack, and fails', { timeout: 60_000 }, async () => {
  await expect(packageStage('retentionMode=COMPLIANCE', 'retentionday=30')).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringMatching(
      /retentionDays must say[^]*retentionday is not a parameter(?![^]*\n {4}at )/,
    ),
  })
})
