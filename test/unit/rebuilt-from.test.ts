import { describe, expect, it } from 'vitest'
import { isRewritten, type Rebuild, rebuiltFrom } from '../../lib/catalog/rebuild.ts'

const BEGAN = '2024-03-01T09:00:00.500Z'
const WHOLE: Rebuild = {
  workspaceId: 'ours',
  startedAt: BEGAN,
  after: '',
  recordings: 7,
  segments: 1,
  unreadable: [],
  unreadableCount: 0,
  finishedAt: '2024-03-01T10:00:00.000Z',
}

describe('a rebuild has written all rows again', () => {
  it('since it began, where it came to its end and could read every sidecar', () => {
    expect(rebuiltFrom(WHOLE)).toEqual(new Date(BEGAN))
  })

  it.each([{ finishedAt: null }, { unreadableCount: 1 }, { startedAt: 'once' }])(
    'but not with %j',
    (more) => {
      expect(rebuiltFrom({ ...WHOLE, ...more })).toBeUndefined()
    },
  )

  it.each([
    ['2024-03-01T08:59:59.000Z', true],
    ['2024-03-01T09:00:00.499Z', true],
    // In whole seconds: it may have been at the end of this one.
    ['2024-03-01T09:00:00.000Z', false],
    ['2024-03-01T09:00:00.500Z', false],
    ['2024-03-01T09:00:01.000Z', false],
  ])('of what was written at %s: %s', (writtenAt, expected) => {
    expect(isRewritten({ writtenAt: new Date(writtenAt) }, new Date(BEGAN))).toBe(expected)
  })

  it('of nothing whose time is not known, and of nothing without a rebuild', () => {
    expect(isRewritten({ writtenAt: undefined }, new Date(BEGAN))).toBe(false)
    expect(isRewritten({ writtenAt: new Date(0) }, undefined)).toBe(false)
  })
})
