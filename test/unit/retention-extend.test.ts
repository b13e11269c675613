import { describe, expect, it } from 'vitest'
import type { Lock } from '../../lib/archive/retention.ts'
import { planExtension, readUntil } from '../../lib/retrieve/retention.ts'

const day = (text: string): Date => new Date(`${text}T00:00:00Z`)
const lock = (mode: Lock['mode'], until: string): Lock => ({ mode, until: day(until) })
const UNTIL = '2034-03-01'

describe('extending a lock', () => {
  it.each<[Lock | undefined, 'off' | Lock['mode'], unknown]>([
    [lock('GOVERNANCE', '2034-03-02'), 'off', { kind: 'keep', lock: lock('GOVERNANCE', '2034-03-02') }],
    [lock('GOVERNANCE', UNTIL), 'COMPLIANCE', { kind: 'keep', lock: lock('GOVERNANCE', UNTIL) }],
    [
      lock('COMPLIANCE', '2090-01-01'),
      'GOVERNANCE',
      { kind: 'keep', lock: lock('COMPLIANCE', '2090-01-01') },
    ],
    [lock('GOVERNANCE', '2034-02-28'), 'off', { kind: 'extend', lock: lock('GOVERNANCE', UNTIL) }],
    [lock('GOVERNANCE', '2034-02-28'), 'COMPLIANCE', { kind: 'extend', lock: lock('GOVERNANCE', UNTIL) }],
    [lock('COMPLIANCE', '2020-01-01'), 'GOVERNANCE', { kind: 'extend', lock: lock('COMPLIANCE', UNTIL) }],
    [undefined, 'GOVERNANCE', { kind: 'extend', lock: lock('GOVERNANCE', UNTIL) }],
    [undefined, 'COMPLIANCE', { kind: 'extend', lock: lock('COMPLIANCE', UNTIL) }],
    [undefined, 'off', { kind: 'no-mode' }],
  ])('of %j under a policy of %s', (found, mode, plan) => {
    expect(planExtension(found, day(UNTIL), mode)).toEqual(plan)
  })
})

describe('--until', () => {
  const now = new Date('2026-11-25T12:00:00Z')
  it.each([
    ['2034-03-01', '2034-03-01T00:00:00.000Z'],
    ['2034-03-01T09:00:00+01:00', '2034-03-01T08:00:00.000Z'],
    ['2034-03-01T09:00:00.001Z', '2034-03-01T09:00:01.000Z'],
    ['2026-11-25T12:00:01Z', '2026-11-25T12:00:01.000Z'],
    [' 2034-03-01\n', '2034-03-01T00:00:00.000Z'],
    ['2126-11-24', '2126-11-24T00:00:00.000Z'],
  ])('%s is read', (text, until) => {
    expect(readUntil(text, now)).toEqual({ ok: true, until: new Date(until) })
  })

  it.each([
    ['2026-11-25', 'is not in the future'],
    ['2026-11-25T12:00:00Z', 'is not in the future'],
    ['2127-01-01', 'more than 100 years away'],
    ['20340-03-01', 'is neither a day'],
    ['2034-02-30', 'is neither a day'],
    ['2034-13-01', 'is neither a day'],
    ['2034-03-01T09:00', 'is neither a day'],
    ['01.03.2034', 'is neither a day'],
    ['', 'is neither a day'],
  ])('%j is refused', (text, fault) => {
    expect(readUntil(text, now)).toEqual({ ok: false, fault: expect.stringContaining(fault) })
  })
})
