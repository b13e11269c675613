import { describe, expect, it } from 'vitest'
import { createRetrieveKeys } from '../../lib/retrieve/keys.ts'

const ID = '1f7f0b5e-3b0f-4f0e-9a59-0f3a1d3c9d11'

describe('names under access/', () => {
  it('are of the UTC day, and hold time and id', () => {
    const keys = createRetrieveKeys('calls/')
    expect(keys.access(new Date('2026-03-01T23:59:59.007Z'), ID)).toBe(
      `calls/access/day=2026-03-01/235959.007Z-${ID}.ndjson`,
    )
    expect(keys.accessDay('2026-03-01')).toBe('calls/access/day=2026-03-01/')
    expect(keys.allAccess()).toBe('calls/access/')
  })

  it('sort in order of time', () => {
    const keys = createRetrieveKeys('')
    const moments = [
      '2026-03-01T00:00:00.000Z',
      '2026-03-01T09:59:59.999Z',
      '2026-03-01T10:00:00.000Z',
      '2026-03-02T00:00:00.001Z',
    ]
    const names = moments.map((moment) => keys.access(new Date(moment), ID))
    expect(names.toSorted()).toEqual(names)
  })
})
