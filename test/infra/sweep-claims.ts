import { createPace } from '../../lib/bird/pace.ts'
import type { Template } from './package.ts'
import { alarmWatches, at, environmentOf, list, number, rightsOf, same, statementsOf, text } from './tree.ts'

/** Bird's limit of GETs for a workspace. */
const BIRD_PER_SECOND = 50
/** Bird's longest call. */
const LONGEST_CALL_MS = 8 * 3_600_000
const FUNCTION = 'BackfillLambdaFunction'

const schedules = (template: Template): [string, Record<string, unknown>][] =>
  Object.entries(template.Resources).flatMap(([name, { Type, Properties }]) =>
    Type === 'AWS::Scheduler::Schedule' && name.endsWith('Sweep') ? [[name, Properties]] : [],
  )

/** What a function sends at most in one second, of what its template lets it: after a pause, as fast as its pace allows. */
function mostInASecond(template: Template, functionName: string): number {
  const pace = createPace(Number(environmentOf(template, functionName)['BIRD_REQUESTS_PER_SECOND']))
  let requests = 0
  while (pace.reserve(0) < 1000) requests += 1
  return requests
}

/** What must hold of the packaged template where it concerns the sweep, each a sentence. */
export const SWEEP_CLAIMS: Readonly<Record<string, (template: Template) => boolean>> = {
  'in any one second all instances and both sweeps together send 50 requests to Bird at most': (t) => {
    const instances = number(
      t,
      'ArchiveEventSourceMappingSQSArchiveQueue.Properties.ScalingConfig.MaximumConcurrency',
    )
    const sent = [instances * mostInASecond(t, 'archive'), schedules(t).length * mostInASecond(t, 'backfill')]
    return sent.every((requests) => requests > 0) && sent[0]! + sent[1]! <= BIRD_PER_SECOND
  },
  'the last days are swept each hour, and the last months each week': (t) =>
    same(
      schedules(t).map(([name, schedule]) => [
        name,
        JSON.parse(text(at(schedule, 'Target.Input')) || 'null') as unknown,
        text(at(schedule, 'ScheduleExpression')).replaceAll(/\d+/g, '0'),
        at(schedule, 'State') ?? 'ENABLED',
        at(schedule, 'Target.Arn'),
        at(schedule, 'Target.RoleArn'),
        at(schedule, 'GroupName'),
      ]),
      [
        ['HourlySweep', { sweep: 'recent', days: 3 }, 'cron(0 * * * ? *)'],
        ['WeeklySweep', { sweep: 'months', days: 92 }, 'cron(0 0-0 ? * SUN *)'],
      ].map((schedule) => [
        ...schedule,
        'ENABLED',
        { 'Fn::GetAtt': [FUNCTION, 'Arn'] },
        { 'Fn::GetAtt': ['SweepScheduleRole', 'Arn'] },
        { Ref: 'SweepSchedules' },
      ]),
    ),
  'however late a sweep is handed over, it is over before the next hour has its own': (t) =>
    schedules(t).every(
      ([, schedule]) =>
        Number(at(schedule, 'Target.RetryPolicy.MaximumEventAgeInSeconds')) +
          number(t, 'BackfillLambdaEvConf.Properties.MaximumEventAgeInSeconds') +
          number(t, `${FUNCTION}.Properties.Timeout`) <
          3600 && same(at(schedule, 'FlexibleTimeWindow'), { Mode: 'OFF' }),
    ),
  'a sweep that failed is not run again at once': (t) =>
    same(at(t, 'Resources.BackfillLambdaEvConf.Properties.FunctionName'), { Ref: FUNCTION }) &&
    number(t, 'BackfillLambdaEvConf.Properties.MaximumRetryAttempts') === 0,
  'Scheduler may start this function and nothing else': (t) =>
    same(rightsOf(t, 'SweepScheduleRole'), [`lambda:InvokeFunction on ${FUNCTION}`]),
  'Scheduler has that right for these schedules of this account only': (t) =>
    same(at(t, 'Resources.SweepScheduleRole.Properties.AssumeRolePolicyDocument.Statement'), [
      {
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: {
            'aws:SourceAccount': { Ref: 'AWS::AccountId' },
            'aws:SourceArn': { 'Fn::GetAtt': ['SweepSchedules', 'Arn'] },
          },
        },
      },
    ]),
  'backfill may do exactly what it does: it writes marks alone, and neither deletes nor bypasses': (t) =>
    same(rightsOf(t, 'BackfillRole'), [
      'kms:Decrypt on ArchiveKey',
      'kms:GenerateDataKey on ArchiveKey',
      'logs:CreateLogStream on BackfillLogGroup',
      'logs:PutLogEvents on BackfillLogGroup',
      's3:GetObject on ArchiveBucket/backfill/*',
      's3:GetObject on ArchiveBucket/recordings/*',
      's3:GetObjectRetention on ArchiveBucket/backfill/attestations/*',
      's3:GetObjectVersion on ArchiveBucket/backfill/attestations/*',
      's3:ListBucket on ArchiveBucket',
      's3:PutObject on ArchiveBucket/backfill/*',
      's3:PutObjectRetention on ArchiveBucket/backfill/attestations/*',
      'secretsmanager:GetSecretValue on BirdAccessKey',
      'sqs:ChangeMessageVisibility on ArchiveDeadLetterQueue',
      'sqs:GetQueueAttributes on ArchiveDeadLetterQueue',
      'sqs:GetQueueAttributes on ArchiveQueue',
      'sqs:ReceiveMessage on ArchiveDeadLetterQueue',
      'sqs:SendMessage on ArchiveQueue',
      'xray:PutTelemetryRecords on *',
      'xray:PutTraceSegments on *',
    ]) && statementsOf(t, 'BackfillRole').every(({ Effect }) => Effect === 'Allow'),
  'no lifecycle rule deletes anything but replaced versions of the windows and marks of the sweep': (t) => {
    const deleting = list(at(t, 'Resources.ArchiveBucket.Properties.LifecycleConfiguration.Rules')).filter(
      (rule) => /"\w*Expiration\w*"/.test(JSON.stringify(rule)),
    )
    return (
      same(
        deleting.map((rule) => at(rule, 'Prefix')),
        ['backfill/windows/', 'backfill/marks/'],
      ) &&
      deleting.every(
        (rule) =>
          same(Object.keys(rule as object), ['Id', 'Status', 'Prefix', 'NoncurrentVersionExpiration']) &&
          Number(at(rule, 'NoncurrentVersionExpiration.NoncurrentDays')) > 0,
      )
    )
  },
  'a sweep that does not run for some hours wakes somebody, data or none': (t) => {
    const hours = number(t, 'SweepNotRunAlarm.Properties.EvaluationPeriods')
    return (
      alarmWatches(t, 'SweepNotRunAlarm', ['SweepsFinished', 'LessThanThreshold', 1, 'breaching']) &&
      at(t, 'Resources.SweepNotRunAlarm.Properties.Statistic') === 'Sum' &&
      number(t, 'SweepNotRunAlarm.Properties.Period') === 3600 &&
      hours >= 2 &&
      hours < 24
    )
  },
  'what the sweep cannot explain wakes somebody, until a sweep finds it explained': (t) =>
    alarmWatches(t, 'UnexplainedAlarm', ['Unexplained', 'GreaterThanThreshold', 0, 'ignore']) &&
    at(t, 'Resources.UnexplainedAlarm.Properties.Statistic') === 'Maximum',
  'what is unavailable for longer than a call lasts wakes somebody before the archiver gives it up': (t) => {
    const ageMs = number(t, 'OldestNotYetAlarm.Properties.Threshold')
    const patienceHours = Number(environmentOf(t, 'backfill')['NOT_READY_HOURS'])
    return (
      alarmWatches(t, 'OldestNotYetAlarm', ['OldestNotYet', 'GreaterThanThreshold', ageMs, 'ignore']) &&
      at(t, 'Resources.OldestNotYetAlarm.Properties.Statistic') === 'Maximum' &&
      ageMs > LONGEST_CALL_MS &&
      ageMs < patienceHours * 3_600_000
    )
  },
  'errors and throttles of the sweep wake somebody': (t) =>
    ['Errors', 'Throttles'].every(
      (name) =>
        alarmWatches(t, `Sweep${name}Alarm`, [name, 'GreaterThanThreshold', 0, 'notBreaching']) &&
        same(at(t, `Resources.Sweep${name}Alarm.Properties.Dimensions`), [
          { Name: 'FunctionName', Value: { Ref: FUNCTION } },
        ]),
    ),
  'every alarm has an end that is told, too': (t) =>
    Object.values(t.Resources)
      .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
      .every(({ Properties }) => list(Properties['OKActions']).length === 1),
}
