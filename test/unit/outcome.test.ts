import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { disposeOf, type Outcome } from '../../lib/archive/outcome.ts'

const NOW = new Date('2026-11-23T12:00:00.000Z')
const HOUR_MS = 3_600_000
const FRESH = { firstSeenAt: NOW, deferrals: 0 }
const ACKNOWLEDGED: Outcome[] = [
  {
    kind: 'archived',
    bytes: 1,
    sha256: '00',
    adopted: false,
    createdAt: NOW,
    endedAt: undefined,
    findings: [],
  },
  { kind: 'already-archived' },
  { kind: 'nothing-to-archive', status: 'absent' },
  { kind: 'nothing-to-archive', status: 'failed' },
]

const dispose = (outcome: Outcome, request = FRESH) => disposeOf(outcome, request, NOW, 24)
const notYet: Outcome = { kind: 'not-yet', status: 'ongoing' }

describe('what becomes of a message', () => {
  it.each(ACKNOWLEDGED)('$kind: acknowledged', (outcome) => {
    expect(dispose(outcome)).toEqual({ action: 'acknowledge' })
  })

  it.each([
    [0, 60],
    [1, 120],
    [2, 240],
    [3, 480],
    [4, 900],
    [5, 900],
    [10_000, 900],
  ])('not yet after %i deferrals: sent again after %i s', (deferrals, delaySeconds) => {
    expect(dispose(notYet, { firstSeenAt: NOW, deferrals })).toEqual({
      action: 'defer',
      delaySeconds,
      deferrals: deferrals + 1,
    })
  })

  it.each([
    [24 * HOUR_MS - 1, 'defer'],
    [24 * HOUR_MS, 'dead-letter'],
    [240 * HOUR_MS, 'dead-letter'],
  ])('not yet %i ms after it was first seen: %s', (waitedMs, action) => {
    const firstSeenAt = new Date(NOW.getTime() - waitedMs)
    expect(dispose(notYet, { firstSeenAt, deferrals: 3 })).toMatchObject({ action })
  })

  it('says in the dead letter what was waited for, how long and since when', () => {
    const firstSeenAt = new Date('2026-11-20T00:00:00.000Z')
    expect(dispose(notYet, { firstSeenAt, deferrals: 3 })).toEqual({
      action: 'dead-letter',
      reason: 'never-available',
      detail: 'still ongoing 24 h after 2026-11-20T00:00:00.000Z',
    })
  })

  it.each([
    [undefined, 60],
    [0, 1],
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [61_500, 62],
    [900_000, 900],
    [900_001, 900],
    [Number.POSITIVE_INFINITY, 900],
  ])('throttled for %s ms: sent again after %i s', (retryAfterMs, delaySeconds) => {
    expect(dispose({ kind: 'throttled', retryAfterMs }, { firstSeenAt: new Date(0), deferrals: 7 })).toEqual({
      action: 'defer',
      delaySeconds,
      deferrals: 7,
    })
  })

  it.each(['unreadable-message', 'unprocessable', 'conflict', 'never-available'] as const)(
    'refused as %s: dead-lettered at once, with the reason',
    (reason) => {
      expect(dispose({ kind: 'refused', reason, detail: 'why' })).toEqual({
        action: 'dead-letter',
        reason,
        detail: 'why',
      })
    },
  )

  it.each(['not-found', 'storage', 'misconfigured', 'out-of-time', 'unexpected'] as const)(
    'failed as %s: reported failed, however old',
    (reason) => {
      const old = { firstSeenAt: new Date(0), deferrals: 99 }
      expect(dispose({ kind: 'failed', reason, detail: 'why' }, old)).toEqual({ action: 'fail' })
    },
  )

  it('is put off by no more than SQS allows, and not for ever', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(2_000_000_000),
        fc.integer({ min: 1, max: 336 }),
        (deferrals, waitedMs, hours) => {
          const firstSeenAt = new Date(NOW.getTime() - waitedMs)
          const disposition = disposeOf(notYet, { firstSeenAt, deferrals }, NOW, hours)
          expect(disposition.action).toBe(waitedMs >= hours * HOUR_MS ? 'dead-letter' : 'defer')
          if (disposition.action !== 'defer') return
          expect(disposition.delaySeconds).toBeGreaterThanOrEqual(60)
          expect(disposition.delaySeconds).toBeLessThanOrEqual(900)
          expect(Number.isInteger(disposition.delaySeconds)).toBe(true)
        },
      ),
    )
  })
})
