import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSweepRequest, takeTurns } from '../../lib/backfill/schedule.ts'

const EXAMPLE = 'the event {"sweep":"recent","days":3} is expected: '
const DAYS = 'days must be a whole number from 1 to 36500'
const NAME = 'sweep must be a name like recent'

describe("a schedule's event", () => {
  it.each([
    { sweep: 'recent', days: 3 },
    { sweep: 'a', days: 1 },
    { sweep: `all-${'x'.repeat(27)}`, days: 36_500 },
    { sweep: 'older-9z', days: 90 },
  ])('names a sweep and its days: %j', (request) => {
    expect(readSweepRequest(request)).toEqual({ ok: true, request })
  })

  it.each([
    [DAYS, { sweep: 'recent', days: 0 }],
    [DAYS, { sweep: 'recent', days: 36_501 }],
    [DAYS, { sweep: 'recent', days: 2.5 }],
    [DAYS, { sweep: 'recent', days: -1 }],
    [DAYS, { sweep: 'recent', days: '3' }],
    [DAYS, { sweep: 'recent', days: null }],
    [DAYS, { sweep: 'recent', days: Number.NaN }],
    [NAME, { sweep: 'Recent', days: 3 }],
    [NAME, { sweep: '', days: 3 }],
    [NAME, { sweep: '-x', days: 3 }],
    [NAME, { sweep: '1x', days: 3 }],
    [NAME, { sweep: 'two words', days: 3 }],
    [NAME, { sweep: 'a/b', days: 3 }],
    [NAME, { sweep: 'recent\n', days: 3 }],
    [NAME, { sweep: 'x'.repeat(32), days: 3 }],
  ])('is refused with %s: %j', (fault, event) => {
    expect(readSweepRequest(event)).toEqual({ ok: false, faults: [`${EXAMPLE}${fault}`] })
  })

  it('is refused with all its faults', () => {
    expect(readSweepRequest({ sweep: 'Recent', days: 0 })).toEqual({
      ok: false,
      faults: [`${EXAMPLE}${NAME}`, `${EXAMPLE}${DAYS}`],
    })
  })

  it.each([
    ['a field that nobody asks for', { sweep: 'recent', days: 3, workspace: 'x' }],
    ['no sweep', { days: 3 }],
    ['no days', { sweep: 'recent' }],
    ['a message of the queue', { Records: [] }],
    ['an event of the console', { key1: 'value1' }],
    ['nothing', undefined],
    ['text', '{"sweep":"recent","days":3}'],
  ])('is refused that has, or is, %s', (_, event) => {
    const read = readSweepRequest(event)
    expect(read).toMatchObject({ ok: false })
    expect('faults' in read && read.faults.every((fault) => fault.startsWith(EXAMPLE))).toBe(true)
  })
})

describe('several workspaces', () => {
  const at = (hour: number): Date => new Date(Date.UTC(2026, 10, 23, hour, 59))

  it('take turns in being first, from hour to hour', () => {
    const first = [0, 1, 2, 3].map((hour) => takeTurns(['a', 'b', 'c'], at(hour))[0])
    expect(new Set(first.slice(0, 3)).size).toBe(3)
    expect(first[3]).toBe(first[0])
    expect(takeTurns(['a', 'b', 'c'], new Date(3_600_000))).toEqual(['b', 'c', 'a'])
    expect(takeTurns(['a', 'b', 'c'], new Date(3_599_999))).toEqual(['a', 'b', 'c'])
    expect(takeTurns(['a', 'b', 'c'], new Date(2 * 3_600_000))).toEqual(['c', 'a', 'b'])
  })

  it('are all swept at any time', () => {
    const ids = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(ids, fc.nat(), (all, hour) => {
        expect(takeTurns(all, new Date(hour * 3_600_000)).toSorted()).toEqual(all.toSorted())
      }),
    )
  })
})
