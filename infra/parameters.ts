import {
  deploymentFaults,
  isParameter,
  type Packaging,
  PARAMETERS,
  type Parameters,
  settingFaults,
} from './parameter-faults.ts'

export { PARAMETERS }

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
  /** Of the search index, in Glue; it takes lower-case letters, digits and underscores, and a stage may have dashes. */
  readonly catalogDatabase: string
  /** Bytes that one search may read. */
  readonly searchScanBytes: number
  /** One of infra/ for each thing that may be there or not. */
  readonly files: Readonly<
    Record<
      | 'bucket'
      | 'key'
      | 'keyUse'
      | 'secret'
      | 'secretKeyUse'
      | 'quiet'
      | 'weekly'
      | 'verifyDaily'
      | 'compactDaily'
      | 'retrieve'
      | 'retrieveRole'
      | 'retrieveKeyUse'
      | 'api'
      | 'apiAlarms'
      | 'email',
      string
    >
  >
}

const ACCESS_LOG_PREFIX = 'recordings-archive/'
const GB = 1_000_000_000

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
  const faults = !packaging.judges
    ? []
    : [
        ...settingFaults(parameters),
        ...deploymentFaults(parameters, packaging),
        ...named
          .filter((name) => !isParameter(name))
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
  const usesKey = createsKey || keyArn !== ''
  const hasApi = parameters.api === 'on'
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
    catalogDatabase: `${packaging.service}_${packaging.stage}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_'),
    searchScanBytes: Number(parameters.searchScanGb) * GB,
    files: {
      bucket: unless(!creates, 'bucket'),
      key: unless(!createsKey, 'key'),
      keyUse: unless(!usesKey, 'key-use'),
      secret: unless(secretArn !== '', 'secret'),
      secretKeyUse: unless(secretKeyArn === '', 'secret-key-use'),
      quiet: unless(quietDays === 0, 'quiet'),
      weekly: unless(weeklySweepDays === 0, 'weekly'),
      verifyDaily: unless(verifySample === 0, 'verify-daily'),
      compactDaily: unless(parameters.compactDaily === 'off', 'compact-daily'),
      retrieve: hasApi ? 'infra/retrieve.yml' : 'infra/no-function.yml',
      retrieveRole: unless(!hasApi, 'retrieve-role'),
      retrieveKeyUse: unless(!hasApi || !usesKey, 'retrieve-key-use'),
      api: unless(!hasApi, 'api'),
      apiAlarms: unless(!hasApi, 'api-alarms'),
      email: unless(alarmEmail === '', 'email'),
    },
  }
}
