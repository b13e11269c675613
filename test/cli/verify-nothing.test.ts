import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBackfillKeys } from '../../lib/backfill/keys.ts'
import { emptyLedger, writeLedger } from '../../lib/backfill/ledger.ts'
import { windowNamed } from '../../lib/backfill/window.ts'
import { runWithin } from '../helpers/run-within.ts'
import { runFunction } from '../helpers/verify-run.ts'
import { startVerifyWorld, type VerifyWorld } from '../helpers/verify-world.ts'
import { type Finished, jsonLines } from './command.ts'

/** `ours` has one recording, of 2026-03-02; nothing is there of any other workspace. */
let world: VerifyWorld
beforeAll(async () => {
  world = await startVerifyWorld()
  await world.keep({ workspaceId: 'ours', createdAt: '2026-03-02T10:00:00Z' })
})
afterAll(() => world[Symbol.asyncDispose]())

async function verify(...args: string[]): Promise<Finished> {
  const finished = await runWithin(['verify', ...args], { ...world.env, BIRD_WORKSPACE_ID: 'ours' })
  expect(finished.stdout).not.toContain('Everything that was read')
  expect(finished.stdout).not.toContain('nothing is left to chance')
  return finished
}

/** Leaves the ledger of a sweep that has found these archived on a day. */
async function sweep(workspaceId: string, day: string, archived: readonly string[]): Promise<void> {
  const window = windowNamed(day)
  if (window === undefined) throw new Error(day)
  const listed = { digest: 'x', complete: true, agreed: 2, strays: 0, nameless: 0 }
  const ledger = { ...emptyLedger(workspaceId, window), sweptAt: new Date('2026-03-10'), listed, archived }
  await world.put(createBackfillKeys('').ledger(workspaceId, day), writeLedger(ledger))
}

const DAY = ['--from', '2026-03-02', '--to', '2026-03-03']

describe('a workspace of which nothing is archived', () => {
  test.each([[['--all']], [['--sample', '3']], [DAY]])(
    'is taken for a mistyped one by %j: it is named, it is no success, and no report is left',
    async (args) => {
      const { code, stdout, stderr } = await verify(...args, '--workspace', 'abc')
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain('nothing is archived of workspace abc: is the id right?')
      expect(await world.keys('verify/')).toEqual([])
    },
  )

  test('is a summary with nothing in it for programs', async () => {
    const { code, stdout } = await verify('--all', '--workspace', 'abc', '--json')
    expect(code).toBe(1)
    expect(jsonLines(stdout)).toMatchObject([
      { summary: { workspaceId: 'abc', counts: { recordings: 0 }, reportKeys: [] } },
    ])
  })

  test('keeps no other from being read', async () => {
    const { code, stdout } = await runWithin(['verify', '--sample', '3'], {
      ...world.env,
      BIRD_WORKSPACE_ID: 'abc',
      BACKFILL_WORKSPACE_IDS: 'ours',
    })
    expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining('1 of 1 read, 0 bad') })
  })

  test('although sweeps have found recordings archived is one where all is lost', async () => {
    const id = randomUUID()
    await sweep('lost', '2026-03-02', [id])
    const { code, stdout } = await verify(...DAY, '--workspace', 'lost')
    expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining('missing-audio') })
    expect(stdout).not.toContain('is the id right?')
  })

  test.each([{ verify: 'all' }, { verify: 'sample', sample: 3 }])(
    'is no failure of a schedule, for a new deployment has nothing yet: %j',
    async (event) => {
      const { answer, metrics } = await runFunction(world, event, { env: { BIRD_WORKSPACE_ID: 'new' } })
      expect(answer).toMatchObject({ finished: true, workspaces: [{ why: 'finished', counts: { read: 0 } }] })
      expect(metrics).toMatchObject({ VerificationsFinished: 1, Verified: 0, Mismatches: 0, Unread: 0 })
      const [key = ''] = answer?.workspaces[0]?.reportKeys ?? []
      expect(await world.json(key)).toMatchObject({ counts: { recordings: 0, read: 0 } })
    },
  )
})

describe('what has nothing to be read', () => {
  test('is days without recordings: no failure, and it is said', async () => {
    const days = ['--from', '2026-03-05', '--to', '2026-03-07']
    const sentence =
      'There was nothing to read: workspace ours has no recordings of 2026-03-05 up to, not including, 2026-03-07.'
    expect(await verify(...days)).toMatchObject({ code: 0, stdout: expect.stringContaining(sentence) })
    // So it is where ledgers tell.
    for (const day of ['2026-03-05', '2026-03-06']) await sweep('ours', day, [])
    expect(await verify(...days)).toMatchObject({ code: 0, stdout: expect.stringContaining(sentence) })
  })

  test('is an id of which nothing is there: it is asked whether it is right, before anybody looks for a deletion', async () => {
    const id = randomUUID()
    const { code, stdout } = await verify(id)
    expect(code).toBe(1)
    expect(stdout).toContain(`  ${id}\n    nothing is archived of it in workspace ours: is the id right?\n`)
    expect(stdout).toContain('absent: look at the id again')
    expect(stdout).not.toContain('the recording is lost here')
  })

  test('is an id that is in none of several workspaces: all of them are named', async () => {
    const { stdout } = await runWithin(['verify', randomUUID()], {
      ...world.env,
      BIRD_WORKSPACE_ID: 'ours',
      BACKFILL_WORKSPACE_IDS: 'abc',
    })
    expect(stdout).toContain('nothing is archived of it in workspace ours, abc: is the id right?')
  })
})
