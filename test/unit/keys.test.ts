import { describe, expect, it } from 'vitest'
import { createKeys, utcDay } from '../../lib/archive/keys.ts'

describe('names in the bucket', () => {
  it.each(['', 'team/calls/'])('are those of the contract, under the prefix %j', (prefix) => {
    const keys = createKeys(prefix)
    expect(keys.audio('ws', 'id')).toBe(`${prefix}recordings/ws/id.mp3`)
    expect(keys.sidecar('ws', 'id')).toBe(`${prefix}recordings/ws/id.json`)
    expect(keys.catalog('ws', '2026-11-23', 'batch')).toBe(
      `${prefix}catalog/workspace=ws/day=2026-11-23/batch.ndjson`,
    )
  })

  it.each([
    ['2026-11-23T23:59:59.999Z', '2026-11-23'],
    ['2026-11-24T00:00:00.000Z', '2026-11-24'],
    ['2026-11-24T01:30:00+02:00', '2026-11-23'],
    ['2026-11-23T23:30:00-05:00', '2026-11-24'],
    ['2028-02-29T12:00:00Z', '2028-02-29'],
  ])('have the UTC day of %s: %s', (moment, day) => {
    expect(utcDay(new Date(moment))).toBe(day)
  })
})
