import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { daysOf } from '../../lib/backfill/window.ts'
import { type DemoPlan, planDemo } from '../../lib/cli/demo/plan.ts'
import { describeSweep } from '../../lib/cli/demo/sweep-summary.ts'
import { type DemoSweep, sweepDemo } from '../../lib/cli/demo/sweep.ts'
import { composeBackfiller } from '../../lib/compose-backfill.ts'
import { readConfig } from '../../lib/config.ts'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.ts'

let [home, sandbox, plan]: [string, Sandbox | undefined, DemoPlan | undefined] = ['', undefined, undefined]
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'demo-sweep-'))
  sandbox = await startSandbox({ directory: home, recordings: 6, seed: 1 })
  plan = keepLast(await planDemo(home, sandbox.ready), 3)
  Object.assign(process.env, sandbox.ready.env)
})
afterAll(async () => {
  await sandbox?.close()
  await rm(home, { recursive: true, force: true })
})

/** The plan of the last calls alone: those of a few days, which are swept in no time. */
function keepLast(all: DemoPlan, count: number): DemoPlan {
  const byTime = all.calls.toSorted((a, b) => (a.metadata.createdAt < b.metadata.createdAt ? 1 : -1))
  const calls = byTime.slice(0, count)
  const isKept = (id: string): boolean => calls.some(({ recordingId }) => recordingId === id)
  const toArchive = all.toArchive.filter(({ recordingId }) => isKept(recordingId))
  return { ...all, calls, toArchive, toSkip: all.toSkip.filter(isKept) }
}

const sweep = async (): Promise<DemoSweep> =>
  await sweepDemo({ ready: sandbox!.ready, plan: plan!, limitMs: 60_000, onProgress: () => undefined })

test('a sweep over recordings that nobody has archived says of each that it is not where it belongs', async () => {
  const { violations, listed, log, ...swept } = await sweep()
  const all = violations.join('\n')
  expect(listed.toSorted()).toEqual(plan!.calls.map(({ recordingId }) => recordingId).toSorted())
  expect(all).toMatch(/the sweep found \d recordings? sent in place of archived: /)
  expect(all).toMatch(/\d{4}-\d\d-\d\d is complete and was not attested/)
  expect(all).not.toContain('nothing-to-archive')
  expect(log.filter((line) => line.includes('window.swept'))).toHaveLength(swept.ledgers.length)
  const text = describeSweep({ violations, listed, log, ...swept }).join('\n')
  expect(text).not.toContain('Nothing is missing')
  expect(text).toMatch(/3 recordings listed by Bird: \d sent to the queue, .*1 with nothing to archive/)
  expect(text).toContain('for a reason that should not be')
})

test('where an earlier demo was stopped in its sweep, every day is swept anew', async () => {
  const { bird, env } = sandbox!.ready
  const backfiller = composeBackfiller(readConfig(env, { queues: true }))
  const { range, finishedAt, ledgers } = await sweep()
  const order = { workspaceId: bird.workspaceId, name: 'demo', range, looksOnly: false, isScheduled: false }
  const { signal } = new AbortController()
  const stopped = await backfiller.systems.openPass({ ...order, windowLimit: 9 }, finishedAt, signal)
  const days = [...daysOf(range)]
  for (let taken = 0; taken < days.length - 1; taken++)
    await stopped.tickOff((await stopped.take())!, { recordings: 0, archived: 0, sent: 0 })
  await backfiller.close()

  const again = await sweep()
  expect(again.why).toBe('finished')
  const sweepsOf = (all: typeof ledgers): number[] => all.map(({ sweeps }) => sweeps)
  expect(sweepsOf(again.ledgers).every((sweeps, at) => sweeps > sweepsOf(ledgers)[at]!)).toBe(true)
})
