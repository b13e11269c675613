import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { VerifyEvent } from '../../lib/verify/order.ts'
import { daysAhead, flipByte, runScope } from '../helpers/verify-run.ts'
import { startVerifyWorld, VERIFY_WORKSPACE, type VerifyWorld } from '../helpers/verify-world.ts'

let world: VerifyWorld
let ids: string[]
const IN_ALL = 30
beforeEach(async () => {
  world = await startVerifyWorld()
  ids = []
  for (let number = 0; number < IN_ALL; number++) ids.push((await world.keep()).id)
  ids.sort()
})
afterEach(() => world[Symbol.asyncDispose]())

const ALL = { kind: 'all' } as const
const MARK = `verify/marks/${VERIFY_WORKSPACE}.json`
const compose = { partRecordings: 7 }

function judgedIn(events: readonly VerifyEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'judged' ? [event.verdict.recordingId] : []))
}

/** Asserts that the parts of a pass are seamless, and that together they have every recording. */
async function expectWholePass(): Promise<void> {
  const mark = await world.json(MARK)
  expect(mark['finishedAt']).toEqual(expect.any(String))
  const reports = await Promise.all((mark['parts'] as string[]).map((key) => world.json(key)))
  let after: string | null = null
  for (const [index, { pass }] of reports.entries()) {
    expect(pass).toMatchObject({ part: index + 1, after, isLast: index === reports.length - 1 })
    after = pass.through ?? after
  }
  const sum = (name: string): number => reports.reduce((total, { counts }) => total + Number(counts[name]), 0)
  expect(sum('recordings')).toBe(ids.length)
  expect(mark['tally']).toMatchObject({
    recordings: ids.length,
    read: sum('read'),
    mismatches: sum('mismatches'),
  })
}

describe('the whole archive', () => {
  it('is read in parts, each with a report; the next run begins a new pass', async () => {
    const { end, events } = await runScope(world, ALL, { compose })
    expect(end).toMatchObject({ why: 'finished', account: { tally: { recordings: 30, read: 30 } } })
    expect(judgedIn(events)).toEqual(ids)
    expect(end.reportKeys).toHaveLength(5)
    await expectWholePass()
    const { end: next } = await runScope(world, ALL, { compose })
    expect(next.mark).toMatchObject({ pass: 2 })
    expect(await world.reports()).toHaveLength(10)
  })

  it('goes on where a run had no more time, exactly there', async () => {
    const seen: string[] = []
    for (let runs = 1; ; runs++) {
      let asked = 0
      const { end, events } = await runScope(world, ALL, { compose, mayStart: () => (asked += 1) <= 4 })
      seen.push(...judgedIn(events))
      if (end.why === 'finished') break
      expect(end.account.tally.recordings).toBe(4)
      expect(runs).toBeLessThan(12)
    }
    expect(seen).toEqual(ids)
    await expectWholePass()
  })

  it.each([0, 1, 3, 8, 13, 20, 29])('killed after %i recordings, it misses nothing', async (recordings) => {
    await flipByte(world, `recordings/${VERIFY_WORKSPACE}/${ids[recordings] ?? ''}.mp3`, 800)
    let judged = 0
    const killed = runScope(world, ALL, {
      compose,
      observe: ({ kind }) => {
        // Nothing that comes behind is carried out any more: as at a kill.
        if (kind === 'judged' && (judged += 1) > recordings) throw new Error('killed')
      },
    })
    await expect(killed).rejects.toThrow('killed')
    const { end } = await runScope(world, ALL, { compose })
    expect(end.why).toBe('finished')
    await expectWholePass()
    const bad = (await world.reports()).flatMap(({ mismatches }) => mismatches as { recordingId: string }[])
    expect(bad.map(({ recordingId }) => recordingId)).toEqual([ids[recordings]])
  })

  it('killed between a report and the mark, it reads that part again', async () => {
    let writes = 0
    world.faults = ({ operation, key }) => {
      if (operation !== 'PutObject' || key !== MARK || (writes += 1) !== 2) return undefined
      return { kind: 'error', status: 400, code: 'InvalidRequest' }
    }
    await expect(runScope(world, ALL, { compose })).rejects.toThrow('write')
    expect(await world.json(MARK)).toMatchObject({ tally: { recordings: 7 } })
    expect(await world.reports()).toHaveLength(2)
    world.faults = () => undefined
    const { events } = await runScope(world, ALL, { compose })
    expect(judgedIn(events)).toEqual(ids.slice(7))
    await expectWholePass()
  })

  it('is read by one run at a time: who comes late stops, and overwrites nothing', async () => {
    let other: Promise<unknown> | undefined
    const first = runScope(world, ALL, {
      compose,
      observe: (event) => {
        // The mark that the first one has read is not the present one any more.
        if (event.kind !== 'judged' || other !== undefined) return
        other = runScope(world, ALL, { compose })
        other.catch(() => undefined)
      },
    })
    const ended = await Promise.allSettled([first, first.catch(() => undefined).then(() => other)])
    const refused = ended.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(1)
    expect(refused[0]).toMatchObject({
      reason: { message: expect.stringContaining('run one at a time') as unknown },
    })
    await runScope(world, ALL, { compose })
    await expectWholePass()
  })

  it('counts what lies between recordings once, however it is parted', async () => {
    const endings = ['.json.bak', '.mp3.bak', 'z.txt', '-.mp3', '/nested.json']
    for (const [index, id] of ids.slice(0, 20).entries())
      await world.put(`recordings/${VERIFY_WORKSPACE}/${id}${endings[index % 5] ?? ''}`, 'not ours')
    for (;;) {
      let asked = 0
      const { end } = await runScope(world, ALL, {
        compose: { ...compose, clock: daysAhead(2) },
        mayStart: () => (asked += 1) <= 5,
      })
      if (end.why === 'finished') break
    }
    expect(await world.json(MARK)).toMatchObject({ tally: { orphans: 20, recordings: 30 } })
  })

  it('has a mark that cannot be read: it says so, and leaves it', async () => {
    await world.put(MARK, 'nonsense')
    await expect(runScope(world, ALL)).rejects.toThrow('move it away to begin anew')
    expect(await world.reports()).toEqual([])
  })

  it('that is empty is read, and there is a report of it', async () => {
    const { end } = await runScope(world, ALL, { workspaceId: 'another' })
    expect(end).toMatchObject({ why: 'finished', account: { tally: { recordings: 0 } } })
    expect(end.reportKeys).toHaveLength(1)
  })
})
