import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { BirdFault } from '../../lib/sandbox/bird-faults.ts'
import { accountOf, idsOf, queuedIds } from '../helpers/backfill-run.ts'
import {
  type BackfillCommand,
  createBackfillCommand,
  type Days,
  describeDays,
  layDays,
  listedDays,
} from '../helpers/backfill-command.ts'
import { type BackfillWorld, startBackfillWorld } from '../helpers/backfill-world.ts'
import { type Command, jsonLines } from './command.ts'

const DAYS = ['2024-02-28', '2024-02-29', '2024-03-01', '2024-03-02']
const RANGE = ['--from', '2024-02-28', '--to', '2024-03-03']

// A program's start takes seconds where other tests run beside it.
vi.setConfig({ testTimeout: 180_000 })

let world: BackfillWorld
let program: BackfillCommand
let days: Days
beforeEach(async () => {
  world = await startBackfillWorld()
  program = createBackfillCommand(world)
  days = describeDays(DAYS)
  await layDays(world, days)
})
afterEach(() => world[Symbol.asyncDispose]())

describe('a dry run', () => {
  test('says by day what it would do and what that would take; it sends nothing and writes nothing', async () => {
    const before = await world.keys()
    const { code, stdout, stderr } = await program.run(['backfill', ...RANGE, '--dry-run'])
    expect({ code, queued: await world.queued(), keys: await world.keys() }).toEqual({
      code: 0,
      queued: [],
      keys: before,
    })
    for (const day of DAYS)
      expect(stdout).toMatch(
        new RegExp(`^${day} +3 +2 +0 +1 +1 +0 +0 +(ongoing|absent) 1, (ongoing|absent) 1$`, 'm'),
      )
    expect(stdout).toMatch(/^in all +12 +8 +0 +4 +4 /m)
    // Each call has 60 s.
    expect(stdout).toContain('12 recordings would be sent: about 2.9 MB, ')
    expect(stdout).toContain('Nothing was sent, and nothing written.')
    expect(stderr).not.toContain('sent 12')
    expect(stderr).toContain('2024-02-28 up to, not including, 2024-03-03 (4 days, UTC)')
    expect(listedDays(world)).toEqual(DAYS)
  })

  test('names for programs every recording that it would send, a line for each window, and the whole', async () => {
    const { code, stdout } = await program.run(['backfill', ...RANGE, '--dry-run', '--json'])
    const lines = jsonLines(stdout)
    expect(code).toBe(0)
    const named = lines.filter(({ outcome }) => outcome === 'would-send')
    expect(named.map(({ recordingId }) => String(recordingId)).toSorted()).toEqual(idsOf(days.missing))
    const windows = lines.filter(({ window }) => window !== undefined)
    expect(windows).toMatchObject(DAYS.map((window) => ({ window, archived: 2, open: 5, wouldSend: 3 })))
    expect(lines.at(-1)).toMatchObject({
      summary: {
        end: 'finished',
        toSend: 12,
        estimate: { bytes: 12 * 60 * 4000 },
        days: DAYS.map((day) => ({ day, toSend: 3, lines: { archived: 2, 'not-yet': 1 } })),
      },
    })
    expect(lines).toHaveLength(12 + 4 + 1)
    expect(await world.queued()).toEqual([])
  })
})

describe('a backfill', () => {
  test('sends what is missing, and says so; the next one attests what has been archived meanwhile', async () => {
    const first = await program.runApart(['backfill', ...RANGE])
    expect(first.code).toBe(0)
    expect(await queuedIds(world)).toEqual(idsOf(days.missing))
    expect(first.stdout).toMatch(/^ {2}archived +8$/m)
    expect(first.stdout).toMatch(/^ {2}sent +12 {2}since /m)
    expect(first.stdout).toMatch(/^ {2}not yet +4 {2}ongoing 4, since /m)
    expect(first.stdout).toMatch(/^ {2}nothing to archive +4 {2}absent 4$/m)
    expect(first.stdout).toMatch(/^ {2}in all +28 {2}each in exactly one line$/m)
    expect(first.stdout).toContain('Attested: 0 of 4 swept windows.')
    expect(first.stderr).toMatch(/^5 requests to Bird · /m)

    await world.archiveQueued()
    for (const { recordingId } of days.notYet) world.setStatus(recordingId, 'failed')
    const second = await program.run(['backfill', ...RANGE, '--json'])
    expect(second.code).toBe(0)
    const lines = jsonLines(second.stdout)
    expect(lines.slice(0, -1)).toMatchObject(
      DAYS.map((window) => ({
        window,
        archived: 5,
        open: 2,
        sent: 0,
        attestation: { digest: expect.any(String) as unknown },
      })),
    )
    expect(lines.at(-1)).toMatchObject({
      summary: {
        end: 'finished',
        sent: 0,
        recordings: 28,
        windows: { swept: 4, attested: 4 },
        completeness: { sure: true },
      },
    })
    const { reportKey } = (lines.at(-1)?.['summary'] ?? {}) as { reportKey?: string }
    expect(await world.keys()).toContain(reportKey)
  })

  test('ends with 1 where something is left for a person, and names it', async () => {
    const [letter = ''] = days.missing.map(({ recordingId }) => recordingId)
    await world.deadLetter(letter, { reason: 'conflict' })
    const look = await program.run(['backfill', ...RANGE, '--dry-run'])
    expect(look.code).toBe(1)
    expect(look.stdout).toContain(`  ${letter}  dead-lettered: conflict  2024-02-28\n`)
    const { code, stdout } = await program.run(['backfill', ...RANGE])
    expect(code).toBe(1)
    expect(stdout).toMatch(new RegExp(`^ {2}${letter} {2}dead-lettered: conflict {2}2024-02-28$`, 'm'))
    expect(stdout).toContain('bird-archive dlq list')
    expect(await queuedIds(world)).toEqual(idsOf(days.missing.slice(1)))
  })

  test('of the same time as others shares the work with them: no recording is forgotten', async () => {
    const many = describeDays(Array.from({ length: 8 }, (_, day) => `2024-06-0${day + 1}`))
    await layDays(world, many)
    const range = ['--from', '2024-06-01', '--to', '2024-06-09']
    const RUNS = 3
    // Bird answers nobody before all of them have read what is pending, which is the last thing that they do before.
    let allAreThere = false
    world.birdFaults = () => {
      const begun = world.requests.s3.filter(({ key }) => key.endsWith('pending-windows.json')).length
      if (!allAreThere && begun < RUNS)
        return { kind: 'respond', status: 429, headers: { 'retry-after': '1' } }
      if (!allAreThere) world.requests.reset()
      allAreThere = true
      return undefined
    }
    const runs = Array.from({ length: RUNS }, () => program.runApart(['backfill', ...range]))
    for (const { code } of await Promise.all(runs)) expect(code).toBe(0)
    expect([...new Set(await queuedIds(world))]).toEqual(idsOf(many.missing))
    expect((await accountOf(world)).size).toBe(many.calls.length)
    const listed = listedDays(world)
    expect(new Set(listed).size).toBeGreaterThanOrEqual(7)
    // Alone each would have listed 8. At the end each looks after what the others seem to have left behind.
    expect(listed.length).toBeLessThanOrEqual(8 + RUNS * (RUNS - 1) * 2)
    const mark = await world.json(`backfill/marks/${world.workspaceId}/2024-06-01_2024-06-09.json`)
    expect(mark).toMatchObject({ pass: 1, taken: [], finishedAt: expect.any(String) as unknown })
    await world.archiveQueued()
    expect((await program.run(['backfill', ...range])).code).toBe(0)
    expect(await world.queued()).toEqual([])
  })
})

describe('Ctrl-C', () => {
  /** Starts a backfill to which something happens when it asks for the list of a day. */
  function startUntil(day: string, happens: (command: Command) => BirdFault | undefined): Command {
    const command = program.start(['backfill', ...RANGE])
    world.birdFaults = () => (listedDays(world).at(-1) === day ? happens(command) : undefined)
    return command
  }

  test('once ends the run after the window that is swept; the same command goes on there', async () => {
    const { done } = startUntil('2024-02-29', ({ child }) => {
      child.kill('SIGINT')
      return undefined
    })
    const { code, stdout, stderr } = await done
    expect(code).toBe(130)
    expect(stderr).toContain('The window that is swept comes to its end.')
    expect(stdout).toContain('Stopped before the end; the same command goes on there.')
    expect(listedDays(world)).toEqual(DAYS.slice(0, 2))
    const sent = await queuedIds(world)
    expect(sent).toEqual(idsOf(days.missing.slice(0, 6)))

    world.birdFaults = () => undefined
    world.requests.reset()
    const status = await program.run(['backfill', ...RANGE, '--status'])
    expect(status.stdout).toContain('2 of 4 days done; the same command without --status goes on')
    expect(status.stdout).toContain('Never swept: 2 days, 2024-03-01 to 2024-03-02.')
    expect({ code: status.code, bird: world.requests.bird }).toEqual({ code: 1, bird: [] })

    const next = await program.run(['backfill', ...RANGE])
    expect(next.code).toBe(0)
    expect(next.stderr).toContain('Going on where an earlier run has stopped: 2 days done.')
    expect(listedDays(world).toSorted()).toEqual(DAYS.slice(2))
    expect(await queuedIds(world)).toEqual(idsOf(days.missing))
  })

  test('twice gives the window up; the same command takes it up again', async () => {
    const { child, done } = startUntil('2024-02-29', (command) => {
      command.child.kill('SIGINT')
      return { kind: 'stall' }
    })
    child.stderr?.on('data', (text: string) => text.includes('comes to its end') && child.kill('SIGINT'))
    expect((await done).code).toBe(130)
    world.birdFaults = () => undefined
    world.requests.reset()
    expect((await program.run(['backfill', ...RANGE])).code).toBe(0)
    expect(listedDays(world).toSorted()).toEqual(DAYS.slice(1))
    expect(await queuedIds(world)).toEqual(idsOf(days.missing))
  })
})

test('--status tells how far a run is that goes on, and leaves Bird alone', async () => {
  // The queue is full, so the run waits with the first day.
  const BACKFILL_MAX_QUEUED = '10'
  for (let number = 0; number < 10; number++) await world.enqueue(randomUUID())
  const asked = new Promise<void>((resolve) => {
    world.birdFaults = () => {
      resolve()
      return undefined
    }
  })
  const { done } = program.start(['backfill', ...RANGE], { env: { BACKFILL_MAX_QUEUED } })
  await asked
  const { code, stdout } = await program.run(['backfill', ...RANGE, '--status'])
  expect(code).toBe(1)
  expect(stdout).toContain('Pass 1, begun ')
  expect(stdout).toContain('0 of 4 days done; the same command without --status goes on')
  expect(stdout).toContain('In the queue: 10 messages, 10 of them waiting.')
  expect(listedDays(world)).toEqual(DAYS.slice(0, 1))
  await world.archiveQueued()
  expect((await done).code).toBe(0)
  await world.archiveQueued()
  const after = await program.run(['backfill', ...RANGE, '--status', '--json'])
  const missing = days.missing.length
  expect(jsonLines(after.stdout)).toMatchObject([
    {
      lines: { sent: { count: missing } },
      arrived: missing,
      queue: { all: 0 },
      mark: { pass: 1, tally: { sent: missing } },
    },
  ])
})
