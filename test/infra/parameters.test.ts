import { expect, it } from 'vitest'
import { chooseFromParameters, PARAMETERS } from '../../infra/parameters.ts'
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
}
const PACKAGING = { stage: 'prod', deploys: false, glacierAfterDays: 90 }

it('sound parameters are taken', () => {
  expect(chooseFromParameters(SOUND, [], PACKAGING).bucketName).toEqual({ Ref: 'ArchiveBucket' })
})

it.each([
  [{ retentionMode: 'COMPLIANCE' }, 'retentionMode is COMPLIANCE, so retentionDays must say'],
  [{ retentionDays: '30' }, 'retentionDays is set, but retentionMode is off'],
  [{ bucket: 's3://My_Bucket' }, 'bucket is not the name of a bucket'],
  [{ bucket: 'my-archive', glacierAfterDays: '90' }, 'its lifecycle is its own'],
  [{ glacierAfterDays: 'soon' }, 'glacierAfterDays must be a whole number'],
  [{ workspaceId: '' }, 'workspaceId is not set'],
  [{ secretArn: 'the-key-itself' }, 'secretArn is not the ARN of a secret'],
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
  [{ alarmEmail: 'nobody' }, 'alarmEmail is not an address'],
])('%j is refused', (change, message) => {
  expect(() => chooseFromParameters({ ...SOUND, ...change }, [], PACKAGING)).toThrow(message)
})

it('no weekly sweep is a choice', () => {
  const choose = (weeklySweepDays: string): string =>
    chooseFromParameters({ ...SOUND, weeklySweepDays }, [], PACKAGING).files.weekly
  expect([choose('0'), choose('4')]).toEqual(['infra/nothing.yml', 'infra/weekly.yml'])
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
