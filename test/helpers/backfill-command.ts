import { expect } from 'vitest'
import type { BirdCall, BirdStatus } from '../../lib/sandbox/bird-recording.ts'
import { type Command, type Finished, start } from '../cli/command.ts'
import type { BackfillWorld } from './backfill-world.ts'
import { callAt } from './listed-calls.ts'
import { runWithin } from './run-within.ts'
import { ACCESS_KEY } from './world.ts'

/** What a command is given beside its arguments. */
interface Given {
  /** Laid over the world's; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string
}

/** The real program over a world, as fast as Bird lets it. */
export interface BackfillCommand {
  /** In a process of its own. */
  start(args: readonly string[], given?: Given): Command
  /** Within this process, one after the other. */
  run(args: readonly string[], given?: Given): Promise<Finished>
  /** The same as `run`, in a process of its own: beside others, or for what a process alone shows. */
  runApart(args: readonly string[], given?: Given): Promise<Finished>
}

/** Asserts of everything that is printed that it is fit for a log: no colours, no links, no key, no telephone number. */
export function createBackfillCommand(world: BackfillWorld): BackfillCommand {
  const envOf = ({ env = {} }: Given): Record<string, string> =>
    defined({ ...world.env, BIRD_REQUESTS_PER_SECOND: '1000', ...env })
  const begin: BackfillCommand['start'] = (args, given = {}) => start(args, envOf(given), given.input)
  return {
    start: begin,
    run: async (args, given = {}) => fitForLogs(await runWithin(args, envOf(given), given.input)),
    runApart: async (args, given) => fitForLogs(await begin(args, given).done),
  }
}

function fitForLogs(finished: Finished): Finished {
  for (const secret of ['\u001b', 'X-Amz-', ACCESS_KEY, '447700900456', '12025550123'])
    expect(finished.stdout + finished.stderr).not.toContain(secret)
  return finished
}

function defined(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** What lies on some days, by what is to become of it. */
export interface Days {
  readonly calls: readonly BirdCall[]
  readonly archived: readonly BirdCall[]
  readonly missing: readonly BirdCall[]
  readonly notYet: readonly BirdCall[]
  readonly absent: readonly BirdCall[]
}

/** Each day has seven recordings: two are archived, three are missing, one goes on, and one has no audio. */
export function describeDays(days: readonly string[]): Days {
  const at = (hours: readonly number[], status: BirdStatus = 'available'): BirdCall[] =>
    days.flatMap((day) =>
      hours.map((hour) => callAt(`${day}T${String(hour).padStart(2, '0')}:10:00.000Z`, { status })),
    )
  const archived = at([0, 9])
  const missing = at([10, 14, 23])
  const notYet = at([11], 'ongoing')
  const absent = at([12], 'absent')
  return { calls: [...archived, ...missing, ...notYet, ...absent], archived, missing, notYet, absent }
}

/** Lets Bird list them, and puts the sidecars of those that are archived. */
export async function layDays(world: BackfillWorld, days: Days): Promise<void> {
  world.setCalls(days.calls)
  await world.archiveAll(days.archived)
}

/** The day that a call belongs to. */
export function dayOf({ metadata }: BirdCall): string {
  return metadata.createdAt.slice(0, 10)
}

/** The days, by name, whose list Bird was asked for: each once for every time that its list was begun. */
export function listedDays(world: BackfillWorld): string[] {
  return world.requests.bird
    .filter(
      ({ operation, query, throttled }) =>
        operation === 'listRecordings' && !throttled && !query['pageToken'],
    )
    .map(({ query }) =>
      new Date(Date.parse(query['startAt'] ?? '') + 12 * 3_600_000).toISOString().slice(0, 10),
    )
}
