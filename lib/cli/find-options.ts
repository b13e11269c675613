import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Command, OptionValues } from '@commander-js/extra-typings'
import type { ArchiveConfig } from '../archive-config.ts'
import { type Criteria, readCriteria } from '../catalog/criteria.ts'
import { collect } from './collect.ts'
import { UsageError } from './usage-error.ts'

/** Criteria as they are given at a terminal. */
export interface FindCriteria {
  readonly id?: readonly string[] | undefined
  readonly sourceId?: string | undefined
  readonly call?: string | undefined
  readonly number?: readonly string[] | undefined
  readonly channel?: string | undefined
  readonly direction?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly minDuration?: string | undefined
  readonly maxDuration?: string | undefined
  readonly findings?: string | undefined
  readonly country?: string | undefined
}

/** The options of every command that looks recordings up in the catalog. All that are given have to be true of a recording. */
export function addCriteria<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command
    .option('--id <id>', 'a recording; may be given several times', collect)
    .option('--source-id <id>', "the call's or the conference's id at Bird")
    .option('--call <id>', 'the same')
    .option(
      '--number <number>',
      'of either party, in any common notation; may be given several times',
      collect,
    )
    .option('--channel <id>', 'the channel')
    .option('--direction <direction>', 'incoming or outgoing')
    .option('--from <day>', 'the first day of the call (UTC), or moment, such as 2024-03-01')
    .option('--to <day>', 'the first day that is left out')
    .option('--min-duration <time>', 'such as 90, 90s, 1m30s or 2h')
    .option('--max-duration <time>', 'likewise')
    .option('--findings <name>', 'any, none, or one by its name: docs/sidecar.md')
    .option(
      '--country <code>',
      'to which numbers without a country code belong, such as DE (RETRIEVE_COUNTRY)',
    )
}

/** The options of {@link addCriteria} that say something, by their names. */
export const CRITERIA = [
  'id',
  'sourceId',
  'call',
  'number',
  'channel',
  'direction',
  'from',
  'to',
  'minDuration',
  'maxDuration',
  'findings',
] as const satisfies readonly (keyof FindCriteria)[]

/**
 * Reads the criteria for one workspace.
 * @throws UsageError with every fault
 */
export function readFindCriteria(
  { call, ...options }: FindCriteria,
  workspace: string,
  config: Pick<ArchiveConfig, 'country'>,
): Criteria {
  const { sourceId = call, country = config.country } = options
  const read = readCriteria({ ...options, workspace, sourceId, country })
  const faults = [
    ...(call !== undefined && sourceId !== call ? ['--call and --source-id are the same: give one'] : []),
    ...(read.ok ? [] : read.faults),
  ]
  if (!read.ok || faults.length > 0) throw new UsageError('What is to be found?', faults)
  return read.criteria
}

/** Where copies of the catalog's objects are kept: of each bucket, prefix and store apart. */
export function cacheDirectory({ bucket, prefix }: ArchiveConfig, named: string | undefined): string {
  const { XDG_CACHE_HOME = '', AWS_ENDPOINT_URL_S3 = '', AWS_ENDPOINT_URL = '' } = process.env
  // XDG Base Directory Specification: a relative path is to be ignored.
  const home = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache')
  const place = JSON.stringify([AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL, bucket, prefix])
  const hash = createHash('sha256').update(place).digest('hex').slice(0, 16)
  return join(named ?? join(home, 'bird-archive'), hash)
}
