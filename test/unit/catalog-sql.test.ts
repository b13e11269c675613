import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_PAGE_ROWS } from '../../lib/catalog/search.ts'
import { COLUMNS, daysOf, toStatement } from '../../lib/catalog/sql.ts'

const range = { from: new Date('2024-03-01T09:00:00Z'), to: new Date('2024-03-03T00:00:00Z') }

describe('the SQL of a search', () => {
  it('reads the days of the range alone, and only those before where the last page ended', () => {
    const first = toStatement({ workspaceId: 'ours', range }, { limit: 10 })
    const partitions = ['ours', '2024-03-01', '2024-03-02']
    const moments = ['2024-03-01T09:00:00.000Z', '2024-03-03T00:00:00.000Z']
    // Of the segments, and of the compacts.
    expect(first.parameters).toEqual([...partitions, ...moments, ...partitions, ...moments])
    const after = { createdAt: '2024-03-01T12:00:00.000Z', recordingId: 'id' }
    const next = toStatement({ workspaceId: 'ours', range }, { limit: 10, after })
    const place = ['2024-03-01T12:00:00.000Z', '2024-03-01T12:00:00.000Z', 'id']
    const ofEach = ['ours', '2024-03-01', '2024-03-01', ...moments, ...place]
    expect(next.parameters).toEqual([...ofEach, ...ofEach])
    expect(first.text.match(/limit \d+/g)).toEqual(['limit 11', 'limit 11'])
  })

  it('has a question mark for each value, in a WHERE clause, and no value in its text', () => {
    const value = fc.stringMatching(/^["'%;\\ -]{0,4}zz[a-z'";%]{1,6}$/)
    const criteria = fc.record(
      {
        workspaceId: value,
        sourceId: value,
        channelId: value,
        direction: value,
        findings: value,
        recordingIds: fc.array(value, { maxLength: 3 }),
        numbers: fc.array(value, { maxLength: 3 }),
        minDurationMs: fc.nat(),
        maxDurationMs: fc.nat(),
      },
      { requiredKeys: ['workspaceId'] },
    )
    const page = fc.record(
      {
        limit: fc.integer({ min: 1, max: MAX_PAGE_ROWS }),
        after: fc.record({ createdAt: value, recordingId: value }),
      },
      { requiredKeys: ['limit'] },
    )
    fc.assert(
      fc.property(criteria, page, (some, at) => {
        const { text, parameters } = toStatement(some, at)
        expect(text.split('?')).toHaveLength(parameters.length + 1)
        expect(text).not.toMatch(/zz|["';%\\]/)
        for (const [before] of text.matchAll(/^.*?\?/gms)) expect(before).toMatch(/where|and |\(/)
      }),
    )
  })

  it('has one text for one kind of search, whatever is looked for', () => {
    const textOf = (sourceId: string): string =>
      toStatement({ workspaceId: 'ours', sourceId }, { limit: 10 }).text
    expect(textOf('one')).toBe(textOf("' or 1=1"))
  })

  it.each([0, -1, 1.5, Number.NaN, MAX_PAGE_ROWS + 1, '1; drop table catalog' as unknown as number])(
    'has no page of %s rows',
    (limit) => {
      expect(() => toStatement({ workspaceId: 'ours' }, { limit })).toThrow(RangeError)
    },
  )

  it('names the columns that docs/catalog.md tells of, and no others', () => {
    const table = readFileSync('docs/catalog.md', 'utf8')
    const told = [...table.matchAll(/^\| (`.*?) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name),
    )
    expect(new Set<string | undefined>(COLUMNS)).toEqual(new Set(told))
    expect(told).toHaveLength(COLUMNS.length)
  })
})

describe('the days of a range', () => {
  it.each([
    ['2024-03-01T00:00:00Z', '2024-03-02T00:00:00Z', '2024-03-01', '2024-03-01'],
    ['2024-03-01T00:00:00Z', '2024-03-02T00:00:00.001Z', '2024-03-01', '2024-03-02'],
    ['2024-03-01T23:59:59.999Z', '2024-03-02T00:00:00Z', '2024-03-01', '2024-03-01'],
  ])('from %s to %s are %s to %s', (from, to, first, last) => {
    expect(daysOf({ range: { from: new Date(from), to: new Date(to) } })).toEqual({ first, last })
  })

  it('are all where there is none', () => {
    expect(daysOf({})).toEqual({ first: '0000-01-01', last: '9999-12-31' })
  })
})
