import * as v from 'valibot'
import { toWorkspaceId } from './archive/message.ts'
import type { RetentionPolicy } from './archive/retention.ts'
import { Environment } from './config.ts'
import { ConfigurationError } from './errors.ts'
import type { LogLevel } from './log.ts'
import {
  misspeltIn,
  RetrievalEnvironment,
  retentionFaultsIn,
  type Settings,
  settingsIn,
  toRetention,
} from './settings.ts'

/** What working with the archive takes from the environment: no key of Bird's, no queue. */
export interface ArchiveConfig {
  readonly bucket: string
  /** Empty, or ends in `/`. */
  readonly prefix: string
  /** The one that is meant where none is named. */
  readonly workspaceId: string
  /** All that the archive holds, each once, the default among them. */
  readonly workspaceIds: readonly string[]
  readonly retention: RetentionPolicy
  readonly forcePathStyle: boolean
  readonly logLevel: LogLevel
  /** The country (ISO 3166, two capital letters) that telephone numbers without its code belong to. */
  readonly country: string | undefined
  /** Whether nothing is handed out without a purpose. */
  readonly reasonRequired: boolean
}

const ArchiveEnvironment = v.object({
  ...v.pick(Environment, [
    'BIRD_WORKSPACE_ID',
    'BACKFILL_WORKSPACE_IDS',
    'ARCHIVE_BUCKET',
    'ARCHIVE_PREFIX',
    'RETENTION_MODE',
    'RETENTION_DAYS',
    'S3_FORCE_PATH_STYLE',
    'LOG_LEVEL',
  ]).entries,
  ...RetrievalEnvironment.entries,
})

/**
 * Reads strictly what working with the archive needs of the environment. An empty value counts as not set; what only the
 * archiver needs may be missing, but a misspelt name of it is a fault here, too.
 * @throws ConfigurationError with every fault, each saying what to do
 */
export function readArchiveConfig(environment: Settings): ArchiveConfig {
  const set = settingsIn(environment)
  const parsed = v.safeParse(ArchiveEnvironment, set)
  const faults = [
    ...(parsed.issues ?? []).map(({ message }) => message),
    ...misspeltIn(set, Environment.entries),
    ...retentionFaultsIn(set),
  ]
  if (!parsed.success || faults.length > 0) throw new ConfigurationError([...new Set(faults)])
  const env = parsed.output
  const workspaceId = toWorkspaceId(env.BIRD_WORKSPACE_ID)
  return {
    bucket: env.ARCHIVE_BUCKET,
    prefix: env.ARCHIVE_PREFIX,
    workspaceId,
    workspaceIds: [...new Set([workspaceId, ...(env.BACKFILL_WORKSPACE_IDS ?? [])])],
    retention: toRetention(env.RETENTION_MODE, env.RETENTION_DAYS),
    forcePathStyle: env.S3_FORCE_PATH_STYLE,
    logLevel: env.LOG_LEVEL,
    country: env.RETRIEVE_COUNTRY,
    reasonRequired: env.RETRIEVE_REASON_REQUIRED,
  }
}
