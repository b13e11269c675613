import { WORKSPACE_ID } from '../archive/message.ts'
import { type Range, readRange, wholeDays } from '../backfill/window.ts'
import { type Config, readConfig } from '../config.ts'
import { ConfigurationError } from '../errors.ts'
import { UsageError } from './usage-error.ts'

export interface BackfillSettings {
  readonly config: Config
  /** Whole UTC days; all time up to now where no time is needed. */
  readonly range: Range
  /** Whether days were added to make whole ones of the time that was named. */
  readonly widened: boolean
  /** Of the mark: the same time has the same. */
  readonly name: string
}

/** The terminal's share of Bird's 50 a second: what the archiver and the schedules leave in the worst second. */
const RATE = '2'

/**
 * Reads arguments and environment of a backfill.
 * @throws UsageError or ConfigurationError with all faults
 */
export function readBackfillSettings(options: {
  readonly from?: string
  readonly to?: string
  readonly workspace?: readonly string[]
  readonly rate?: string
  readonly needsRange: boolean
}): BackfillSettings {
  const { from, to, workspace, rate, needsRange } = options
  const now = new Date()
  checkWorkspaces(workspace ?? [])
  if (needsRange && from === undefined)
    throw new UsageError('Which time?', [
      '--from 2024-01-01 names the first day; --ids FILE names recordings',
    ])
  const read = readRange(from ?? '1970-01-01', to, now)
  if (!read.ok) throw new UsageError('The time cannot be read:', [read.reason])
  const range = wholeDays(read.range)
  const day = (moment: Date): string => moment.toISOString().slice(0, 10)
  return {
    config: readEnvironment(workspace, rate),
    range,
    widened: +range.from !== +read.range.from || +range.to !== +read.range.to,
    name: `${day(range.from)}_${day(range.to)}`,
  }
}

function checkWorkspaces(workspaceIds: readonly string[]): void {
  const strange = workspaceIds.filter((id) => !WORKSPACE_ID.test(id.trim()))
  if (strange.length > 0)
    throw new UsageError(
      'The workspace cannot be read:',
      strange.map(
        (id) =>
          `--workspace ${id.slice(0, 40)} is not a workspace id: it is the UUID in your Bird workspace's address`,
      ),
    )
}

function readEnvironment(workspaces: readonly string[] | undefined, rate: string | undefined): Config {
  const { BIRD_REQUESTS_PER_SECOND } = process.env
  try {
    return readConfig(
      {
        ...process.env,
        BIRD_REQUESTS_PER_SECOND: rate ?? BIRD_REQUESTS_PER_SECOND ?? RATE,
        // In place of the configured ones, of which the default is one.
        ...(workspaces !== undefined && {
          BACKFILL_WORKSPACE_IDS: workspaces.join(','),
          BIRD_WORKSPACE_ID: workspaces[0],
        }),
      },
      { queues: true },
    )
  } catch (error) {
    if (rate === undefined || !(error instanceof ConfigurationError)) throw error
    const inWords = error.faults.map((fault) => fault.replace('BIRD_REQUESTS_PER_SECOND', '--rate'))
    throw new ConfigurationError(inWords, { cause: error })
  }
}
