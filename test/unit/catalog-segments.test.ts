import { describe, expect, it } from 'vitest'
import { cutPage, readCursor, writeCursor } from '../../lib/catalog/search.ts'
import { createCatalogKeys, divideDays, readSegmentKey } from '../../lib/catalog/segments.ts'
import { rowOf } from '../helpers/catalog-rows.ts'

const PREFIX = 'catalog/workspace=ours/'

describe('names', () => {
  it('are below the prefix of the archive', () => {
    const keys = createCatalogKeys('team/')
    expect([
      keys.segments('ours'),
      keys.compacts('ours'),
      keys.compact('ours', '2024-03-01', 'abc'),
      keys.manifest('ours', '2024-03-01', 'abc'),
      keys.rebuild('ours'),
    ]).toEqual([
      'team/catalog/workspace=ours/',
      'team/catalog-compact/workspace=ours/',
      'team/catalog-compact/workspace=ours/day=2024-03-01/compact-abc.parquet',
      'team/catalog-compact/workspace=ours/day=2024-03-01/_compact-abc.json',
      'team/catalog-rebuild/ours.json',
    ])
  })

  it.each([
    ['segments', 'day=2024-03-01/batch-1.ndjson', 'ndjson'],
    ['compacts', 'day=2024-03-01/compact-1.parquet', 'parquet'],
    ['compacts', 'day=2024-03-01/20240301_094500_00001_abcde_0b1c', 'parquet'],
    ['compacts', 'day=2024-03-01/_compact-1.json', 'manifest'],
  ] as const)('of %s: %s is %s', (kind, rest, format) => {
    expect(readSegmentKey(PREFIX, PREFIX + rest, kind)).toEqual({
      day: '2024-03-01',
      name: rest.slice(15),
      format,
    })
  })

  it.each([
    ['segments', 'day=2024-03-01/batch-1.json'],
    ['segments', 'day=2024-03-01/_batch-1.ndjson'],
    ['segments', 'day=2024-03-01/.ndjson'],
    ['segments', 'day=2024-03-01/deeper/batch-1.ndjson'],
    ['segments', 'day=2024-03-01/../../x.ndjson'],
    ['segments', 'day=yesterday/batch-1.ndjson'],
    ['segments', 'batch-1.ndjson'],
    ['compacts', 'day=2024-03-01/_SUCCESS'],
    ['compacts', 'day=2024-03-01/.part'],
  ] as const)('of %s: %s is none', (kind, rest) => {
    expect(readSegmentKey(PREFIX, PREFIX + rest, kind)).toBeUndefined()
    expect(readSegmentKey(PREFIX, rest, kind)).toBeUndefined()
  })
})

describe('a page', () => {
  const rows = [rowOf('one'), rowOf('two'), rowOf('three')]

  it('ends with a cursor only where more rows follow', () => {
    expect(cutPage(rows, { limit: 2 })).toEqual({
      rows: rows.slice(0, 2),
      next: { createdAt: rows[1]!.created_at, recordingId: rows[1]!.recording_id },
    })
    expect(cutPage(rows, { limit: 3 })).toEqual({ rows, next: undefined })
    expect(cutPage([], { limit: 3 })).toEqual({ rows: [], next: undefined })
  })

  it('has a cursor that can stand in an address', () => {
    const cursor = { createdAt: rows[0]!.created_at, recordingId: rows[0]!.recording_id }
    expect(writeCursor(cursor)).toMatch(/^[\w-]+$/)
    expect(readCursor(writeCursor(cursor))).toEqual(cursor)
  })

  it.each(['', 'x', Buffer.from('[]').toString('base64url'), Buffer.from('["a","b"]').toString('base64url')])(
    'is not after %j',
    (text) => {
      expect(readCursor(text)).toBeUndefined()
    },
  )
})

describe('days that divide the time', () => {
  it('are between the two, in their order, and as far from each other as can be', () => {
    expect(divideDays('2024-01-01', '2024-01-09', 4)).toEqual(['2024-01-03', '2024-01-05', '2024-01-07'])
    expect(divideDays('2024-02-28', '2024-03-01', 16)).toEqual(['2024-02-29'])
    expect(divideDays('2024-01-01', '2024-12-31', 16)).toHaveLength(15)
  })

  it.each([
    ['2024-01-01', '2024-01-01'],
    ['2024-01-01', '2024-01-02'],
    ['2024-01-02', '2024-01-01'],
  ])('are none from %s to %s', (first, last) => {
    expect(divideDays(first, last, 16)).toEqual([])
  })
})
