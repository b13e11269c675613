import * as v from 'valibot'
import { toWorkspaceId, WORKSPACE_ID } from './archive/message.ts'
import type { RetentionPolicy } from './archive/retention.ts'
import type { OriginPattern } from './bird/redirect.ts'
import { ConfigurationError } from './errors.ts'
import type { LogLevel } from './log.ts'
import {
  flag,
  misspeltIn,
  origins,
  queueUrl,
  required,
  retentionFaultsIn,
  settingsIn,
  toRetention,
  webUrl,
  wholeNumber,
} from './settings.ts'

/** Everything that the environment decides, read once. */
export interface Config {
  readonly birdApiUrl: URL
  readonly workspaceId: string
  /** The workspaces that a backfill sweeps, each once, the default among them. */
  readonly backfillWorkspaceIds: readonly string[]
  /** A backfill sends nothing while so many messages wait in the queue. */
  readonly maxQueued: number
  /** The key itself, or the Secrets Manager name or ARN under which it lies. */
  readonly accessKey: { readonly value: string } | { readonly secretId: string }
  /** Requests to Bird per second, of this process alone. */
  readonly requestsPerSecond: number
  readonly bucket: string
  /** Empty, or ends in `/`. */
  readonly prefix: string
  /** Undefined only where no queue is needed (a terminal). */
  readonly queues: { readonly queueUrl: string; readonly deadLetterQueueUrl: string } | undefined
  readonly concurrency: number
  readonly mediaOrigins: readonly OriginPattern[]
  readonly notReadyHours: number
  readonly retention: RetentionPolicy
  readonly forcePathStyle: boolean
  readonly logLevel: LogLevel
  /** Memory of the function in MB, as Lambda tells it. */
  readonly memoryMb: number
}

/** The settings of the functions and of the backfill, each with how its text is read. */
export const Environment = v.object({
  BIRD_API_URL: webUrl('BIRD_API_URL', 'https://api.bird.com'),
  BIRD_WORKSPACE_ID: v.pipe(
    required('BIRD_WORKSPACE_ID', "it is the UUID in your Bird workspace's address"),
    v.regex(WORKSPACE_ID, 'BIRD_WORKSPACE_ID has characters that no workspace id has'),
  ),
  BACKFILL_WORKSPACE_IDS: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) =>
        [...new Set(text.split(',').map((id) => toWorkspaceId(id.trim())))].filter((id) => id !== ''),
      ),
      v.check(
        (ids) => ids.length > 0 && ids.every((id) => WORKSPACE_ID.test(id)),
        'BACKFILL_WORKSPACE_IDS must be workspace ids, separated by commas',
      ),
    ),
  ),
  BACKFILL_MAX_QUEUED: wholeNumber('BACKFILL_MAX_QUEUED', '10000', 10, 100_000_000),
  BIRD_ACCESS_KEY: v.optional(
    v.pipe(
      v.string(),
      v.trim(),
      v.regex(/^[\u0021-\u007e]+$/, 'BIRD_ACCESS_KEY has characters that no key has'),
    ),
  ),
  BIRD_ACCESS_KEY_SECRET: v.optional(v.pipe(v.string(), v.trim())),
  BIRD_REQUESTS_PER_SECOND: v.pipe(
    v.optional(v.string(), '40'),
    v.trim(),
    v.regex(/^\d{1,7}(?:\.\d{1,3})?$/, 'BIRD_REQUESTS_PER_SECOND must be a number like 10 or 2.5'),
    v.transform(Number),
    v.check((value) => value >= 0.1, 'BIRD_REQUESTS_PER_SECOND must be at least 0.1'),
  ),
  ARCHIVE_BUCKET: v.pipe(
    required('ARCHIVE_BUCKET', 'it is the name of the bucket that keeps the recordings'),
    v.regex(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      'ARCHIVE_BUCKET is not the name of a bucket (no s3://, no path, lower case)',
    ),
  ),
  ARCHIVE_PREFIX: v.pipe(
    v.optional(v.string(), ''),
    v.trim(),
    v.transform((text) => (text === '' || text.endsWith('/') ? text : `${text}/`)),
    v.regex(
      /^(?:[A-Za-z0-9_.=-]+\/)*$/,
      'ARCHIVE_PREFIX may hold letters, digits and -_.=, in segments parted by single slashes, with no slash in front',
    ),
  ),
  QUEUE_URL: v.optional(queueUrl('QUEUE_URL', '')),
  DEAD_LETTER_QUEUE_URL: v.optional(queueUrl('DEAD_LETTER_QUEUE_URL', '')),
  CONCURRENCY: wholeNumber('CONCURRENCY', '16', 1, 256),
  MEDIA_ORIGINS: origins,
  NOT_READY_HOURS: wholeNumber('NOT_READY_HOURS', '24', 1, 24 * 14),
  RETENTION_MODE: v.optional(
    v.picklist(['off', 'GOVERNANCE', 'COMPLIANCE'], 'RETENTION_MODE must be off, GOVERNANCE or COMPLIANCE'),
    'off',
  ),
  RETENTION_DAYS: v.optional(wholeNumber('RETENTION_DAYS', '', 1, 36_500)),
  S3_FORCE_PATH_STYLE: flag('S3_FORCE_PATH_STYLE'),
  LOG_LEVEL: v.optional(
    v.picklist(['debug', 'info', 'warn', 'error'], 'LOG_LEVEL must be debug, info, warn or error'),
    'info',
  ),
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: wholeNumber('AWS_LAMBDA_FUNCTION_MEMORY_SIZE', '1024', 64, 1_048_576),
})

/**
 * Reads the environment strictly. An empty value counts as not set.
 * @param needs whether the queues must be named, as for the deployed function
 * @throws ConfigurationError with every fault, each saying what to do
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  needs: { readonly queues: boolean },
): Config {
  const set = settingsIn(environment)
  const parsed = v.safeParse(Environment, set)
  const env = parsed.output as v.InferOutput<typeof Environment>
  const faults = parsed.success ? [] : parsed.issues.map(({ message }) => message)

  faults.push(...misspeltIn(set, Environment.entries))
  if ((set['BIRD_ACCESS_KEY'] === undefined) === (set['BIRD_ACCESS_KEY_SECRET'] === undefined))
    faults.push(
      'set exactly one of BIRD_ACCESS_KEY (the key itself) and BIRD_ACCESS_KEY_SECRET (its name or ARN in Secrets Manager)',
    )
  faults.push(...retentionFaultsIn(set))
  for (const name of ['QUEUE_URL', 'DEAD_LETTER_QUEUE_URL'])
    if (needs.queues && set[name] === undefined)
      faults.push(
        `${name} is not set: it is the URL of ${name === 'QUEUE_URL' ? 'the queue that feeds this function' : 'its dead-letter queue'}`,
      )
  if (set['QUEUE_URL'] !== undefined && set['QUEUE_URL'] === set['DEAD_LETTER_QUEUE_URL'])
    faults.push(
      'QUEUE_URL and DEAD_LETTER_QUEUE_URL name the same queue: nothing in it would be a dead letter',
    )
  if (faults.length > 0) throw new ConfigurationError([...new Set(faults)])

  const { QUEUE_URL, DEAD_LETTER_QUEUE_URL, RETENTION_MODE, RETENTION_DAYS } = env
  return {
    birdApiUrl: env.BIRD_API_URL,
    workspaceId: toWorkspaceId(env.BIRD_WORKSPACE_ID),
    backfillWorkspaceIds: [
      ...new Set([toWorkspaceId(env.BIRD_WORKSPACE_ID), ...(env.BACKFILL_WORKSPACE_IDS ?? [])]),
    ],
    maxQueued: env.BACKFILL_MAX_QUEUED,
    accessKey:
      env.BIRD_ACCESS_KEY === undefined
        ? { secretId: env.BIRD_ACCESS_KEY_SECRET ?? '' }
        : { value: env.BIRD_ACCESS_KEY },
    requestsPerSecond: env.BIRD_REQUESTS_PER_SECOND,
    bucket: env.ARCHIVE_BUCKET,
    prefix: env.ARCHIVE_PREFIX,
    queues:
      QUEUE_URL === undefined || DEAD_LETTER_QUEUE_URL === undefined
        ? undefined
        : { queueUrl: QUEUE_URL, deadLetterQueueUrl: DEAD_LETTER_QUEUE_URL },
    concurrency: env.CONCURRENCY,
    mediaOrigins: env.MEDIA_ORIGINS,
    notReadyHours: env.NOT_READY_HOURS,
    retention: toRetention(RETENTION_MODE, RETENTION_DAYS),
    forcePathStyle: env.S3_FORCE_PATH_STYLE,
    logLevel: env.LOG_LEVEL,
    memoryMb: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  }
}
