import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isAsStrong, type Lock, lockFor } from '../../lib/archive/retention.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const CREATED = new Date('2026-11-23T15:55:08.000Z')
const after = (ms: number): Date => new Date(CREATED.getTime() + ms)

describe('the lock that a recording must carry', () => {
  it('is none with the policy off', () => {
    expect(lockFor({ mode: 'off' }, CREATED, CREATED)).toBeUndefined()
  })

  it.each(['GOVERNANCE', 'COMPLIANCE'] as const)('counts from the call, not from the upload: %s', (mode) => {
    const until = new Date('2027-11-23T15:55:08.000Z')
    expect(lockFor({ mode, days: 365 }, CREATED, after(100 * DAY_MS))).toEqual({ mode, until })
  })

  it('is rounded up to the second that S3 keeps', () => {
    const lock = lockFor({ mode: 'COMPLIANCE', days: 1 }, after(1), CREATED)
    expect(lock?.until).toEqual(after(DAY_MS + 1_000))
  })

  it.each([
    ['an hour and a second is left', DAY_MS - HOUR_MS - 1_000, true],
    ['a millisecond more than an hour is left', DAY_MS - HOUR_MS - 1, true],
    ['an hour is left', DAY_MS - HOUR_MS, false],
    ['it has passed', DAY_MS + 1, false],
  ])('is set as long as the upload cannot outlast it: %s', (_, elapsedMs, isLocked) => {
    const lock = lockFor({ mode: 'GOVERNANCE', days: 1 }, CREATED, after(elapsedMs))
    expect(lock !== undefined).toBe(isLocked)
  })
})

describe('a lock that is found', () => {
  const lock = (mode: Lock['mode'], days: number): Lock => ({ mode, until: after(days * DAY_MS) })
  it.each([
    ['no lock', undefined, 'no lock', undefined, true],
    ['any lock', lock('GOVERNANCE', 1), 'no lock', undefined, true],
    ['no lock', undefined, 'any lock', lock('GOVERNANCE', 1), false],
    ['the same', lock('GOVERNANCE', 1), 'governance', lock('GOVERNANCE', 1), true],
    ['the same', lock('COMPLIANCE', 1), 'compliance', lock('COMPLIANCE', 1), true],
    ['longer', lock('GOVERNANCE', 2), 'governance', lock('GOVERNANCE', 1), true],
    ['shorter', lock('COMPLIANCE', 1), 'governance', lock('GOVERNANCE', 2), false],
    ['stronger', lock('COMPLIANCE', 1), 'governance', lock('GOVERNANCE', 1), true],
    ['weaker', lock('GOVERNANCE', 9), 'compliance', lock('COMPLIANCE', 1), false],
  ])('%s (%j) against %s (%j): %s', (_found, found, _wanted, wanted, isEnough) => {
    expect(isAsStrong(found, wanted)).toBe(isEnough)
  })

  it('is enough for itself, and of two different ones at most one replaces the other', () => {
    const locks = fc.record({
      mode: fc.constantFrom('GOVERNANCE' as const, 'COMPLIANCE' as const),
      until: fc.date({ noInvalidDate: true }),
    })
    fc.assert(
      fc.property(locks, locks, (one, other) => {
        expect(isAsStrong(one, one)).toBe(true)
        const isSame = one.mode === other.mode && one.until.getTime() === other.until.getTime()
        expect(isAsStrong(one, other) && isAsStrong(other, one)).toBe(isSame)
      }),
    )
  })
})
