import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide } from '../../lib/archive/decide.ts'

const KNOWN = ['available', 'absent', 'failed', 'accepted', 'ongoing', 'paused', 'completed']

describe('what to do with a recording', () => {
  it.each([
    [true, 'available', 'already-archived'],
    [true, 'absent', 'already-archived'],
    [true, 'ongoing', 'already-archived'],
    [true, undefined, 'already-archived'],
    [false, 'available', 'archive'],
    [false, 'absent', 'nothing-to-archive'],
    [false, 'failed', 'nothing-to-archive'],
    [false, 'accepted', 'not-yet'],
    [false, 'ongoing', 'not-yet'],
    [false, 'paused', 'not-yet'],
    [false, 'completed', 'not-yet'],
    [false, 'AVAILABLE', 'not-yet'],
    [false, '', 'not-yet'],
    [false, undefined, 'not-yet'],
  ])('sidecar %s, status %j: %s', (hasSidecar, status, decision) => {
    expect(decide(hasSidecar, status)).toBe(decision)
  })

  it('is never to give up on a status that is not known today', () => {
    fc.assert(
      fc.property(
        fc.string().filter((status) => !KNOWN.includes(status)),
        (status) => {
          expect(decide(false, status)).toBe('not-yet')
          expect(decide(true, status)).toBe('already-archived')
        },
      ),
    )
  })
})
