import { describe, expect, it } from 'vitest'
import { halvesOf, spansOf } from '../../lib/catalog/compaction.ts'

describe('spans of days', () => {
  it('are all days, each once, in their order', () => {
    expect(spansOf({ first: '2024-02-27', last: '2024-03-03' }, 3)).toEqual([
      { first: '2024-02-27', last: '2024-02-29' },
      { first: '2024-03-01', last: '2024-03-03' },
    ])
    expect(spansOf({ first: '2024-02-27', last: '2024-03-04' }, 3).at(-1)).toEqual({
      first: '2024-03-04',
      last: '2024-03-04',
    })
    expect(spansOf({ first: '2024-03-01', last: '2024-03-01' }, 50)).toHaveLength(1)
  })

  it('are none where the last day is before the first', () => {
    expect(spansOf({ first: '2024-03-02', last: '2024-03-01' }, 50)).toEqual([])
  })
})

describe('half a span of days', () => {
  it.each([
    ['2024-02-28', '2024-02-29', ['2024-02-28'], ['2024-02-29']],
    ['2024-02-28', '2024-03-01', ['2024-02-28', '2024-02-29'], ['2024-03-01']],
  ])('from %s to %s has each day once', (first, last, ...halves) => {
    expect(halvesOf({ first, last })).toEqual(
      halves.map((days) => ({ first: days.at(0), last: days.at(-1) })),
    )
  })
})
