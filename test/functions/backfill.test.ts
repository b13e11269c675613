import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../lib/errors.ts'
import {
  callsOn,
  countsOf,
  HOUR_MS,
  idsOf,
  markOf,
  queuedIds,
  reportOf,
  runSweep,
  startWorldAt,
  sweepToEnd,
  type SweepRun,
  type TestClock,
} from '../helpers/backfill-run.ts'
import type { BackfillWorld } from '../helpers/backfill-world.ts'
import { callAt } from '../helpers/listed-calls.ts'
import { ACCESS_KEY } from '../helpers/world.ts'

const NOW = '2026-03-10T12:00:00.000Z'
const MINUTE_MS = 60_000

let world: BackfillWorld
let clock: TestClock
beforeEach(async () => {
  ;({ world, clock } = await startWorldAt(NOW))
})
afterEach(() => world[Symbol.asyncDispose]())

/** The days whose lists were asked for, in that order. */
const listedDays = (): string[] =>
  world.requests.bird.flatMap(({ operation, query: { startAt = '' } }) =>
    operation === 'listRecordings' ? new Date(Date.parse(startAt) + HOUR_MS).toISOString().slice(0, 10) : [],
  )
function expectConfigurationFault(run: SweepRun, ...words: readonly string[]): void {
  expect(run.answer).toBeUndefined()
  expect(run.error).toBeInstanceOf(ConfigurationError)
  const logged = run.events.filter(({ event }) => event === 'configuration.fault')
  expect(logged).toHaveLength(1)
  const faults = logged.flatMap((fields) => fields['faults'] as string[]).join('\n')
  for (const word of words) expect(faults).toContain(word)
}

describe('an invocation', () => {
  it('answers how far it came, with a line for each day and one line of metrics, in which nothing is left out', async () => {
    const [missing, ongoing] = [
      callAt('2026-03-09T10:00:00Z'),
      callAt('2026-03-10T10:00:00Z', { status: 'ongoing' }),
    ]
    world.setCalls([missing, ongoing, ...callsOn('2026-03-08', 2, { status: 'absent' })])
    const { answer, events, metrics } = await sweepToEnd(world, { clock })
    const { workspaceId } = world
    expect(answer).toEqual({ finished: true, workspaces: [{ workspaceId, why: 'finished' }] })
    expect(events).toEqual([
      line('window.swept', { window: '2026-03-08', archived: 0, open: 2, sent: 0, attested: true }),
      line('window.swept', { window: '2026-03-09', archived: 0, open: 1, sent: 1, attested: false }),
      line('window.swept', { window: '2026-03-10', archived: 0, open: 1, sent: 0, attested: false }),
      line('backfill.finished', {
        sweep: 'recent',
        why: 'finished',
        days: { done: 3, total: 3 },
        tally: { windows: 3, recordings: 4, archived: 0, sent: 1 },
      }),
    ])
    expect(valuesOf(metrics)).toEqual({
      SweepsFinished: 1,
      WindowsSwept: 3,
      Listed: 4,
      Sent: 1,
      NotYet: 1,
      Unexplained: 0,
      RequestsToBird: world.requests.bird.length,
      OldestNotYet: 0,
    })
  })

  it('writes every metric also when there is nothing to count', async () => {
    const { metrics } = await sweepToEnd(world, { clock })
    expect(metrics?.['FunctionName']).toBe('backfill')
    const zero = { Listed: 0, Sent: 0, NotYet: 0, Unexplained: 0, OldestNotYet: 0 }
    expect(valuesOf(metrics)).toEqual({ SweepsFinished: 1, WindowsSwept: 3, RequestsToBird: 6, ...zero })
  })
})

function line(event: string, fields: object): unknown {
  return { time: NOW, level: 'info', event, workspaceId: world.workspaceId, ...fields }
}
/** The values of the metrics that the line itself declares. */
function valuesOf(metrics: SweepRun['metrics']): Record<string, unknown> {
  const { CloudWatchMetrics } = (metrics ?? {})['_aws'] as {
    CloudWatchMetrics: { Metrics: { Name: string }[] }[]
  }
  const names = CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name))
  return Object.fromEntries(names.map((name) => [name, metrics?.[name]]))
}

describe('an event that says nothing of use', () => {
  it.for([
    [null, 'Object'],
    [{}, 'sweep'],
    [{ sweep: 'Recent days', days: 3 }, 'sweep must be a name'],
    [{ sweep: '../../marks', days: 3 }, 'sweep must be a name'],
    [{ sweep: 'recent', days: 0 }, 'days must be'],
    [{ sweep: 'recent', days: '3' }, 'days must be'],
    [{ sweep: 'recent', days: 3, dryRun: true }, 'dryRun'],
  ] as const)('is refused with what is expected: %j', async ([event, word]) => {
    const run = await runSweep(world, { clock, event })
    expectConfigurationFault(run, word, '{"sweep":"recent","days":3}')
    expect(world.requests.bird).toEqual([])
    expect(await world.keys('backfill/')).toEqual([])
  })
})

describe('a faulty environment', () => {
  it('is told in one line that names every fault', async () => {
    const env = {
      ARCHIVE_BUCKET: undefined,
      QUEUE_URL: undefined,
      DEAD_LETTER_QUEUE_URL: 'dead-letters',
      BIRD_ACCESS_KEY: undefined,
      BACKFILL_WORKSPACE_IDS: 'a b',
      BACKFILL_MAX_QUEUE: '5',
    }
    const run = await runSweep(world, { clock, env })
    expectConfigurationFault(run, ...Object.keys(env))
    expect(run.metrics).toBeUndefined()
    expect(world.requests.bird).toEqual([])
  })

  it('with a key that Bird does not take ends with what to mend, which is not the key', async () => {
    world.setCalls(callsOn('2026-03-09', 2))
    const run = await runSweep(world, { clock, env: { BIRD_ACCESS_KEY: `${ACCESS_KEY}-old` } })
    expectConfigurationFault(run, '401', 'set BIRD_ACCESS_KEY')
    expect(run.metrics).toMatchObject({ SweepsFinished: 0, RequestsToBird: 1, Unexplained: 1 })
    expect(`${run.output}${String(run.error)}`).not.toContain(ACCESS_KEY)
    expect(await world.queued()).toEqual([])
    await sweepToEnd(world, { clock })
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
  })
})

describe('a workspace that the key has no right to', () => {
  it.each([0, 1])('keeps no other from being swept, whichever comes first: %i', async (hours) => {
    clock.advance(hours * HOUR_MS)
    world.setCalls(callsOn('2026-03-09', 2))
    const env = { BACKFILL_WORKSPACE_IDS: `${world.workspaceId}, another-workspace` }
    const run = await runSweep(world, { clock, env })
    expectConfigurationFault(run, '403', 'lacks a policy')
    expect(run.metrics).toMatchObject({ SweepsFinished: 0, Sent: 2, WindowsSwept: 3, Unexplained: 1 })
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
    expect(countsOf(await reportOf(world))).toEqual({ sent: 2 })
  })
})

describe('an invocation whose time runs out', () => {
  const EVENT = { sweep: 'recent', days: 8 }
  const all = Array.from({ length: 8 }, (_, index) => `2026-03-${String(index + 3).padStart(2, '0')}`)

  it('begins no day that it cannot end, and the next one goes on exactly there', async () => {
    world.setCalls(all.flatMap((day) => callsOn(day, 2)))
    world.birdFaults = () => {
      clock.advance(MINUTE_MS)
      return undefined
    }
    const first = await runSweep(world, { clock, event: EVENT, remainingMs: 5 * MINUTE_MS })
    expect(first.answer?.workspaces).toMatchObject([{ why: 'out-of-time' }])
    expect(first.metrics).toMatchObject({ SweepsFinished: 0, WindowsSwept: 5, Unexplained: 0 })
    expect(listedDays()).toEqual(all.slice(0, 5))
    expect(await queuedIds(world)).toEqual(idsOf(world.calls.slice(0, 10)))
    await sweepToEnd(world, { clock, event: EVENT })
    expect(listedDays().toSorted()).toEqual(all)
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
    expect(countsOf(await reportOf(world))).toEqual({ sent: 16 })
  })

  it('in the middle of a list that does not answer is stopped in time, and that day is listed again', async () => {
    world.setCalls(all.flatMap((day) => callsOn(day, 2)))
    world.birdFaults = ({ operation }) => {
      const isFifth = operation === 'listRecordings' && listedDays().length === 5
      return isFifth ? { kind: 'stall' } : undefined
    }
    const first = await runSweep(world, { clock, event: EVENT, remainingMs: 5_000 })
    expect(first).toMatchObject({ error: undefined, answer: { workspaces: [{ why: 'out-of-time' }] } })
    expect(first.metrics).toMatchObject({ SweepsFinished: 0 })
    world.birdFaults = () => undefined
    await sweepToEnd(world, { clock, event: EVENT })
    const days = listedDays()
    expect([...new Set(days)].toSorted()).toEqual(all)
    expect(days.length).toBeLessThanOrEqual(all.length + 1)
    expect(await queuedIds(world)).toEqual(idsOf(world.calls))
    expect(await markOf(world)).toMatchObject({ taken: [], tally: { windows: 8, recordings: 16 } })
  })

  it('over its first workspace says the same of the others, and calls nothing a fault of the set-up', async () => {
    world.birdFaults = () => ({ kind: 'stall' })
    const env = { BACKFILL_WORKSPACE_IDS: `${world.workspaceId},another-workspace` }
    const run = await runSweep(world, { clock, env, remainingMs: 3_000 })
    expect(run.error).toBeUndefined()
    expect(run.answer).toEqual({
      finished: false,
      workspaces: [world.workspaceId, 'another-workspace'].map((workspaceId) => ({
        workspaceId,
        why: 'out-of-time',
      })),
    })
    expect(run.metrics).toMatchObject({ SweepsFinished: 0, Unexplained: 0 })
  })
})
