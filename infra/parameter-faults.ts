import { readConfig } from '../lib/config.ts'
import { ConfigurationError } from '../lib/errors.ts'
import { readSearchConfig } from '../lib/search-config.ts'

/** The parameters of serverless.yml, and the setting of a function that each becomes, if it becomes one. */
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
  api: undefined,
  reasonRequired: 'RETRIEVE_REASON_REQUIRED',
  country: 'RETRIEVE_COUNTRY',
  searchScanGb: undefined,
  compactDaily: undefined,
  quietDays: undefined,
  alarmEmail: undefined,
} as const

type ParameterName = keyof typeof SETTING_OF
export type Parameters = Readonly<Record<ParameterName, string>>

/** Names of all parameters; another name given on the command line is a misspelling. */
export const PARAMETERS = Object.keys(SETTING_OF) as readonly ParameterName[]

export const isParameter = (name: string): boolean => name in SETTING_OF

/** The stage that has a made-up workspace, so that the template can be packaged and looked at without any parameter. */
const EXAMPLE_STAGE = 'example'

export interface Packaging {
  readonly service: string
  readonly stage: string
  readonly region: string
  /** Whether the parameters are judged: by what makes a template. */
  readonly judges: boolean
  /** Whether the command is `deploy`, and not `package`. */
  readonly deploys: boolean
  /** Days of the transition rule while it is disabled. */
  readonly glacierAfterDays: number
}

const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/
/** What is left of the 64 characters that AWS gives to a function's name, and of what Glue's names tell apart. */
const STAGE = /^[a-z0-9](?:[a-z0-9-]{0,29}[a-z0-9])?$/
const BUCKET_NAME = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]$/
const GLACIER_DAYS = { min: 1, max: 36_500 }
const SWEEP_DAYS = { min: 1, max: 31 }
const WEEKLY_SWEEP_DAYS = { min: 2, max: 3660 }
const VERIFY_SAMPLE = { min: 1, max: 100_000 }
const SCAN_GB = { min: 1, max: 100_000 }

/** What the functions themselves would refuse at their first event. */
export function settingFaults(parameters: Parameters): readonly string[] {
  const environment: Record<string, string> = {
    BIRD_ACCESS_KEY_SECRET: 'chosen-here',
    QUEUE_URL: 'https://created-here/queue',
    DEAD_LETTER_QUEUE_URL: 'https://created-here/dead-letters',
    CATALOG_DATABASE: 'created_here',
    CATALOG_WORK_GROUP: 'created-here',
    CATALOG_FIRST_DAY: '2020-01-01',
  }
  for (const name of PARAMETERS) {
    const setting = SETTING_OF[name]
    if (setting !== undefined) environment[setting] = parameters[name]
  }
  if (parameters.bucket === '') environment['ARCHIVE_BUCKET'] = 'created-here'
  const readers = [() => readConfig(environment, { queues: true }), () => readSearchConfig(environment)]
  return [...new Set(readers.flatMap(faultsOf))].map(inWordsOfParameters)
}

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.faults
  }
}

function inWordsOfParameters(fault: string): string {
  return PARAMETERS.reduce((text, name) => {
    const setting = SETTING_OF[name]
    return setting === undefined ? text : text.replaceAll(setting, name)
  }, fault)
}

/** What only the deployment can know. */
export function deploymentFaults(parameters: Parameters, packaging: Packaging): readonly string[] {
  const { bucket, keyArn, secretArn, secretKeyArn, glacierAfterDays, accessLogBucket } = parameters
  const { retentionMode, quietDays, alarmEmail, sweepDays, weeklySweepDays, verifySample } = parameters
  const { api, reasonRequired, country, searchScanGb, compactDaily } = parameters
  const checks: readonly (readonly [boolean, string])[] = [
    [
      bucket !== '' && !BUCKET_NAME.test(bucket),
      'bucket is not the name of a bucket (3 to 63 of a-z, 0-9, - and .; no s3://, no ARN); leave it empty to create one',
    ],
    [keyArn !== '' && !KEY_ARN.test(keyArn), 'keyArn is not the ARN of a KMS key (an alias will not do)'],
    [
      secretArn !== '' && !SECRET_ARN.test(secretArn),
      'secretArn is not the whole ARN of a secret in Secrets Manager, with the six characters at its end; leave it empty to create one; never give the key itself',
    ],
    ...[
      ['keyArn', keyArn],
      ['secretArn', secretArn],
      ['secretKeyArn', secretKeyArn],
    ].map(
      ([name = '', arn = '']) =>
        [
          packaging.deploys && arn !== '' && arn.split(':')[3] !== packaging.region,
          `${name} is of another region than the stack (${packaging.region}): there it cannot be used`,
        ] as const,
    ),
    [
      packaging.deploys && retentionMode === '',
      'retentionMode is not set: say GOVERNANCE or COMPLIANCE, with retentionDays, or off; a deployment that forgot it would go on without locks',
    ],
    [
      !STAGE.test(packaging.stage),
      `the stage ${packaging.stage} must be 1 to 31 characters of a-z, 0-9 and -: names of functions and of the search index are made of it`,
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
    [!isSwitch(api), 'api must be on, or off for no HTTP API'],
    [
      api === 'off' && (country !== '' || !['', 'false', '0'].includes(reasonRequired)),
      'country and reasonRequired are of the HTTP API, but api is off: remove them (a terminal has RETRIEVE_COUNTRY and RETRIEVE_REASON_REQUIRED)',
    ],
    [
      !isWholeWithin(searchScanGb, SCAN_GB),
      `searchScanGb must be a whole number from ${SCAN_GB.min} to ${SCAN_GB.max}`,
    ],
    [!isSwitch(compactDaily), 'compactDaily must be on, or off where you run bird-archive catalog compact'],
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

function isSwitch(text: string): boolean {
  return text === 'on' || text === 'off'
}
