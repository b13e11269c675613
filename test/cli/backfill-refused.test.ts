import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type BackfillCommand, createBackfillCommand, describeDays } from '../helpers/backfill-command.ts'
import { idsOf, queuedIds } from '../helpers/backfill-run.ts'
import { type BackfillWorld, startBackfillWorld } from '../helpers/backfill-world.ts'
import { runWithin } from '../helpers/run-within.ts'
import { jsonLines, run } from './command.ts'

vi.setConfig({ testTimeout: 180_000 })

const DAYS = ['2024-02-28', '2024-02-29', '2024-03-01', '2024-03-02']
const RANGE = ['--from', '2024-02-28', '--to', '2024-03-03']
const OTHER = 'another-workspace'

describe('what cannot be understood is refused with 2, before anything is asked of anybody:', () => {
  test.each([
    ['no time', [], 'Which time?', '--from 2024-01-01 names the first day; --ids FILE names recordings'],
    [
      'a day that is none',
      ['--from', '2024-02-30'],
      'The time cannot be read:',
      '--from 2024-02-30 is neither',
    ],
    ['a moment without zone', ['--from', '2024-03-01T10:00'], 'The time', 'a date-time with its zone'],
    ['a last day that is none', ['--from', '2024-03-01', '--to', 'now'], 'The time', '--to now is neither'],
    [
      'a time that ends before it begins',
      ['--from', '2024-03-02', '--to', '2024-03-01'],
      'The time',
      'is not after',
    ],
    [
      'a time without any day',
      ['--from', '2024-03-02', '--to', '2024-03-02'],
      'The time',
      'the first that is left out',
    ],
    ['the future', ['--from', '2999-01-01'], 'The time', '--from 2999-01-01 lies in the future'],
    ['two modes', [...RANGE, '--dry-run', '--status'], 'do not go together', 'choose one'],
    ['ids and a dry run', ['--ids', '-', '--dry-run'], 'do not go together', 'choose one'],
    [
      'ids and a time',
      ['--ids', '-', ...RANGE],
      'do not go together',
      '--ids names recordings, --from and --to a time',
    ],
    [
      'ids and two workspaces',
      ['--ids', '-', '--workspace', 'a', '--workspace', 'b'],
      'do not go',
      'with its workspace',
    ],
    [
      'a workspace that is none',
      [...RANGE, '--workspace', 'a b'],
      'The workspace',
      '--workspace a b is not a workspace id',
    ],
    ['an unknown option', [...RANGE, '--force'], "unknown option '--force'", '--help'],
  ])('%s', async (_, args, title, advice) => {
    const { code, stdout, stderr } = await runWithin(['backfill', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(title)
    expect(stderr).toContain(advice)
  })

  test.each([
    ['0', '--rate must be at least 0.1'],
    ['fast', '--rate must be a number like 10 or 2.5'],
    ['-5', '--rate must be a number like 10 or 2.5'],
  ])('a rate of %s', async (rate, fault) => {
    const { code, stderr } = await runWithin(['backfill', ...RANGE, '--rate', rate])
    expect(code).toBe(2)
    expect(stderr).toContain(`· ${fault}\n`)
  })

  test.each([['backfill'], ['report']])(
    '%s without environment: all of it is named at once',
    async (command) => {
      const { code, stdout, stderr } = await run([command, ...RANGE])
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      for (const name of [
        'BIRD_WORKSPACE_ID',
        'BIRD_ACCESS_KEY',
        'ARCHIVE_BUCKET',
        'QUEUE_URL',
        'DEAD_LETTER_QUEUE_URL',
      ])
        expect(stderr).toContain(name)
    },
  )
})

describe('where Bird refuses the key', () => {
  const days = describeDays(DAYS)
  let world: BackfillWorld
  let program: BackfillCommand
  beforeEach(async () => {
    world = await startBackfillWorld({ calls: days.calls })
    program = createBackfillCommand(world)
    await world.archiveAll(days.archived)
  })
  afterEach(() => world[Symbol.asyncDispose]())

  test.each([
    [401, 'the access key is wrong or revoked: set BIRD_ACCESS_KEY'],
    [403, 'the access key lacks a policy: it needs View on'],
  ])(
    'in the middle with %i, it says what to mend, and ends with 2; nothing is lost by it',
    async (status, mend) => {
      world.birdFaults = () =>
        world.requests.bird.length > 2
          ? { kind: 'respond', status, body: { code: 'Refused', message: 'no' } }
          : undefined
      const { code, stderr } = await program.run(['backfill', ...RANGE])
      expect(code).toBe(2)
      expect(stderr).toContain('the configuration needs mending:')
      expect(stderr).toContain(mend)
      expect(world.requests.bird).toHaveLength(3)
      expect(await queuedIds(world)).toEqual(idsOf(days.missing.slice(0, 6)))
      world.birdFaults = () => undefined
      const next = await program.run(['backfill', ...RANGE])
      expect(next.code).toBe(0)
      expect(next.stderr).toContain('2 days done')
      expect(await queuedIds(world)).toEqual(idsOf(days.missing))
    },
  )

  test('of a list of ids, it asks no further', async () => {
    const { code, stdout, stderr } = await program.run(['backfill', '--ids', '-'], {
      env: { BIRD_ACCESS_KEY: 'another-key' },
      input: idsOf(days.calls).join('\n'),
    })
    expect(code).toBe(2)
    expect(stderr).toContain('the access key is wrong or revoked')
    expect(stdout).toMatch(/^ {2}left +28$/m)
    expect(stdout + stderr).not.toContain('another-key')
    expect(await world.queued()).toEqual([])
  })

  test.each([[0], [1]])('one workspace of two (%i), the other is swept all the same', async (position) => {
    const workspaces = [world.workspaceId, world.workspaceId].with(position, OTHER)
    const args = workspaces.flatMap((id) => ['--workspace', id])
    const { code, stdout, stderr } = await program.run(['backfill', ...RANGE, ...args, '--json'])
    expect(code).toBe(2)
    expect(stderr).toContain(`workspace ${OTHER}: the configuration needs mending:`)
    expect(stderr).toContain('answered 403')
    const summaries = jsonLines(stdout).filter(({ summary }) => summary !== undefined)
    expect(summaries).toMatchObject([
      { summary: { workspaceId: world.workspaceId, end: 'finished', sent: 12 } },
    ])
    expect(await queuedIds(world)).toEqual(idsOf(days.missing))
  })
})

describe('where AWS is at fault', () => {
  let world: BackfillWorld
  beforeAll(async () => {
    world = await startBackfillWorld()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test.each([
    ['a bucket that is not there', { ARCHIVE_BUCKET: 'not-there' }, 'ARCHIVE_BUCKET'],
    ['a queue that is not there', { QUEUE_URL: 'http://127.0.0.1:1/0/none' }, 'QUEUE_URL'],
    ['no region', { AWS_REGION: undefined }, 'AWS_REGION is not set'],
    [
      'no credentials',
      { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
      'there are no AWS credentials',
    ],
  ])('%s is named, and it ends with 2', async (_, env, message) => {
    const { code, stdout, stderr } = await createBackfillCommand(world).run(['backfill', ...RANGE], { env })
    expect(stdout + stderr).toContain(message)
    expect(code).toBe(2)
    expect(world.requests.bird).toEqual([])
  })
})
