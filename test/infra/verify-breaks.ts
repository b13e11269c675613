import type { Break } from './breaks.ts'
import type { Json } from './package.ts'

const entry = (claim: string, path: string, value?: Json): Break => ({
  path: `Resources.${path}`,
  value,
  claim,
})
const ROLE = 'VerifyRole.Properties.Policies.0.PolicyDocument.Statement'
const TRUST = 'VerifyScheduleRole.Properties.AssumeRolePolicyDocument.Statement.0'

const DAILY = 'a sample of the archive is read each day'
const OVER = 'however late a check is handed over, it is over before the next day has its own'
const ONLY = 'the schedule may start the verify function and nothing else, and only it has that right'
const RIGHTS =
  'verify may do exactly what it does: it reads, writes reports alone, and neither deletes, shortens nor holds'
const MISMATCH = 'a recording that is not what its sidecar says wakes somebody'
const NOT_RUN = 'a check that does not come to its end for some days wakes somebody, data or none'
const ERRORS = 'errors of the check wake somebody'

export const VERIFY_BREAKS: readonly Break[] = [
  entry(DAILY, 'DailyVerification.Properties.Target.Input', '{"verify": "sample"}'),
  entry(DAILY, 'DailyVerification.Properties.ScheduleExpression', 'cron(37 3 ? * SUN *)'),
  entry(DAILY, 'DailyVerification.Properties.State', 'DISABLED'),
  entry(DAILY, 'DailyVerification.Properties.Target.Arn', {
    'Fn::GetAtt': ['BackfillLambdaFunction', 'Arn'],
  }),
  entry(DAILY, 'DailyVerification.Properties.GroupName'),
  entry(OVER, 'DailyVerification.Properties.Target.RetryPolicy'),
  entry(OVER, 'VerifyLambdaEvConf.Properties.MaximumRetryAttempts', 2),
  entry(ONLY, 'VerifyScheduleRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource', '*'),
  entry(ONLY, `${TRUST}.Condition.StringEquals.aws:SourceArn`),
  entry(ONLY, `${TRUST}.Principal.Service`, 'events.amazonaws.com'),
  entry(RIGHTS, `${ROLE}.0.Action.2`, 's3:PutObjectRetention'),
  entry(RIGHTS, `${ROLE}.0.Action.3`, 's3:PutObjectLegalHold'),
  entry(RIGHTS, `${ROLE}.2.Action.0`, 's3:DeleteObject'),
  entry(RIGHTS, `${ROLE}.2.Resource`, {
    'Fn::Join': ['', [{ 'Fn::GetAtt': ['ArchiveBucket', 'Arn'] }, '/recordings/*']],
  }),
  entry(RIGHTS, 'VerifyKeyUse.Properties.RoleName.Ref', 'ArchiveRole'),
  entry(MISMATCH, 'MismatchAlarm.Properties.Threshold', 1),
  entry(MISMATCH, 'MismatchAlarm.Properties.TreatMissingData', 'notBreaching'),
  entry(MISMATCH, 'MismatchAlarm.Properties.AlarmActions', []),
  entry(NOT_RUN, 'VerificationNotRunAlarm.Properties.TreatMissingData', 'notBreaching'),
  entry(NOT_RUN, 'VerificationNotRunAlarm.Properties.EvaluationPeriods', 1),
  entry(ERRORS, 'VerifyErrorsAlarm.Properties.Dimensions.0.Value.Ref', 'ArchiveLambdaFunction'),
]
