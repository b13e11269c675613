import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../lib/deadline.ts'
import { flipByte, runFunction } from '../helpers/verify-run.ts'
import { type Kept, startVerifyWorld, VERIFY_WORKSPACE, type VerifyWorld } from '../helpers/verify-world.ts'

let world: VerifyWorld
let kept: Kept[]
beforeEach(async () => {
  world = await startVerifyWorld()
  kept = []
  for (let number = 0; number < 8; number++) kept.push(await world.keep())
})
afterEach(() => world[Symbol.asyncDispose]())

const SAMPLE = { verify: 'sample', sample: 300 }
const LOCKED = { RETENTION_MODE: 'COMPLIANCE', RETENTION_DAYS: '365' }

describe('the verify function', () => {
  it('reads a sample, answers, counts, and keeps a report; the seed is by chance', async () => {
    const { answer, metrics, events } = await runFunction(world, SAMPLE)
    const counts = {
      recordings: 8,
      read: 8,
      bytes: 8 * (kept[0]?.audio.length ?? 0),
      mismatches: 0,
      unread: 0,
    }
    expect(answer).toMatchObject({
      finished: true,
      workspaces: [{ workspaceId: VERIFY_WORKSPACE, why: 'finished', counts }],
    })
    expect(metrics).toMatchObject({
      FunctionName: 'verify',
      VerificationsFinished: 1,
      Verified: 8,
      VerifiedBytes: counts.bytes,
      Mismatches: 0,
      Unread: 0,
      Orphans: 0,
    })
    expect(events).toMatchObject([{ event: 'verify.finished', level: 'info', scope: 'sample', counts }])
    await runFunction(world, SAMPLE)
    const [first, second] = await world.reports()
    expect(first).toMatchObject({
      by: 'schedule',
      counts,
      scope: { seed: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown },
    })
    expect(second?.['scope']).not.toEqual(first?.['scope'])
  })

  it('names what is not as it must be, for the alarm and in the log', async () => {
    const [bad] = kept
    await flipByte(world, bad?.audioKey ?? '', 600)
    const { answer, metrics, events } = await runFunction(world, { ...SAMPLE, seed: 'audit' })
    expect(answer).toMatchObject({ finished: true, workspaces: [{ counts: { mismatches: 1 } }] })
    expect(metrics).toMatchObject({ Mismatches: 1, Verified: 8, VerificationsFinished: 1 })
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'verify.mismatch',
        level: 'error',
        recordingId: bad?.id,
        kinds: ['sha256'],
      }),
    )
  })

  it('is not finished while something cannot be read', async () => {
    world.faults = ({ operation, key }) =>
      operation === 'GetObject' && key === kept[0]?.audioKey
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    const { metrics, events } = await runFunction(world, SAMPLE)
    expect(metrics).toMatchObject({ Unread: 1, Verified: 7, VerificationsFinished: 0 })
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'verify.unread', level: 'warn', recordingId: kept[0]?.id }),
    )
  })

  it('stops in time, says so, and goes on with the whole archive at the next run until all is read', async () => {
    // Time passes with what was judged: a quarter of an hour is over after three recordings.
    let runs = 0
    const seen: number[] = []
    for (let isOver = false; !isOver; runs++) {
      const before = world.requests.filter((request) => /^GetObject .*mp3$/.test(request)).length
      const gone = (): number =>
        world.requests.filter((request) => /^GetObject .*mp3$/.test(request)).length - before
      const { answer, metrics } = await runFunction(
        world,
        { verify: 'all' },
        { remainingMs: () => (gone() >= 3 ? 15_000 : 900_000), compose: { partRecordings: 1 } },
      )
      expect(metrics).toMatchObject({ VerificationsFinished: 1 })
      seen.push(answer?.workspaces[0]?.counts.recordings ?? 0)
      isOver = answer?.workspaces[0]?.why === 'finished'
      expect(runs).toBeLessThan(10)
    }
    expect(seen).toEqual([3, 3, 2])
    expect(await world.json(`verify/marks/${VERIFY_WORKSPACE}.json`)).toMatchObject({
      pass: 1,
      finishedAt: expect.any(String) as unknown,
      tally: { recordings: 8, read: 8 },
    })
  })

  it('that has no time at all reads nothing, writes nothing, and has not finished', async () => {
    const { answer, metrics } = await runFunction(world, { verify: 'all' }, { remainingMs: () => 10 })
    expect(answer).toMatchObject({ finished: false })
    expect(metrics).toMatchObject({ VerificationsFinished: 0, Verified: 0 })
    expect(await world.reports()).toEqual([])
  })

  it('is cut off in the midst of a transfer: what was judged before is kept, the rest is read by the next run', async () => {
    const [, second = ''] = kept.map(({ id }) => id).toSorted()
    world.faults = ({ operation, key }) =>
      operation === 'GetObject' && key.endsWith(`${second}.mp3`)
        ? { kind: 'body', stallAfterBytes: 100 }
        : undefined
    const endsAt = Date.now() + 4000
    const { answer, metrics } = await runFunction(
      world,
      { verify: 'all' },
      { remainingMs: () => endsAt - Date.now() },
    )
    expect(answer).toMatchObject({ workspaces: [{ why: 'out-of-time', counts: { recordings: 1 } }] })
    expect(metrics).toMatchObject({ Verified: 1, Unread: 0 })
    world.faults = () => undefined
    const { answer: next } = await runFunction(world, { verify: 'all' })
    expect(next).toMatchObject({ workspaces: [{ why: 'finished', counts: { recordings: 7, read: 7 } }] })
  })

  it('looks into each workspace, in turn, and what is wrong in one keeps no other waiting', async () => {
    await world.keep({ workspaceId: 'another' })
    const env = { BACKFILL_WORKSPACE_IDS: `another,${VERIFY_WORKSPACE}` }
    const firsts = new Set<unknown>()
    for (const day of [1, 2]) {
      const clock = { ...systemClock, now: () => new Date(Date.UTC(2026, 10, day)) }
      const { answer, metrics } = await runFunction(world, SAMPLE, { env, compose: { clock } })
      firsts.add(answer?.workspaces[0]?.workspaceId)
      expect(metrics).toMatchObject({ Verified: 9 })
    }
    expect(firsts).toEqual(new Set(['another', VERIFY_WORKSPACE]))
    await world.put('verify/marks/another.json', 'nonsense')
    const { answer, error, events, metrics } = await runFunction(world, { verify: 'all' }, { env })
    expect(answer).toBeUndefined()
    expect(String(error)).toContain('move it away to begin anew')
    expect(events).toContainEqual(expect.objectContaining({ event: 'configuration.fault' }))
    expect(metrics).toMatchObject({ Verified: 8, VerificationsFinished: 0 })
  })

  it.each([
    [{}],
    [{ verify: 'everything' }],
    [{ verify: 'sample' }],
    [{ verify: 'sample', sample: 0 }],
    [{ verify: 'sample', sample: 1.5 }],
    [{ verify: 'sample', sample: 3, sead: 'x' }],
    [{ verify: 'all', sample: 3 }],
    [undefined],
  ])('refuses an event that it does not know: %j', async (event) => {
    const { error, events } = await runFunction(world, event)
    expect(String(error)).toContain('is expected')
    expect(events).toMatchObject([{ event: 'configuration.fault' }])
    expect(await world.reports()).toEqual([])
  })

  it('says every fault of its environment', async () => {
    const { error, events } = await runFunction(world, SAMPLE, {
      env: { ARCHIVE_BUCKET: '', RETENTION_MODE: 'COMPLIANCE' },
    })
    expect(error).toMatchObject({ name: 'ConfigurationError' })
    expect(events[0]).toMatchObject({
      event: 'configuration.fault',
      faults: [
        expect.stringContaining('ARCHIVE_BUCKET') as unknown,
        expect.stringContaining('RETENTION_DAYS') as unknown,
      ],
    })
  })

  it('prints neither keys of AWS nor phone numbers, whatever it finds', async () => {
    await flipByte(world, kept[0]?.audioKey ?? '', 600)
    await world.keep({ edit: () => '{"receiver":"447700900456"}' })
    const { output } = await runFunction(world, SAMPLE)
    expect(output).toContain('unreadable-sidecar')
    for (const secret of ['447700900456', '15550100123', 'test-secret', 'TESTKEYID', 'X-Amz-'])
      expect(output).not.toContain(secret)
    expect(JSON.stringify(await world.reports())).not.toMatch(/447700900456|15550100123/)
  })
})

describe('a report', () => {
  it('is locked as evidence of today is, and stays when another takes its name', async () => {
    const createdAt = new Date()
    const { answer } = await runFunction(world, SAMPLE, { env: LOCKED })
    const [key = ''] = answer?.workspaces[0]?.reportKeys ?? []
    const { mode, until } = await world.lockOf(key)
    expect(mode).toBe('COMPLIANCE')
    const days = ((until?.getTime() ?? 0) - createdAt.getTime()) / 86_400_000
    expect(days).toBeGreaterThanOrEqual(365)
    expect(days).toBeLessThan(365.01)
    expect(await world.versionsOf(key)).toHaveLength(1)
  })

  it('that cannot be written fails the run, and the mark does not move', async () => {
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.startsWith('verify/')
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    for (const event of [SAMPLE, { verify: 'all' }]) {
      const { answer, error, metrics } = await runFunction(world, event)
      expect(answer).toBeUndefined()
      expect(String(error)).toContain('grant it')
      expect(metrics).toMatchObject({ VerificationsFinished: 0 })
    }
    expect(await world.keys('verify/')).toEqual([])
  })

  it('whose answer was lost is written once', async () => {
    let lost = 0
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.startsWith('verify/') && (lost += 1) === 1
        ? { kind: 'cut', after: true }
        : undefined
    const { answer } = await runFunction(world, SAMPLE)
    expect(answer).toMatchObject({ finished: true })
    expect(lost).toBeGreaterThan(1)
    expect(await world.keys('verify/')).toHaveLength(1)
  })

  it('under a name that is taken is refused, and the other stays', async () => {
    let taken = ''
    world.faults = ({ operation, key }) => {
      if (operation === 'PutObject' && key.startsWith('verify/')) taken = key
      return taken === key ? { kind: 'error', status: 412, code: 'PreconditionFailed' } : undefined
    }
    const { error } = await runFunction(world, SAMPLE)
    expect(String(error)).toMatch(/412|holds another report/)
  })
})
