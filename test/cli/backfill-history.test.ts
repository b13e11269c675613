import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type BackfillCommand,
  createBackfillCommand,
  dayOf,
  listedDays,
} from '../helpers/backfill-command.ts'
import { attestationsOf, idsOf, queuedIds } from '../helpers/backfill-run.ts'
import { type BackfillWorld, startBackfillWorld } from '../helpers/backfill-world.ts'
import { describeLargeHistory, HALF_YEAR, type LargeHistory } from '../helpers/large-history.ts'
import { jsonLines } from './command.ts'

vi.setConfig({ testTimeout: 900_000, hookTimeout: 300_000 })

const RANGE = ['--from', '2024-01-01', '--to', '2024-06-29']
const MOST_MEGABYTES = 400
/** So that the peak tells what the program holds, and not what it has not cleared away for lack of need. */
const NODE_OPTIONS = '--max-old-space-size=96 --max-semi-space-size=4'

let world: BackfillWorld
let program: BackfillCommand
beforeEach(async () => {
  world = await startBackfillWorld()
  program = createBackfillCommand(world)
})
afterEach(() => world[Symbol.asyncDispose]())

/** Peaks of memory in megabytes, by the number of recordings. */
const peaks = new Map<number, number>()

describe('half a year of', () => {
  test.each([
    [5_000, 100, 8],
    [50_000, 400, 12],
  ])('%i recordings is swept, and attested', async (count, missing, notYet) => {
    const history = describeLargeHistory(count, missing, notYet)
    world.setCalls(history.calls)
    await world.archiveAll(history.archived)

    await sweep(history, 'first', {
      archived: history.archived.length,
      sent: missing,
      'not-yet': notYet,
      'nothing-to-archive': history.explained.length,
    })
    expect(await queuedIds(world)).toEqual(idsOf(history.missing))

    await world.archiveQueued()
    await sweep(history, 'second', {
      archived: history.archived.length + missing,
      'not-yet': notYet,
      'nothing-to-archive': history.explained.length,
    })
    expect(await world.queued()).toEqual([])
    await expectAttested(history)
    await expectReported(history)
  })

  test('ten times as many recordings takes hardly more memory', () => {
    const [few = 0, many = 0] = peaks.values()
    tell(`${many} MB with 50,000 recordings, ${few} MB with 5,000`)
    expect(peaks.size).toBe(2)
    expect(many).toBeLessThan(1.5 * few)
  })
})

/** Sweeps all of it, and asserts what the report says, what Bird was asked, and what memory it took. */
async function sweep(
  { calls }: LargeHistory,
  title: string,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  world.requests.reset()
  const startedMs = performance.now()
  const args = ['backfill', ...RANGE, '--rate', '1000', '--json']
  const { code, stdout, stderr } = await program.runApart(args, { env: { NODE_OPTIONS } })
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  expect(code).toBe(0)
  const { lines, ...report } = (jsonLines(stdout).at(-1)?.['summary'] ?? {}) as {
    readonly lines?: Readonly<Record<string, { readonly count: number }>>
  }
  expect(report).toMatchObject({ recordings: calls.length, windows: { swept: HALF_YEAR.days } })
  const told = Object.entries(lines ?? {}).map(([line, group]) => [line, group.count] as const)
  expect(Object.fromEntries(told.filter(([, number]) => number > 0))).toEqual(counts)

  const effort = stderr.trim().split('\n').at(-1) ?? ''
  tell(`${calls.length} recordings, ${title} run, ${seconds} s: ${effort}`)
  expectFewRequests(calls.length, effort)
  const megabytes = Number(/(\d+) MB of memory at most/.exec(effort)?.[1])
  expect(megabytes).toBeLessThan(MOST_MEGABYTES)
  peaks.set(calls.length, Math.max(megabytes, peaks.get(calls.length) ?? 0))
}

/** Each day is listed once, or twice where it is attested; each listing has a page that is not full, and an hour more at both ends. */
function expectFewRequests(count: number, effort: string): void {
  const { length } = world.requests.bird
  expect(effort).toMatch(new RegExp(`^${length.toLocaleString('en')} requests to Bird · `))
  const others = world.requests.bird.filter(({ operation }) => operation !== 'listRecordings')
  expect(others.map(({ operation }) => operation)).toEqual(['getRecordingMetrics'])
  const listings = listedDays(world)
  expect(new Set(listings).size).toBe(HALF_YEAR.days)
  const timesListed = Math.ceil(listings.length / HALF_YEAR.days)
  expect(timesListed).toBeLessThanOrEqual(2)
  expect(length).toBeLessThanOrEqual(timesListed * (Math.ceil(count / 99) + 2 * HALF_YEAR.days))
}

/** All days but those on which Bird is not done; together the attestations name what is archived of them, and nothing else. */
async function expectAttested({ archived, missing, notYet }: LargeHistory): Promise<void> {
  const open = new Set(notYet.map(dayOf))
  const attestations = await attestationsOf(world)
  expect(attestations.size).toBe(HALF_YEAR.days - open.size)
  const named = [...attestations.values()].flatMap((documents) => {
    expect(documents).toHaveLength(1)
    return ((documents[0]?.['archived'] ?? []) as string[]).map((line) => line.slice(0, 36))
  })
  const closed = [...archived, ...missing].filter((call) => !open.has(dayOf(call)))
  expect(named.toSorted()).toEqual(idsOf(closed))
}

/** The report reads every attestation, and names what is left. */
async function expectReported({ calls, notYet }: LargeHistory): Promise<void> {
  const { code, stdout } = await program.run(['report', ...RANGE, '--json'])
  const attested = HALF_YEAR.days - new Set(notYet.map(dayOf)).size
  expect(code).toBe(1)
  const [report] = jsonLines(stdout)
  expect(report).toMatchObject({
    recordings: calls.length,
    windows: { swept: HALF_YEAR.days, attested, unswept: [] },
    completeness: { sure: true },
    attestationFaults: [],
    unexplainedCount: 0,
  })
  expect(report?.['attestations']).toHaveLength(attested)
  expect(idsOf(report?.['notYet'] as { recordingId: string }[])).toEqual(idsOf(notYet))
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`)
}
