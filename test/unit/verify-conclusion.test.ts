import { describe, expect, it } from 'vitest'
import { conclude } from '../../lib/verify/conclusion.ts'
import { openPass } from '../../lib/verify/mark.ts'
import { NOTHING, startAccount, type Tally } from '../../lib/verify/verdict.ts'

const ALL = { kind: 'all' } as const
const READ = { recordings: 3, read: 3 }
const of = (tally: Partial<Tally>) => ({ ...startAccount(), tally: { ...NOTHING, ...tally } })
const markOf = (tally: Partial<Tally>) => ({
  ...openPass(undefined, 'ours', new Date('2026-11-25T03:00:00Z')),
  tally: { ...NOTHING, ...tally },
})

describe('a run', () => {
  it.each([
    ['has read all, and it is good', READ, 'in-order'],
    ['found a mismatch', { ...READ, mismatches: 1 }, 'not-in-order'],
    ['could not read something', { ...READ, unread: 1 }, 'not-in-order'],
    ['found an orphan', { ...READ, orphans: 1 }, 'not-in-order'],
    ['found nothing', {}, 'nothing-read'],
    ['found only what is on its way', { recordings: 2, onItsWay: 2 }, 'nothing-read'],
    ['has read something, and more is on its way', { ...READ, onItsWay: 1 }, 'in-order'],
  ])('that %s', (_, tally, conclusion) => {
    for (const mark of [undefined, markOf(tally)])
      expect(conclude(ALL, { why: 'finished', account: of(tally), ...(mark && { mark }) })).toBe(conclusion)
  })

  it.each([
    ['nothing', {}, 'stopped'],
    ['some that are good', READ, 'stopped'],
    ['some that are not', { ...READ, mismatches: 1 }, 'not-in-order'],
  ])('that was stopped after %s', (_, tally, conclusion) => {
    expect(conclude(ALL, { why: 'out-of-time', account: of(tally), mark: markOf(tally) })).toBe(conclusion)
  })

  it.each([{ mismatches: 3 }, { unread: 3 }, { orphans: 3 }])(
    'is judged by what earlier runs of its pass found, too: %j',
    (earlier) => {
      const mark = markOf({ recordings: 9, read: 6, ...earlier })
      expect(conclude(ALL, { why: 'finished', account: of(READ), mark })).toBe('not-in-order')
    },
  )

  it('is judged by what no part has counted yet', () => {
    expect(conclude(ALL, { why: 'out-of-time', account: of({ orphans: 1 }), mark: markOf({}) })).toBe(
      'not-in-order',
    )
  })

  it('of recordings that were named is not through while one of them is on its way', () => {
    const account = of({ ...READ, onItsWay: 1 })
    expect(conclude({ kind: 'ids', ids: ['a'] }, { why: 'finished', account })).toBe('not-yet')
  })
})
