import type { Resource, Template } from './package.ts'
import {
  actionsOf,
  alarmWatches,
  at,
  list,
  number,
  policyDenies,
  rightsOf,
  same,
  type Statement,
  statementsOf,
  text,
  TLS,
} from './tree.ts'

const QUEUE = 'ArchiveQueue.Properties'
const MAPPING = 'ArchiveEventSourceMappingSQSArchiveQueue.Properties'

const FUNCTIONS = ['Archive', 'Backfill', 'Verify', 'Compact', 'Retrieve']
const rolesOfFunctions = (template: Template): Statement[] =>
  FUNCTIONS.flatMap((name) => statementsOf(template, `${name}Role`))

/** Which function writes the metric of an alarm of ours. */
const WRITER_OF = {
  CompactionNotRunAlarm: 'Compact',
  ConfigurationFaultAlarm: 'Archive',
  DaysNotCompactedAlarm: 'Compact',
  MismatchAlarm: 'Verify',
  NothingArchivedAlarm: 'Archive',
  OldestNotYetAlarm: 'Backfill',
  SweepNotRunAlarm: 'Backfill',
  UnexplainedAlarm: 'Backfill',
  VerificationNotRunAlarm: 'Verify',
}

const retained = (resource: Resource | undefined): boolean =>
  resource?.DeletionPolicy === 'Retain' && resource.UpdateReplacePolicy === 'Retain'

/** What must hold of the packaged template, each a sentence. */
export const CLAIMS: Readonly<Record<string, (template: Template) => boolean>> = {
  'the queue hides a message for at least six time-outs and the window': (t) =>
    number(t, `${QUEUE}.VisibilityTimeout`) >=
    6 * number(t, 'ArchiveLambdaFunction.Properties.Timeout') +
      number(t, `${MAPPING}.MaximumBatchingWindowInSeconds`),
  'a message is received five times at least before it is dead-lettered': (t) =>
    number(t, `${QUEUE}.RedrivePolicy.maxReceiveCount`) >= 5,
  'the dead-letter queue keeps messages longer than the queue': (t) =>
    number(t, 'ArchiveDeadLetterQueue.Properties.MessageRetentionPeriod') >
    number(t, `${QUEUE}.MessageRetentionPeriod`),
  'both queues are encrypted': (t) =>
    ['ArchiveQueue', 'ArchiveDeadLetterQueue'].every(
      (name) => at(t, `Resources.${name}.Properties.SqsManagedSseEnabled`) === true,
    ),
  'only the queue may redrive into its dead-letter queue': (t) => {
    const allow = at(t, 'Resources.ArchiveDeadLetterQueue.Properties.RedriveAllowPolicy')
    const name = text(at(t, `Resources.${QUEUE}.QueueName`))
    return (
      at(allow, 'redrivePermission') === 'byQueue' &&
      list(at(allow, 'sourceQueueArns')).length === 1 &&
      text(at(allow, 'sourceQueueArns.0.Fn::Sub')).endsWith(`:${name}`)
    )
  },
  'both queues refuse what is not TLS': (t) =>
    ['ArchiveQueuePolicy', 'ArchiveDeadLetterQueuePolicy'].every((name) => policyDenies(t, name, TLS)),
  'nobody but the rule is allowed into the queues by their policies': (t) =>
    ['ArchiveQueuePolicy', 'ArchiveDeadLetterQueuePolicy'].every((name) => {
      const allows = list(at(t, `Resources.${name}.Properties.PolicyDocument.Statement`)).filter(
        (statement) => at(statement, 'Effect') === 'Allow',
      )
      return (
        allows.length === 1 &&
        same(at(allows[0], 'Condition'), {
          ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': ['RecordingRequestedRule', 'Arn'] } },
        })
      )
    }),
  'RecordingRequested on the bus goes to the queue': (t) => {
    const rule = at(t, 'Resources.RecordingRequestedRule.Properties')
    return (
      same(at(rule, 'EventPattern'), { 'detail-type': ['RecordingRequested'] }) &&
      same(at(rule, 'EventBusName'), { Ref: 'RecordingBus' }) &&
      same(at(rule, 'Targets.0.Arn'), { 'Fn::GetAtt': ['ArchiveQueue', 'Arn'] })
    )
  },
  'failed messages are reported one by one': (t) =>
    same(at(t, `Resources.${MAPPING}.FunctionResponseTypes`), ['ReportBatchItemFailures']),
  'concurrency is between 2 and 1000 and a batch above ten has a window': (t) => {
    const instances = number(t, `${MAPPING}.ScalingConfig.MaximumConcurrency`)
    const window = number(t, `${MAPPING}.MaximumBatchingWindowInSeconds`)
    return instances >= 2 && instances <= 1000 && (number(t, `${MAPPING}.BatchSize`) <= 10 || window >= 1)
  },
  'the functions run on nodejs24.x, arm64, traced': (t) =>
    FUNCTIONS.every((name) => {
      const fn = at(t, `Resources.${name}LambdaFunction.Properties`)
      return (
        at(fn, 'Runtime') === 'nodejs24.x' &&
        same(at(fn, 'Architectures'), ['arm64']) &&
        at(fn, 'TracingConfig.Mode') === 'Active'
      )
    }),
  'logs are kept for a time': (t) =>
    FUNCTIONS.every((name) => number(t, `${name}LogGroup.Properties.RetentionInDays`) > 0),
  'the key is used by way of S3 only': (t) =>
    rolesOfFunctions(t)
      .filter(({ Action }) => list(Action).some((action) => text(action).startsWith('kms:')))
      .every(({ Condition }) =>
        same(Condition, {
          StringEquals: { 'kms:ViaService': { 'Fn::Sub': 's3.${AWS::Region}.${AWS::URLSuffix}' } },
        }),
      ),
  'the topic takes TLS only': (t) => policyDenies(t, 'AlarmTopicPolicy', TLS),
  'what the rule cannot deliver is dead-lettered': (t) =>
    same(at(t, 'Resources.RecordingRequestedRule.Properties.Targets.0.DeadLetterConfig.Arn'), {
      'Fn::GetAtt': ['ArchiveDeadLetterQueue', 'Arn'],
    }),
  'our metrics are those of the function that writes them': (t) => {
    const ours = Object.entries(t.Resources)
      .filter(([, { Properties }]) => at(Properties, 'Namespace') === 'BirdRecordingArchiver')
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
    return (
      same(
        ours.map(([name, { Properties }]) => [name, Properties['Dimensions']]),
        Object.entries(WRITER_OF).map(([name, writer]) => [
          name,
          [{ Name: 'FunctionName', Value: { Ref: `${writer}LambdaFunction` } }],
        ]),
      ) && !text(at(t, 'Resources.ArchiveDashboard.Properties.DashboardBody.Fn::Sub')).includes('"Function"')
    )
  },
  'bucket, bucket policy, key and dead letters outlive the stack': (t) =>
    ['ArchiveBucket', 'ArchiveBucketPolicy', 'ArchiveKey', 'ArchiveDeadLetterQueue'].every((name) =>
      retained(t.Resources[name]),
    ),
  'the key rotates': (t) => at(t, 'Resources.ArchiveKey.Properties.EnableKeyRotation') === true,
  'the secret has no value in the template': (t) =>
    Object.keys(t.Resources['BirdAccessKey']?.Properties ?? {}).every((name) => name === 'Description'),
  'no role allows a wildcard action': (t) =>
    Object.entries(t.Resources)
      .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
      .every(([name]) => actionsOf(statementsOf(t, name)).every((action) => !action.includes('*'))),
  'only X-Ray, which knows no resources, is allowed on *': (t) =>
    rolesOfFunctions(t).every(
      ({ Resource, Action }) =>
        !list(Resource).includes('*') || list(Action).every((action) => text(action).startsWith('xray:')),
    ),
  'archive may do exactly what it does, and neither delete nor bypass': (t) =>
    same(rightsOf(t, 'ArchiveRole'), [
      'kms:Decrypt on ArchiveKey',
      'kms:GenerateDataKey on ArchiveKey',
      'logs:CreateLogStream on ArchiveLogGroup',
      'logs:PutLogEvents on ArchiveLogGroup',
      's3:AbortMultipartUpload on ArchiveBucket/catalog/*',
      's3:AbortMultipartUpload on ArchiveBucket/recordings/*',
      's3:GetObject on ArchiveBucket/catalog/*',
      's3:GetObject on ArchiveBucket/recordings/*',
      's3:GetObjectRetention on ArchiveBucket/catalog/*',
      's3:GetObjectRetention on ArchiveBucket/recordings/*',
      's3:GetObjectVersion on ArchiveBucket/catalog/*',
      's3:GetObjectVersion on ArchiveBucket/recordings/*',
      's3:ListBucket on ArchiveBucket',
      's3:PutObject on ArchiveBucket/catalog/*',
      's3:PutObject on ArchiveBucket/recordings/*',
      's3:PutObjectRetention on ArchiveBucket/catalog/*',
      's3:PutObjectRetention on ArchiveBucket/recordings/*',
      'secretsmanager:GetSecretValue on BirdAccessKey',
      'sqs:DeleteMessage on ArchiveQueue',
      'sqs:GetQueueAttributes on ArchiveQueue',
      'sqs:ReceiveMessage on ArchiveQueue',
      'sqs:SendMessage on ArchiveDeadLetterQueue',
      'sqs:SendMessage on ArchiveQueue',
      'xray:PutTelemetryRecords on *',
      'xray:PutTraceSegments on *',
    ]),
  'dead letters wake somebody': (t) =>
    alarmWatches(t, 'DeadLettersAlarm', [
      'ApproximateNumberOfMessagesVisible',
      'GreaterThanThreshold',
      0,
      'notBreaching',
    ]),
  'an old message wakes somebody before it expires': (t) => {
    const age = number(t, 'OldestMessageAlarm.Properties.Threshold')
    return (
      alarmWatches(t, 'OldestMessageAlarm', [
        'ApproximateAgeOfOldestMessage',
        'GreaterThanThreshold',
        age,
        'notBreaching',
      ]) &&
      age > number(t, `${QUEUE}.VisibilityTimeout`) &&
      age < number(t, `${QUEUE}.MessageRetentionPeriod`) / 2
    )
  },
  'errors and throttles wake somebody': (t) =>
    ['Errors', 'Throttles'].every((name) =>
      alarmWatches(t, `${name}Alarm`, [name, 'GreaterThanThreshold', 0, 'notBreaching']),
    ),
  'a day without recordings wakes somebody, data or none': (t) =>
    alarmWatches(t, 'NothingArchivedAlarm', ['Archived', 'LessThanThreshold', 1, 'breaching']) &&
    number(t, 'NothingArchivedAlarm.Properties.Period') === 86_400,
  'a configuration fault wakes somebody': (t) =>
    alarmWatches(t, 'ConfigurationFaultAlarm', [
      'FailedMisconfigured',
      'GreaterThanThreshold',
      0,
      'notBreaching',
    ]),
}
