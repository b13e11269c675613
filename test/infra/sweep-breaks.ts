import type { Break } from './breaks.ts'
import type { Json } from './package.ts'

const entry = (claim: string, path: string, value?: Json): Break => ({
  path: `Resources.${path}`,
  value,
  claim,
})
const ENVIRONMENT = 'Properties.Environment.Variables'
const ROLE = 'BackfillRole.Properties.Policies.0.PolicyDocument.Statement'
const RULES = 'ArchiveBucket.Properties.LifecycleConfiguration.Rules'
const TRUST = 'SweepScheduleRole.Properties.AssumeRolePolicyDocument.Statement.0'

const PACE = 'in any one second all instances and both sweeps together send 50 requests to Bird at most'
const SWEPT = 'the last days are swept each hour, and the last months each week'
const OVER = 'however late a sweep is handed over, it is over before the next hour has its own'
const ONLY_THESE = 'Scheduler has that right for these schedules of this account only'
const RIGHTS = 'backfill may do exactly what it does: it writes marks alone, and neither deletes nor bypasses'
const FORGETS =
  'no lifecycle rule deletes anything but replaced versions of the windows and marks of the sweep'
const NOT_RUN = 'a sweep that does not run for some hours wakes somebody, data or none'
const UNEXPLAINED = 'what the sweep cannot explain wakes somebody, until a sweep finds it explained'
const NOT_YET =
  'what is unavailable for longer than a call lasts wakes somebody before the archiver gives it up'
const ERRORS = 'errors and throttles of the sweep wake somebody'

export const SWEEP_BREAKS: readonly Break[] = [
  entry(PACE, 'ArchiveEventSourceMappingSQSArchiveQueue.Properties.ScalingConfig.MaximumConcurrency', 5),
  entry(PACE, `ArchiveLambdaFunction.${ENVIRONMENT}.BIRD_REQUESTS_PER_SECOND`, '10'),
  entry(PACE, `BackfillLambdaFunction.${ENVIRONMENT}.BIRD_REQUESTS_PER_SECOND`, '5'),
  entry(PACE, `BackfillLambdaFunction.${ENVIRONMENT}.BIRD_REQUESTS_PER_SECOND`),
  entry(SWEPT, 'HourlySweep.Properties.Target.Input', '{"sweep": "recent"}'),
  entry(SWEPT, 'HourlySweep.Properties.ScheduleExpression', 'cron(17 3 * * ? *)'),
  entry(SWEPT, 'HourlySweep.Properties.State', 'DISABLED'),
  entry(SWEPT, 'WeeklySweep.Properties.Target.Arn', { 'Fn::GetAtt': ['ArchiveLambdaFunction', 'Arn'] }),
  entry(SWEPT, 'WeeklySweep.Properties.GroupName'),
  entry(OVER, 'BackfillLambdaEvConf.Properties.MaximumEventAgeInSeconds', 3600),
  entry(OVER, 'HourlySweep.Properties.Target.RetryPolicy'),
  entry(OVER, 'HourlySweep.Properties.FlexibleTimeWindow.Mode', 'FLEXIBLE'),
  entry(
    'a sweep that failed is not run again at once',
    'BackfillLambdaEvConf.Properties.MaximumRetryAttempts',
    2,
  ),
  entry(
    'Scheduler may start this function and nothing else',
    'SweepScheduleRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource',
    '*',
  ),
  entry(ONLY_THESE, `${TRUST}.Condition.StringEquals.aws:SourceAccount`),
  entry(ONLY_THESE, `${TRUST}.Condition.StringEquals.aws:SourceArn`),
  entry(ONLY_THESE, `${TRUST}.Principal.Service`, 'events.amazonaws.com'),
  entry(RIGHTS, `${ROLE}.2.Action`, 's3:DeleteObject'),
  entry(RIGHTS, `${ROLE}.1.Action.0`, 'sqs:DeleteMessage'),
  entry(RIGHTS, `${ROLE}.3.Resource`, {
    'Fn::Join': ['', [{ 'Fn::GetAtt': ['ArchiveBucket', 'Arn'] }, '/recordings/*']],
  }),
  entry(RIGHTS, `${ROLE}.4.Resource`, {
    'Fn::Join': ['', [{ 'Fn::GetAtt': ['ArchiveBucket', 'Arn'] }, '/backfill/*']],
  }),
  entry(RIGHTS, 'BackfillKeyUse.Properties.RoleName.Ref', 'ArchiveRole'),
  entry(FORGETS, `${RULES}.3.ExpirationInDays`, 30),
  entry(FORGETS, `${RULES}.1.ExpirationInDays`, 30),
  entry(FORGETS, `${RULES}.1.Prefix`, 'backfill/'),
  entry(FORGETS, `${RULES}.2.Prefix`),
  entry(FORGETS, `${RULES}.0.NoncurrentVersionExpiration`, { NoncurrentDays: 30 }),
  entry(NOT_RUN, 'SweepNotRunAlarm.Properties.TreatMissingData', 'notBreaching'),
  entry(NOT_RUN, 'SweepNotRunAlarm.Properties.EvaluationPeriods', 1),
  entry(UNEXPLAINED, 'UnexplainedAlarm.Properties.Threshold', 1),
  entry(UNEXPLAINED, 'UnexplainedAlarm.Properties.TreatMissingData', 'notBreaching'),
  entry(NOT_YET, 'OldestNotYetAlarm.Properties.Threshold', 28_800_000),
  entry(NOT_YET, `BackfillLambdaFunction.${ENVIRONMENT}.NOT_READY_HOURS`, '12'),
  entry(ERRORS, 'SweepErrorsAlarm.Properties.Dimensions.0.Value.Ref', 'ArchiveLambdaFunction'),
  entry(ERRORS, 'SweepThrottlesAlarm.Properties.AlarmActions', []),
  entry('every alarm has an end that is told, too', 'UnexplainedAlarm.Properties.OKActions'),
]
