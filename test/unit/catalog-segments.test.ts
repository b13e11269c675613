import { describe, expect, it } from 'vitest'
import { cutPage, readCursor, writeCursor } from '../../lib/catalog/search.ts'
import { type Manifest, readManifest, writeManifest } from '../../lib/catalog/manifest.ts'
import {
  createCatalogKeys,
  divideDays,
  dropCovered,
  isCompact,
  type ListedSegment,
  readSegmentKey,
} from '../../lib/catalog/segments.ts'
import { rowOf } from '../helpers/catalog-rows.ts'

const PREFIX = 'catalog/workspace=ours/'

function file(name: string): ListedSegment {
  const format = name.endsWith('.ndjson') ? 'ndjson' : 'parquet'
  return { key: name, day: '2024-03-01', name, format, bytes: 1, etag: 'e' }
}

function manifest(parquet: string, ...members: string[]): Manifest {
  return { files: [{ name: parquet, sha256: 'ab'.repeat(32) }], rows: 1, members }
}

function together(names: string[], ...members: string[]): Manifest {
  return { files: names.map((name) => ({ name, sha256: 'cd'.repeat(32) })), rows: 1, members }
}

function left(names: string[], ...manifests: Manifest[]): string[] {
  return dropCovered({ files: names.map(file), manifests }).map(({ name }) => name)
}

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

describe('what a compact takes the place of', () => {
  it('is what it was made of, and nothing that came later', () => {
    expect(left(['1.ndjson', '2.ndjson', '3.ndjson', 'a'], manifest('a', '1.ndjson', '2.ndjson'))).toEqual([
      '3.ndjson',
      'a',
    ])
  })

  it('is nothing where the compact itself is not there', () => {
    expect(left(['1.ndjson', '2.ndjson'], manifest('a', '1.ndjson', '2.ndjson'))).toEqual([
      '1.ndjson',
      '2.ndjson',
    ])
  })

  it('is nothing where the compact is empty, which Athena passes over in silence', () => {
    const files = ['1.ndjson', 'a'].map((name) => ({ ...file(name), bytes: name === 'a' ? 0 : 1 }))
    expect(dropCovered({ files, manifests: [manifest('a', '1.ndjson')] })).toEqual(files)
  })

  it('is all of it only where all of its files are there', () => {
    const both = together(['a', 'b'], '1.ndjson', '2.ndjson')
    expect(left(['1.ndjson', '2.ndjson', 'a', 'b'], both)).toEqual(['a', 'b'])
    expect(left(['1.ndjson', '2.ndjson', 'a'], both)).toEqual(['1.ndjson', '2.ndjson', 'a'])
    const later = manifest('c', '1.ndjson', '2.ndjson', 'a', 'b')
    expect(left(['1.ndjson', '2.ndjson', 'a', 'b', 'c'], both, later)).toEqual(['c'])
  })

  it('is an earlier compact that it contains', () => {
    const earlier = manifest('a', '1.ndjson')
    expect(
      left(['1.ndjson', '2.ndjson', 'a', 'b'], earlier, manifest('b', '1.ndjson', '2.ndjson', 'a')),
    ).toEqual(['b'])
  })

  it('is no compact that has more than it, nor one that names it in turn', () => {
    expect(left(['a', 'b'], manifest('a', '1.ndjson'), manifest('b', 'a'))).toEqual(['a', 'b'])
    expect(left(['a', 'b'], manifest('a', 'b'), manifest('b', 'a'))).toEqual(['a', 'b'])
  })

  it('is what any of its manifests names, where it has several, whatever their order', () => {
    const [first, second] = [manifest('a', '1.ndjson'), manifest('a', '1.ndjson', '2.ndjson')]
    const names = ['1.ndjson', '2.ndjson', '3.ndjson', 'a', 'b']
    for (const both of [
      [first, second],
      [second, first],
    ]) {
      expect(left(names, ...both)).toEqual(['3.ndjson', 'a', 'b'])
      expect(left(names, ...both, manifest('b', '1.ndjson', 'a'))).toEqual(['3.ndjson', 'a', 'b'])
      expect(left(names, ...both, manifest('b', '1.ndjson', '2.ndjson', 'a'))).toEqual(['3.ndjson', 'b'])
    }
  })

  it('is never two of each other: both are read where two were made at once', () => {
    expect(left(['1.ndjson', 'a', 'b'], manifest('a', '1.ndjson'), manifest('b', '1.ndjson'))).toEqual([
      'a',
      'b',
    ])
  })
})

describe('a day', () => {
  const day = (names: string[], ...manifests: Manifest[]): boolean =>
    isCompact({ files: names.map(file), manifests })

  it('is compact where one file is read of it, or those of one compact', () => {
    expect(day([])).toBe(true)
    expect(day(['1.ndjson'])).toBe(true)
    expect(day(['1.ndjson', '2.ndjson', 'a'], manifest('a', '1.ndjson', '2.ndjson'))).toBe(true)
    expect(day(['1.ndjson', '2.ndjson', 'a', 'b'], together(['a', 'b'], '1.ndjson', '2.ndjson'))).toBe(true)
  })

  it('is not where more is read', () => {
    expect(day(['1.ndjson', '2.ndjson'])).toBe(false)
    expect(day(['1.ndjson', '2.ndjson', 'a'], manifest('a', '1.ndjson'))).toBe(false)
    expect(day(['1.ndjson', 'a', 'b', '2.ndjson'], together(['a', 'b'], '1.ndjson'))).toBe(false)
    expect(day(['a', 'b'], manifest('a', '1.ndjson'), manifest('b', '2.ndjson'))).toBe(false)
  })
})

describe('a manifest', () => {
  it('reads as it was written', () => {
    const written = manifest('compact-a.parquet', '1.ndjson')
    expect(readManifest(writeManifest(written).text)).toEqual(written)
    const several = together(['20260301_a', '20260301_b'], '1.ndjson')
    expect(readManifest(writeManifest(several).text)).toEqual(several)
  })

  it('is read in its first form, too', () => {
    const first = {
      schema: 'urn:bird-recording-archiver:catalog-compact:1',
      parquet: 'compact-a.parquet',
      sha256: 'ab'.repeat(32),
      rows: 1,
      members: ['1.ndjson'],
    }
    expect(readManifest(JSON.stringify(first))).toEqual(manifest('compact-a.parquet', '1.ndjson'))
  })

  it.each([
    '',
    '{}',
    '[]',
    writeManifest(manifest('a', 'a')).text,
    writeManifest(manifest('../a', '1.ndjson')).text,
  ])('is not %j', (text) => {
    expect(readManifest(text)).toBeUndefined()
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
