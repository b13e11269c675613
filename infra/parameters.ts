import { readConfig } from '../lib/config.ts'
import { ConfigurationError } from '../lib/errors.ts'

/** The parameters of serverless.yml, and the setting of the function that each becomes, if it becomes one. */
const SETTING_OF = {
  workspaceId: 'BIRD_WORKSPACE_ID',
  secretArn: undefined,
  secretKeyArn: undefined,
  birdApiUrl: 'BIRD_API_URL',
  mediaOrigins: 'MEDIA_ORIGINS',
  notReadyHours: 'NOT_READY_HOURS',
  logLevel: 'LOG_LEVEL',
  bucket: 'ARCHIVE_BUCKET',
  keyArn: undefined,
  prefix: 'ARCHIVE_PREFIX',
  retentionMode: 'RETENTION_MODE',
  retentionDays: 'RETENTION_DAYS',
  glacierAfterDays: undefined,
  accessLogBucket: undefined,
  sweepDays: undefined,
  weeklySweepDays: undefined,
  backfillWorkspaceIds: 'BACKFILL_WORKSPACE_IDS',
  verifySample: undefined,
  quietDays: undefined,
  alarmEmail: undefined,
} as const

type ParameterName = keyof typeof SETTING_OF
type Parameters = Readonly<Record<ParameterName, string>>

/** Names of all parameters; another name given on the command line is a misspelling. */
export const PARAMETERS = Object.keys(SETTING_OF) as readonly ParameterName[]

/** The stage that has a made-up workspace, so that the template can be packaged and looked at without any parameter. */
export const EXAMPLE_STAGE = 'example'

export interface Packaging {
  readonly stage: string
  /** Whether the command is `deploy`, and not `package`. */
  readonly deploys: boolean
  /** Days of the transition rule while it is disabled. */
  readonly glacierAfterDays: number
}

type Reference = string | { readonly Ref: string } | { readonly 'Fn::GetAtt': readonly [string, string] }

/** What the parameters come to in the template: references to what is created, or names of what exists. */
export interface Chosen {
  readonly bucketName: Reference
  readonly bucketArn: Reference | { readonly 'Fn::Sub': string }
  readonly keyArn: Reference
  readonly secretArn: Reference
  /** Empty, or ends in `/`. */
  readonly prefix: string
  readonly glacierStatus: 'Enabled' | 'Disabled'
  readonly glacierAfterDays: number
  readonly accessLog:
    | { readonly DestinationBucketName: string; readonly LogFilePrefix: string }
    | { readonly Ref: 'AWS::NoValue' }
  readonly quietDays: number
  /** The last days that the hourly sweep compares, and the weekly one: none if 0. */
  readonly sweepDays: number
  readonly weeklySweepDays: number
  /** Recordings that are read again each day: none if 0. */
  readonly verifySample: number
  /** One of infra/ for each thing that may be there or not. */
  readonly files: Readonly<
    Record<
      'bucket' | 'key' | 'keyUse' | 'secret' | 'secretKeyUse' | 'quiet' | 'weekly' | 'verifyDaily' | 'email',
      string
    >
  >
}

const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$/
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/
const BUCKET_NAME = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]$/
const ACCESS_LOG_PREFIX = 'recordings-archive/'
const GLACIER_DAYS = { min: 1, max: 36_500 }
const SWEEP_DAYS = { min: 1, max: 31 }
const WEEKLY_SWEEP_DAYS = { min: 2, max: 3660 }
const VERIFY_SAMPLE = { min: 1, max: 100_000 }

/**
 * Judges the parameters of a deployment, with the very rules of the function's own settings, and says what follows.
 * @param named the names given on the command line
 * @throws Error with all faults, each in the words of the parameters
 */
export function chooseFromParameters(
  parameters: Parameters,
  named: readonly string[],
  packaging: Packaging,
): Chosen {
  const faults = [
    ...settingFaults(parameters),
    ...deploymentFaults(parameters, packaging),
    ...named
      .filter((name) => !(name in SETTING_OF))
      .map((name) => `${name} is not a parameter: is it misspelt? They are ${PARAMETERS.join(', ')}`),
  ]
  if (faults.length > 0) throw new Error(`Parameters:\n${faults.map((fault) => `  - ${fault}`).join('\n')}\n`)

  const { bucket, keyArn, secretArn, secretKeyArn, prefix, glacierAfterDays, accessLogBucket } = parameters
  const { alarmEmail } = parameters
  const quietDays = Number(parameters.quietDays)
  const weeklySweepDays = Number(parameters.weeklySweepDays)
  const verifySample = Number(parameters.verifySample)
  const creates = bucket === ''
  const createsKey = creates && keyArn === ''
  const unless = (without: boolean, file: string): string => `infra/${without ? 'nothing' : file}.yml`
  return {
    bucketName: creates ? { Ref: 'ArchiveBucket' } : bucket,
    bucketArn: creates
      ? { 'Fn::GetAtt': ['ArchiveBucket', 'Arn'] }
      : { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${bucket}` },
    keyArn: createsKey ? { 'Fn::GetAtt': ['ArchiveKey', 'Arn'] } : keyArn,
    secretArn: secretArn === '' ? { Ref: 'BirdAccessKey' } : secretArn,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    glacierStatus: glacierAfterDays === '' ? 'Disabled' : 'Enabled',
    glacierAfterDays: glacierAfterDays === '' ? packaging.glacierAfterDays : Number(glacierAfterDays),
    accessLog:
      accessLogBucket === ''
        ? { Ref: 'AWS::NoValue' }
        : { DestinationBucketName: accessLogBucket, LogFilePrefix: ACCESS_LOG_PREFIX },
    quietDays,
    sweepDays: Number(parameters.sweepDays),
    weeklySweepDays,
    verifySample,
    files: {
      bucket: unless(!creates, 'bucket'),
      key: unless(!createsKey, 'key'),
      keyUse: unless(!createsKey && keyArn === '', 'key-use'),
      secret: unless(secretArn !== '', 'secret'),
      secretKeyUse: unless(secretKeyArn === '', 'secret-key-use'),
      quiet: unless(quietDays === 0, 'quiet'),
      weekly: unless(weeklySweepDays === 0, 'weekly'),
      verifyDaily: unless(verifySample === 0, 'verify-daily'),
      email: unless(alarmEmail === '', 'email'),
    },
  }
}

/** What the function itself would refuse at its first event. */
function settingFaults(parameters: Parameters): readonly string[] {
  const environment: Record<string, string> = {
    BIRD_ACCESS_KEY_SECRET: 'chosen-here',
    QUEUE_URL: 'https://created-here',
    DEAD_LETTER_QUEUE_URL: 'https://created-here',
  }
  for (const name of PARAMETERS) {
    const setting = SETTING_OF[name]
    if (setting !== undefined) environment[setting] = parameters[name]
  }
  if (parameters.bucket === '') environment['ARCHIVE_BUCKET'] = 'created-here'
  try {
    readConfig(environment, { queues: true })
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.faults.map(inWordsOfParameters)
  }
}

function inWordsOfParameters(fault: string): string {
  return PARAMETERS.reduce((text, name) => {
    const setting = SETTING_OF[name]
    return setting === undefined ? text : text.replaceAll(setting, name)
  }, fault)
}

/** What only the deployment can know. */
function deploymentFaults(parameters: Parameters, packaging: Packaging): readonly string[] {
  const { bucket, keyArn, secretArn, secretKeyArn, glacierAfterDays, accessLogBucket } = parameters
  const { quietDays, alarmEmail, sweepDays, weeklySweepDays, verifySample } = parameters
  const checks: readonly (readonly [boolean, string])[] = [
    [
      bucket !== '' && !BUCKET_NAME.test(bucket),
      'bucket is not the name of a bucket (3 to 63 of a-z, 0-9, - and .; no s3://, no ARN); leave it empty to create one',
    ],
    [keyArn !== '' && !KEY_ARN.test(keyArn), 'keyArn is not the ARN of a KMS key (an alias will not do)'],
    [
      secretArn !== '' && !SECRET_ARN.test(secretArn),
      'secretArn is not the ARN of a secret in Secrets Manager; leave it empty to create one; never give the key itself',
    ],
    [
      glacierAfterDays !== '' && !isWholeWithin(glacierAfterDays, GLACIER_DAYS),
      `glacierAfterDays must be a whole number from ${GLACIER_DAYS.min} to ${GLACIER_DAYS.max}, or empty for no transition`,
    ],
    [
      glacierAfterDays !== '' && bucket !== '',
      'glacierAfterDays is set, but bucket names an existing one: its lifecycle is its own; remove one of the two',
    ],
    [
      secretKeyArn !== '' && !KEY_ARN.test(secretKeyArn),
      'secretKeyArn is not the ARN of a KMS key (an alias will not do)',
    ],
    [
      secretKeyArn !== '' && secretArn === '',
      'secretKeyArn is set, but secretArn is not: a secret that is created here is encrypted with a key of AWS',
    ],
    [
      accessLogBucket !== '' && !BUCKET_NAME.test(accessLogBucket),
      'accessLogBucket is not the name of a bucket (3 to 63 of a-z, 0-9, - and .; no s3://, no ARN)',
    ],
    [
      accessLogBucket !== '' && bucket !== '',
      'accessLogBucket is set, but bucket names an existing one: its logging is its own; remove one of the two',
    ],
    [
      !isWholeWithin(sweepDays, SWEEP_DAYS),
      `sweepDays must be a whole number from ${SWEEP_DAYS.min} to ${SWEEP_DAYS.max}`,
    ],
    [
      weeklySweepDays !== '0' && !isWholeWithin(weeklySweepDays, WEEKLY_SWEEP_DAYS),
      `weeklySweepDays must be a whole number from ${WEEKLY_SWEEP_DAYS.min} to ${WEEKLY_SWEEP_DAYS.max}, or 0 for no weekly sweep`,
    ],
    [
      weeklySweepDays !== '0' && Number(weeklySweepDays) <= Number(sweepDays),
      'weeklySweepDays is not more than sweepDays, so that the weekly sweep would find nothing new: make it more, or 0 for none',
    ],
    [
      verifySample !== '0' && !isWholeWithin(verifySample, VERIFY_SAMPLE),
      `verifySample must be a whole number from ${VERIFY_SAMPLE.min} to ${VERIFY_SAMPLE.max}, or 0 for no daily check`,
    ],
    [
      !/^[0-7]$/.test(quietDays),
      'quietDays must be a whole number from 1 to 7, or 0 for no alarm when nothing is archived',
    ],
    [alarmEmail !== '' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(alarmEmail), 'alarmEmail is not an address'],
    [
      packaging.deploys && packaging.stage === EXAMPLE_STAGE,
      `the stage ${EXAMPLE_STAGE} is for looking at the template: deploy with --stage and --param="workspaceId=…"`,
    ],
  ]
  return checks.filter(([isFault]) => isFault).map(([, fault]) => fault)
}

function isWholeWithin(text: string, { min, max }: { readonly min: number; readonly max: number }): boolean {
  return /^[1-9]\d{0,8}$/.test(text) && Number(text) >= min && Number(text) <= max
}
