import type { Json } from './package.ts'
import { TLS } from './tree.ts'

/** One thing put wrong in the template (a path and what stands there then; undefined removes it), and who must notice. */
export interface Break {
  readonly path: string
  readonly value: Json | undefined
  readonly claim: string
}

const entry = (claim: string, path: string, value?: Json): Break => ({
  path: `Resources.${path}`,
  value,
  claim,
})
const BUCKET = 'ArchiveBucket.Properties'
const STATEMENTS = 'Properties.PolicyDocument.Statement'
const ROLE = 'ArchiveRole.Properties.Policies.0.PolicyDocument.Statement'
const MAPPING = 'ArchiveEventSourceMappingSQSArchiveQueue.Properties'

export const BREAKS: readonly Break[] = [
  entry(
    'the queue hides a message for at least six time-outs and the window',
    'ArchiveQueue.Properties.VisibilityTimeout',
    5400,
  ),
  entry(
    'a message is received five times at least before it is dead-lettered',
    'ArchiveQueue.Properties.RedrivePolicy.maxReceiveCount',
    4,
  ),
  entry(
    'the dead-letter queue keeps messages longer than the queue',
    'ArchiveQueue.Properties.MessageRetentionPeriod',
    1209600,
  ),
  entry('both queues are encrypted', 'ArchiveDeadLetterQueue.Properties.SqsManagedSseEnabled', false),
  entry(
    'only the queue may redrive into its dead-letter queue',
    'ArchiveDeadLetterQueue.Properties.RedriveAllowPolicy.redrivePermission',
    'allowAll',
  ),
  entry(
    'only the queue may redrive into its dead-letter queue',
    'ArchiveQueue.Properties.QueueName',
    'another',
  ),
  entry('both queues refuse what is not TLS', `ArchiveQueuePolicy.${STATEMENTS}.0.Condition.Bool`, {}),
  entry(
    'nobody but the rule is allowed into the queues by their policies',
    `ArchiveQueuePolicy.${STATEMENTS}.1.Condition`,
  ),
  entry(
    'RecordingRequested on the bus goes to the queue',
    'RecordingRequestedRule.Properties.EventPattern.detail-type',
    ['Requested'],
  ),
  entry('RecordingRequested on the bus goes to the queue', 'RecordingRequestedRule.Properties.EventBusName'),
  entry('failed messages are reported one by one', `${MAPPING}.FunctionResponseTypes`),
  entry(
    'concurrency is between 2 and 1000 and a batch above ten has a window',
    `${MAPPING}.MaximumBatchingWindowInSeconds`,
    0,
  ),
  entry('concurrency is between 2 and 1000 and a batch above ten has a window', `${MAPPING}.ScalingConfig`),
  entry('the functions run on nodejs24.x, arm64, traced', 'ArchiveLambdaFunction.Properties.Architectures', [
    'x86_64',
  ]),
  entry('the functions run on nodejs24.x, arm64, traced', 'BackfillLambdaFunction.Properties.TracingConfig'),
  entry('logs are kept for a time', 'ArchiveLogGroup.Properties.RetentionInDays'),
  entry('logs are kept for a time', 'BackfillLogGroup.Properties.RetentionInDays'),
  entry('Object Lock and versioning are on', `${BUCKET}.ObjectLockEnabled`, false),
  entry('Object Lock and versioning are on', `${BUCKET}.VersioningConfiguration.Status`, 'Suspended'),
  entry(
    'the bucket encrypts with a KMS key',
    `${BUCKET}.BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm`,
    'AES256',
  ),
  entry(
    'nothing in the bucket can be public, and the owner owns everything',
    `${BUCKET}.PublicAccessBlockConfiguration.IgnorePublicAcls`,
    false,
  ),
  entry('nothing in the bucket can be public, and the owner owns everything', `${BUCKET}.OwnershipControls`),
  entry('the bucket refuses what is not TLS', `ArchiveBucketPolicy.${STATEMENTS}.0.Effect`, 'Allow'),
  entry('the bucket refuses encryption of another kind', `ArchiveBucketPolicy.${STATEMENTS}.1.Condition`, {}),
  entry(
    'the bucket refuses encryption with another key',
    `ArchiveBucketPolicy.${STATEMENTS}.2.Condition.Null`,
    {},
  ),
  entry('evidence is written once, by whomever', `ArchiveBucketPolicy.${STATEMENTS}.3.Condition.Null`, {}),
  entry('evidence is written once, by whomever', `ArchiveBucketPolicy.${STATEMENTS}.3.Resource.1`, 'access'),
  entry('nobody hides evidence under a delete marker', `ArchiveBucketPolicy.${STATEMENTS}.4.Effect`, 'Allow'),
  entry('nobody hides evidence under a delete marker', `ArchiveBucketPolicy.${STATEMENTS}.4.Condition`, TLS),
  entry('the key is used by way of S3 only', 'ArchiveKeyUse.Properties.PolicyDocument.Statement.0.Condition'),
  entry(
    'the key is used by way of S3 only',
    'BackfillKeyUse.Properties.PolicyDocument.Statement.0.Condition',
  ),
  entry('the topic takes TLS only', `AlarmTopicPolicy.${STATEMENTS}.0.Principal`, 'nobody'),
  entry(
    'what the rule cannot deliver is dead-lettered',
    'RecordingRequestedRule.Properties.Targets.0.DeadLetterConfig',
  ),
  entry(
    'our metrics are those of the function that writes them',
    'NothingArchivedAlarm.Properties.Dimensions',
    [],
  ),
  entry(
    'our metrics are those of the function that writes them',
    'UnexplainedAlarm.Properties.Dimensions.0.Value.Ref',
    'ArchiveLambdaFunction',
  ),
  entry('unfinished uploads are aborted', `${BUCKET}.LifecycleConfiguration.Rules.0.Status`, 'Disabled'),
  entry(
    'bucket, bucket policy, key and dead letters outlive the stack',
    'ArchiveBucket.DeletionPolicy',
    'Delete',
  ),
  entry('bucket, bucket policy, key and dead letters outlive the stack', 'ArchiveKey.UpdateReplacePolicy'),
  entry('the key rotates', 'ArchiveKey.Properties.EnableKeyRotation', false),
  entry('the secret has no value in the template', 'BirdAccessKey.Properties.SecretString', 'key'),
  entry('no role allows a wildcard action', `${ROLE}.2.Action.0`, 's3:*'),
  entry('only X-Ray, which knows no resources, is allowed on *', `${ROLE}.2.Resource`, '*'),
  entry(
    'archive may do exactly what it does, and neither delete nor bypass',
    `${ROLE}.2.Action.0`,
    's3:DeleteObject',
  ),
  entry(
    'archive may do exactly what it does, and neither delete nor bypass',
    'ArchiveKeyUse.Properties.PolicyDocument.Statement.0.Action.0',
    'kms:ScheduleKeyDeletion',
  ),
  entry('dead letters wake somebody', 'DeadLettersAlarm.Properties.Threshold', 1),
  entry('an old message wakes somebody before it expires', 'OldestMessageAlarm.Properties.Threshold', 864000),
  entry('errors and throttles wake somebody', 'ThrottlesAlarm.Properties.AlarmActions', []),
  entry(
    'a day without recordings wakes somebody, data or none',
    'NothingArchivedAlarm.Properties.TreatMissingData',
    'notBreaching',
  ),
  entry('a configuration fault wakes somebody', 'ConfigurationFaultAlarm.Properties.MetricName', 'Failed'),
]
