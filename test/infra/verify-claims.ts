import type { Template } from './package.ts'
import { alarmWatches, at, number, rightsOf, same, statementsOf, text } from './tree.ts'

const FUNCTION = 'VerifyLambdaFunction'

/** What must hold of the packaged template where it concerns the check of the archive, each a sentence. */
export const VERIFY_CLAIMS: Readonly<Record<string, (template: Template) => boolean>> = {
  'a sample of the archive is read each day': (t) => {
    const schedule = at(t, 'Resources.DailyVerification.Properties')
    return (
      same(JSON.parse(text(at(schedule, 'Target.Input')) || 'null'), { verify: 'sample', sample: 300 }) &&
      /^cron\(\d+ \d+ \* \* \? \*\)$/.test(text(at(schedule, 'ScheduleExpression'))) &&
      same(at(schedule, 'State') ?? 'ENABLED', 'ENABLED') &&
      same(at(schedule, 'Target.Arn'), { 'Fn::GetAtt': [FUNCTION, 'Arn'] }) &&
      same(at(schedule, 'Target.RoleArn'), { 'Fn::GetAtt': ['VerifyScheduleRole', 'Arn'] }) &&
      same(at(schedule, 'GroupName'), { Ref: 'VerifySchedules' })
    )
  },
  'however late a check is handed over, it is over before the next day has its own': (t) =>
    number(t, 'DailyVerification.Properties.Target.RetryPolicy.MaximumEventAgeInSeconds') +
      number(t, 'VerifyLambdaEvConf.Properties.MaximumEventAgeInSeconds') +
      number(t, `${FUNCTION}.Properties.Timeout`) <
      86_400 && number(t, 'VerifyLambdaEvConf.Properties.MaximumRetryAttempts') === 0,
  'the schedule may start the verify function and nothing else, and only it has that right': (t) =>
    same(rightsOf(t, 'VerifyScheduleRole'), [`lambda:InvokeFunction on ${FUNCTION}`]) &&
    same(at(t, 'Resources.VerifyScheduleRole.Properties.AssumeRolePolicyDocument.Statement'), [
      {
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: {
            'aws:SourceAccount': { Ref: 'AWS::AccountId' },
            'aws:SourceArn': { 'Fn::GetAtt': ['VerifySchedules', 'Arn'] },
          },
        },
      },
    ]),
  'verify may do exactly what it does: it reads, writes reports alone, and neither deletes, shortens nor holds':
    (t) =>
      same(rightsOf(t, 'VerifyRole'), [
        'kms:Decrypt on ArchiveKey',
        'kms:GenerateDataKey on ArchiveKey',
        'logs:CreateLogStream on VerifyLogGroup',
        'logs:PutLogEvents on VerifyLogGroup',
        's3:GetObject on ArchiveBucket/holds/*',
        's3:GetObject on ArchiveBucket/recordings/*',
        's3:GetObject on ArchiveBucket/verify/*',
        's3:GetObjectLegalHold on ArchiveBucket/recordings/*',
        's3:GetObjectRetention on ArchiveBucket/recordings/*',
        's3:GetObjectRetention on ArchiveBucket/verify/*',
        's3:GetObjectVersion on ArchiveBucket/recordings/*',
        's3:GetObjectVersion on ArchiveBucket/verify/*',
        's3:ListBucket on ArchiveBucket',
        's3:ListBucketMultipartUploads on ArchiveBucket',
        's3:ListBucketVersions on ArchiveBucket',
        's3:PutObject on ArchiveBucket/verify/*',
        's3:PutObjectRetention on ArchiveBucket/verify/*',
        'xray:PutTelemetryRecords on *',
        'xray:PutTraceSegments on *',
      ]) && statementsOf(t, 'VerifyRole').every(({ Effect }) => Effect === 'Allow'),
  'a recording that is not what its sidecar says wakes somebody': (t) =>
    alarmWatches(t, 'MismatchAlarm', ['Mismatches', 'GreaterThanThreshold', 0, 'ignore']) &&
    at(t, 'Resources.MismatchAlarm.Properties.Statistic') === 'Maximum' &&
    number(t, 'MismatchAlarm.Properties.EvaluationPeriods') === 1,
  'a check that does not come to its end for some days wakes somebody, data or none': (t) => {
    const days = number(t, 'VerificationNotRunAlarm.Properties.EvaluationPeriods')
    return (
      alarmWatches(t, 'VerificationNotRunAlarm', [
        'VerificationsFinished',
        'LessThanThreshold',
        1,
        'breaching',
      ]) &&
      at(t, 'Resources.VerificationNotRunAlarm.Properties.Statistic') === 'Sum' &&
      number(t, 'VerificationNotRunAlarm.Properties.Period') === 86_400 &&
      days >= 2 &&
      days <= 7
    )
  },
  'errors of the check wake somebody': (t) =>
    alarmWatches(t, 'VerifyErrorsAlarm', ['Errors', 'GreaterThanThreshold', 0, 'notBreaching']) &&
    same(at(t, 'Resources.VerifyErrorsAlarm.Properties.Dimensions'), [
      { Name: 'FunctionName', Value: { Ref: FUNCTION } },
    ]),
}
