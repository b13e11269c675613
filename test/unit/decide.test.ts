import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide } from '../../lib/archive/decide.ts'

const KNOWN = ['available', 'absent', 'failed', 'accepted', 'ongoing', 'paused', 'completed']

describe('what to do with a recording that has no sidecar', () => {
  it.each([
    ['available', 'archive'],
    ['absent', 'nothing-to-archive'],
    ['failed', 'nothing-to-archive'],
    ['accepted', 'not-yet'],
    ['ongoing', 'not-yet'],
    ['paused', 'not-yet'],
    ['completed', 'not-yet'],
    ['AVAILABLE', 'not-yet'],
    ['', 'not-yet'],
  ])('status %j: %s', (status, decision) => {
    expect(decide(status)).toBe(decision)
  })

  it('is never to give up on a status that is not known today', () => {
    const unknown = fc.string().filter((status) => !KNOWN.includes(status))
    fc.assert(fc.property(unknown, (status) => decide(status) === 'not-yet'))
  })
})
