import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { flipByte } from '../helpers/verify-run.ts'
import { type Kept, startVerifyWorld, type VerifyWorld } from '../helpers/verify-world.ts'
import { EXAMPLE_ID } from '../helpers/sidecars.ts'
import { runWithin } from '../helpers/run-within.ts'
import { type Finished, jsonLines, start } from './command.ts'

const GOOD = 'Everything that was read is what its sidecar says.'

/** Each test has a workspace of its own in one bucket. */
let world: VerifyWorld
beforeAll(async () => {
  world = await startVerifyWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

async function keepIn(workspaceId: string, count: number): Promise<Kept[]> {
  const kept: Kept[] = []
  for (let number = 0; number < count; number++) kept.push(await world.keep({ workspaceId }))
  return kept.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

async function verify(workspaceId: string, ...args: string[]): Promise<Finished> {
  const finished = await runWithin(['verify', ...args], { ...world.env, BIRD_WORKSPACE_ID: workspaceId })
  for (const secret of ['\u001b', 'X-Amz-', 'test-secret', '447700900456', '15550100123'])
    expect(finished.stdout + finished.stderr).not.toContain(secret)
  return finished
}

describe('bird-archive verify', () => {
  test('of what is good ends with 0, and says where its report is', async () => {
    const [one, two] = await keepIn('good', 2)
    const { code, stdout, stderr } = await verify('good', one?.id ?? '', (two?.id ?? '').toUpperCase())
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toContain(GOOD)
    const key = /The report is kept as (verify\/good\/\S+\.json)/.exec(stdout)?.[1] ?? ''
    expect(await world.json(key)).toMatchObject({
      by: 'terminal',
      scope: { kind: 'ids', ids: [one?.id, two?.id] },
      counts: { read: 2, mismatches: 0 },
    })
  })

  test('finds a flipped byte, and says what to do', async () => {
    const [good, bad] = (await keepIn('flipped', 2)) as [Kept, Kept]
    await flipByte(world, bad.audioKey, 700)
    const { code, stdout, stderr } = await verify('flipped', '--all')
    expect(code).toBe(1)
    expect(stderr).toMatch(/\nverifying \d+ % {2}2 recordings · .* · 1 bad\n/)
    expect(stdout).toContain(`  ${bad.id}\n    sha256 (audio): expected ${bad.sha256}, found `)
    expect(stdout).toContain('sha256: the stored bytes are not those that were archived: keep both objects')
    expect(stdout).toContain('Not everything is as it must be.')
    expect(stdout).not.toContain(good.id)
    const json = await verify('flipped', bad.id, '--json')
    expect(json.code).toBe(1)
    expect(jsonLines(json.stdout)).toMatchObject([
      { recordingId: bad.id, outcome: 'mismatch', findings: [{ kind: 'sha256', expected: bad.sha256 }] },
      { summary: { counts: { mismatches: 1 }, end: 'finished' } },
    ])
  })

  test('advises nobody to delete audio whose sidecar was written over', async () => {
    const [kept] = (await keepIn('forged', 1)) as [Kept]
    for (const audio of ['between', 'on top']) await world.put(kept.audioKey, audio)
    await world.put(kept.sidecarKey, kept.sidecar.replace(kept.sha256, '0'.repeat(64)))
    const { code, stdout } = await verify('forged', '--all')
    expect(code).toBe(1)
    expect(stdout).toContain('The oldest version of the sidecar is what was archived')
    expect(stdout).not.toContain('delete it')
  })

  test('with a seed reads the same recordings again, and says how sure it is', async () => {
    await keepIn('sampled', 12)
    const runs = [
      await verify('sampled', '--sample', '5', '--seed', 'audit-2024', '--json'),
      await verify('sampled', '--sample', '5', '--seed', 'audit-2024'),
    ]
    expect(runs.map(({ code }) => code)).toEqual([0, 0])
    expect(jsonLines(runs[0]?.stdout ?? '')).toMatchObject([
      { summary: { confidence: { population: 12, read: 5, bad: 0, atMost: 4 } } },
    ])
    expect(runs[1]?.stdout).toContain('5 of 12 read, 0 bad: at 95 % at most 34 % are bad.')
  })

  test('goes on after Ctrl-C exactly where it was', async () => {
    const kept = await keepIn('stopped', 60)
    const command = start(['verify', '--all', '--json'], { ...world.env, BIRD_WORKSPACE_ID: 'stopped' })
    let seen = 0
    world.faults = ({ operation, key }) => {
      if (operation === 'GetObject' && key.endsWith('.mp3') && (seen += 1) === 5) command.child.kill('SIGINT')
      return undefined
    }
    const stopped = await command.done
    world.faults = () => undefined
    expect(stopped.code).toBe(130)
    const [first] = jsonLines(stopped.stdout) as { summary: { end: string; counts: { read: number } } }[]
    expect(first?.summary.end).toBe('out-of-time')
    const read = first?.summary.counts.read ?? 0
    expect(read).toBeGreaterThanOrEqual(4)
    expect(read).toBeLessThan(60)
    world.requests.length = 0
    const { code, stdout, stderr } = await verify('stopped', '--all')
    expect(code).toBe(0)
    expect(stderr).toContain(`Going on where an earlier run has stopped: ${read} recordings done.`)
    expect(stdout).toContain('is complete: 60 recordings in 2 parts.')
    const got = world.requests.flatMap((request) => /^GetObject .*\/(.+)\.mp3$/.exec(request)?.[1] ?? [])
    expect(got.toSorted()).toEqual(kept.slice(read).map(({ id }) => id))
  })

  test('says what a part found that an earlier run has read', async () => {
    const kept = await keepIn('earlier', 40)
    await flipByte(world, kept[0]?.audioKey ?? '', 700)
    const command = start(['verify', '--all', '--json'], { ...world.env, BIRD_WORKSPACE_ID: 'earlier' })
    let seen = 0
    world.faults = ({ operation, key }) => {
      if (operation !== 'GetObject' || !key.endsWith('.mp3') || (seen += 1) !== 3) return undefined
      command.child.kill('SIGINT')
      return { kind: 'error', status: 503, code: 'SlowDown' }
    }
    expect((await command.done).code).toBe(130)
    world.faults = () => undefined
    const { code, stdout } = await verify('earlier', '--all')
    expect(code).toBe(1)
    expect(stdout).toContain('Earlier runs of it have found 1 recording not in order')
    expect(stdout).toContain('Not everything is as it must be.')
    expect(stdout).not.toContain(GOOD)
  })

  test.each([
    ['before the first recording', 'cut-before', 1, /^ListObjectVersions /],
    ['behind it', 'cut-behind', 40, /^GetObject .*mp3$/],
  ])('that is stopped %s calls nothing good', async (_, workspaceId, recordings, first) => {
    await keepIn(workspaceId, recordings)
    const command = start(['verify', '--all'], { ...world.env, BIRD_WORKSPACE_ID: workspaceId })
    world.faults = ({ operation, key }) => {
      if (command.child.killed || !first.test(`${operation} ${key}`)) return undefined
      command.child.kill('SIGINT')
      // The signal has come by the time that it asks again.
      return { kind: 'error', status: 503, code: 'SlowDown' }
    }
    const { code, stdout } = await command.done
    world.faults = () => undefined
    expect(code).toBe(130)
    expect(stdout).toContain('Stopped before the end: what was not read is not known to be good.')
    expect(stdout).not.toContain(GOOD)
  })

  test('does not call good what is only on its way', async () => {
    const id = randomUUID()
    await world.put(`recordings/bare/${id}.mp3`, 'audio whose sidecar is still to come')
    const all = await verify('bare', '--all')
    expect(all).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing was read: what is there') as unknown,
    })
    const named = await verify('bare', id)
    expect(named).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('verify it again once its sidecar is there') as unknown,
    })
    expect(all.stdout + named.stdout).not.toContain(GOOD)
  })

  test('finds a recording in whichever workspace it is, and misses one that is in none', async () => {
    const [here] = await keepIn('first', 1)
    const [there] = await keepIn('second', 1)
    const nowhere = randomUUID()
    const { code, stdout } = await runWithin(['verify', here?.id ?? '', there?.id ?? '', nowhere, '--json'], {
      ...world.env,
      BIRD_WORKSPACE_ID: 'first',
      BACKFILL_WORKSPACE_IDS: 'second',
    })
    expect(code).toBe(1)
    expect(jsonLines(stdout)).toMatchObject([
      { workspaceId: 'first', recordingId: here?.id, outcome: 'ok' },
      { workspaceId: 'first', recordingId: nowhere, outcome: 'mismatch' },
      { summary: { workspaceId: 'first' } },
      { workspaceId: 'second', recordingId: there?.id, outcome: 'ok' },
      { summary: { workspaceId: 'second' } },
    ])
  })

  test('reads the days that are named, and says that it needs every sidecar for it', async () => {
    const inside = await world.keep({ workspaceId: 'days', createdAt: '2026-03-02T10:00:00Z' })
    await world.keep({ workspaceId: 'days', createdAt: '2026-03-03T00:00:00Z' })
    const { code, stderr, stdout } = await verify('days', '--from', '2026-03-02 ', '--to', ' 2026-03-03')
    expect(code).toBe(0)
    expect(stderr).toContain('No sweep has listed 2026-03-02 to its end, so every sidecar is read')
    expect(stdout).toMatch(/read +1 +recordings/)
    expect(stdout).toContain('2026-03-02 up to, not including, 2026-03-03')
    expect(world.requests).not.toContain(`PutObject ${inside.audioKey}`)
  })

  test.each([
    [[], 'choose one of them'],
    [['--all', '--sample', '3'], 'choose one of them'],
    [['--all', EXAMPLE_ID], 'choose one of them'],
    [['--seed', 'x', '--all'], '--seed goes with --sample'],
    [['--sample', '3', '--seed', 'a b'], '--seed must be'],
    [['--to', '2026-03-02', '--all'], '--to goes with --from'],
    [['--sample', '0'], 'whole number from 1'],
    [['--from', 'yesterday'], 'neither a day'],
    [['no-id'], 'is not a recording id'],
  ])('refuses %j, and writes nothing', async (args, fault) => {
    const { code, stderr } = await verify('refused', ...args)
    expect(code).toBe(2)
    expect(stderr).toContain(fault)
    expect(await world.keys('verify/refused/')).toEqual([])
  })

  test('shows by its help how to list what is not in order: the summary is no recording', async () => {
    const { stdout } = await runWithin(['verify', '--help'])
    expect(stdout).toContain("verify --all --json | jq -r '.recordingId // empty'")
  })

  test('needs no key of Bird, and names what it needs', async () => {
    const { code, stderr } = await runWithin(['verify', '--all'], { AWS_REGION: 'eu-west-1' })
    expect(code).toBe(2)
    expect(stderr).toContain('BIRD_WORKSPACE_ID is not set')
    expect(stderr).toContain('ARCHIVE_BUCKET is not set')
    expect(stderr).not.toContain('ACCESS_KEY')
  })
})
