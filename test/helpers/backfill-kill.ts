import { expect } from 'vitest'
import { backfill } from '../../lib/backfill/backfill.ts'
import { composeBackfiller } from '../../lib/compose-backfill.ts'
import { readConfig } from '../../lib/config.ts'
import { endlessDeadline } from '../../lib/deadline.ts'
import type { BirdCall, BirdStatus } from '../../lib/sandbox/bird-recording.ts'
import { run, start } from '../cli/command.ts'
import { accountOf, attestationsOf, callsOn, idsOf, markOf, queuedIds, reportOf } from './backfill-run.ts'
import { type BackfillWorld, startBackfillWorld } from './backfill-world.ts'
import { type Fronts, startFronts, type Strike } from './counting-fronts.ts'
import { runWithin } from './run-within.ts'

const DAYS = ['2024-02-29', '2024-03-01', '2024-03-02'] as const
const NAME = '2024-02-29_2024-03-03'
const ARGS = ['backfill', '--from', '2024-02-29', '--to', '2024-03-03']

/** What lies on the three days. */
interface History {
  readonly calls: readonly BirdCall[]
  readonly archived: readonly BirdCall[]
  readonly missing: readonly BirdCall[]
  readonly notYet: readonly BirdCall[]
  readonly letter: BirdCall
}

/**
 * One day is complete, and attested at once; one has something of every kind; one lacks so much that the bucket is listed for
 * it, and more than one request to the queue is needed.
 */
function describeHistory(): History {
  const [complete, mixed, empty] = DAYS
  const on = (day: string, count: number, status: BirdStatus = 'available'): BirdCall[] =>
    callsOn(day, count, { status })
  const archived = [...on(complete, 3), ...on(mixed, 2)]
  const missing = [...on(mixed, 3), ...on(empty, 13)]
  const notYet = on(mixed, 1, 'ongoing')
  const [letter] = on(mixed, 1)
  if (letter === undefined) throw new Error('There is no call')
  const explained = [...on(complete, 1, 'absent'), ...on(mixed, 1, 'failed')]
  return {
    calls: [...archived, ...missing, ...notYet, letter, ...explained],
    archived,
    missing,
    notYet,
    letter,
  }
}

/** A history in a world of its own, where the program can be killed at any of its requests. */
export interface Scene extends AsyncDisposable {
  readonly fronts: Fronts
  /** Runs the program to its end: within this process, or in one of its own. */
  runToEnd(place?: 'within' | 'apart'): Promise<void>
  /** Runs it until it is killed; resolves to what it was asking for then. */
  runUntil(at: number, when: Strike['when']): Promise<string>
  /**
   * Asserts that nothing was forgotten and nothing else was sent, by the queue, the ledgers, the mark and the report. Where
   * the dead letter may be hidden, its recording may have been sent, too.
   */
  expectAllAccounted(lettersMayBeHidden?: boolean): Promise<void>
  /** Lets the archiver and a person finish their work, sweeps once more, and asserts that all days are attested. */
  expectAllAttested(): Promise<void>
}

/** @param cache a directory for compiled code, without which each start of the program takes twice as long */
export async function startScene(cache: string): Promise<Scene> {
  const history = describeHistory()
  const world = await startBackfillWorld({ calls: history.calls })
  await world.archiveAll(history.archived)
  await world.deadLetter(history.letter.recordingId, { reason: 'conflict' })
  const fronts = await startFronts(world)
  const env = { ...world.env, ...fronts.env, BIRD_REQUESTS_PER_SECOND: '1000', NODE_COMPILE_CACHE: cache }
  return {
    fronts,
    async runToEnd(place = 'within') {
      const { code, stdout, stderr } = await (place === 'within' ? runWithin : run)(ARGS, env)
      expect(stdout, stderr).toContain('Every window was swept.')
      // The dead letter is left.
      expect([0, 1]).toContain(code)
    },
    async runUntil(at, when) {
      fronts.requests.length = 0
      const { child, done } = start(ARGS, env)
      fronts.strike = { at, when, strike: () => child.kill('SIGKILL') }
      await done
      expect(child.signalCode, `at request ${at}`).toBe('SIGKILL')
      fronts.strike = undefined
      await fronts.settled()
      return fronts.requests[at - 1] ?? ''
    },
    expectAllAccounted: (lettersMayBeHidden = false) =>
      expectAllAccounted(world, history, lettersMayBeHidden),
    expectAllAttested: () => expectAllAttested(world, history, fronts),
    async [Symbol.asyncDispose]() {
      await fronts[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}

async function expectAllAccounted(
  world: BackfillWorld,
  { calls, archived, missing, notYet, letter }: History,
  lettersMayBeHidden: boolean,
): Promise<void> {
  const queued = await queuedIds(world)
  const wanted = idsOf(missing)
  const others = queued.filter(
    (id) => !wanted.includes(id) && !(lettersMayBeHidden && id === letter.recordingId),
  )
  expect([wanted.filter((id) => !queued.includes(id)), others]).toEqual([[], []])

  const account = await accountOf(world)
  expect([...account.keys()].toSorted()).toEqual(idsOf(calls))
  const idsIn = (line: string): string[] =>
    [...account].flatMap(([id, entry]) => (entry.line === line ? [id] : [])).toSorted()
  expect(idsIn('archived')).toEqual(idsOf(archived))
  expect(idsIn('sent')).toEqual([...new Set(queued)])
  expect(idsIn('not-yet')).toEqual(idsOf(notYet))
  expect(idsIn('nothing-to-archive')).toHaveLength(2)
  expect(await markOf(world, NAME)).toMatchObject({ taken: [], finishedAt: expect.any(String) as unknown })
  expect(await reportOf(world, NAME)).toMatchObject({
    recordings: calls.length,
    windows: { swept: DAYS.length },
  })
}

async function expectAllAttested(world: BackfillWorld, history: History, fronts: Fronts): Promise<void> {
  await world.archiveQueued()
  await world.archiveAll([...history.notYet, history.letter])
  await sweepHere(world, fronts)
  const { calls, archived, missing, notYet, letter } = history
  expect(await world.queued()).toEqual([])
  expect(await reportOf(world, NAME)).toMatchObject({
    recordings: calls.length,
    lines: { archived: { count: calls.length - 2 }, 'nothing-to-archive': { count: 2 } },
    windows: { swept: DAYS.length, attested: DAYS.length },
    completeness: { sure: true },
  })
  const attestations = await attestationsOf(world)
  expect([...attestations.keys()]).toEqual(DAYS)
  for (const documents of attestations.values()) expect(documents).toHaveLength(1)
  const named = [...attestations.values()].flatMap(([document]) => document?.['archived'] as string[])
  expect(named.map((line) => line.slice(0, 36)).toSorted()).toEqual(
    idsOf([...archived, ...missing, ...notYet, letter]),
  )
}

/** What the program does, without the program's start. */
async function sweepHere(world: BackfillWorld, fronts: Fronts): Promise<void> {
  Object.assign(process.env, { AWS_ENDPOINT_URL_SQS: fronts.env['AWS_ENDPOINT_URL_SQS'] })
  const config = readConfig({ ...world.env, BIRD_REQUESTS_PER_SECOND: '1000' }, { queues: true })
  const backfiller = composeBackfiller(config)
  const { systems, windowLimit } = backfiller
  const range = { from: new Date(DAYS[0]), to: new Date('2024-03-03') }
  const order = { workspaceId: world.workspaceId, name: NAME, range, windowLimit }
  using deadline = endlessDeadline()
  const end = await backfill({ ...order, looksOnly: false, isScheduled: false }, systems, deadline, () => {})
  await backfiller.close()
  Object.assign(process.env, { AWS_ENDPOINT_URL_SQS: world.env['AWS_ENDPOINT_URL_SQS'] })
  expect(end.why).toBe('finished')
}
