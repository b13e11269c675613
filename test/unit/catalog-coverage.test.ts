import { describe, expect, it } from 'vitest'
import { dropCovered, findReplaced, isCompact, isMadeUpFor, membersOf } from '../../lib/catalog/coverage.ts'
import { type CompactFile, type Manifest, readManifest, writeManifest } from '../../lib/catalog/manifest.ts'
import type { ListedSegment } from '../../lib/catalog/segments.ts'

function file(name: string): ListedSegment {
  const format = name.endsWith('.ndjson') ? 'ndjson' : 'parquet'
  return { key: name, day: '2024-03-01', name, format, bytes: 1, etag: 'e', writtenAt: undefined }
}

type Written = Manifest & { readonly files: readonly CompactFile[] }

function manifest(parquet: string, ...members: string[]): Written {
  return together([parquet], ...members)
}

function together(names: string[], ...members: string[]): Written {
  const files = names.map((name) => ({ name, sha256: 'ab'.repeat(32), bytes: 1, etag: 'e' }))
  return { files, rows: 1, members }
}

/** As a manifest was before it told sizes and ETags. */
function nameless({ files, ...rest }: Manifest): Manifest {
  return { ...rest, files: files.map(({ name, sha256 }) => ({ name, sha256 })) }
}

function left(names: string[], ...manifests: Manifest[]): string[] {
  return dropCovered({ files: names.map(file), manifests }).map(({ name }) => name)
}

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
    expect(dropCovered({ files, manifests: [nameless(manifest('a', '1.ndjson'))] })).toEqual(files)
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

describe('what lies in the place of a compact', () => {
  const other = (name: string): ListedSegment => ({ ...file(name), etag: 'another' })
  const segments = ['1.ndjson', '2.ndjson'].map(file)
  const names = (files: readonly ListedSegment[]): string[] => files.map(({ name }) => name)

  it.each([
    ['of another ETag', other('a')],
    ['of another size', { ...file('a'), bytes: 2 }],
    ['of nothing', { ...file('a'), bytes: 0 }],
  ])('is not read if it is %s, but what the compact was made of', (_, stray) => {
    const day = { files: [...segments, stray], manifests: [manifest('a', '1.ndjson', '2.ndjson')] }
    expect(findReplaced(day)).toEqual([stray])
    expect(dropCovered(day)).toEqual(segments)
    expect(isMadeUpFor('a', day)).toBe(true)
    expect(isMadeUpFor('a', { ...day, files: [segments[0]!, stray] })).toBe(false)
  })

  it('is the compact where one of its manifests says so, or none says more than its name', () => {
    const [first] = manifest('a', '1.ndjson').files
    const renewed = { ...manifest('a', '1.ndjson'), files: [{ ...first!, etag: 'another' }] }
    const day = { files: [...segments, other('a')], manifests: [manifest('a', '1.ndjson'), renewed] }
    expect(findReplaced(day)).toEqual([])
    expect(names(dropCovered(day))).toEqual(['2.ndjson', 'a'])
    const named = { ...day, manifests: [nameless(manifest('a', '1.ndjson'))] }
    expect(names(dropCovered(named))).toEqual(['2.ndjson', 'a'])
  })

  it('makes nothing of the other files of its compact that is not in them', () => {
    const day = { files: [...segments, file('a'), other('b')], manifests: [together(['a', 'b'], '1.ndjson')] }
    expect(names(dropCovered(day))).toEqual(['1.ndjson', '2.ndjson', 'a'])
    expect(membersOf(['2.ndjson', 'a'], day)).toEqual(['2.ndjson', 'a'])
    expect(membersOf(['2.ndjson', 'a'], { ...day, files: [...segments, file('a'), file('b')] })).toEqual([
      '2.ndjson',
      'a',
    ])
  })

  it('is made up for through compacts that are not there either, and not by each other', () => {
    const [first, second] = [manifest('a', '1.ndjson'), manifest('b', 'a', '2.ndjson')]
    const strays = [other('a'), other('b')]
    expect(isMadeUpFor('b', { files: [...segments, ...strays], manifests: [second, first] })).toBe(true)
    expect(isMadeUpFor('b', { files: [segments[1]!, ...strays], manifests: [second, first] })).toBe(false)
    const circle = [manifest('a', 'b'), manifest('b', 'a')]
    expect(isMadeUpFor('b', { files: strays, manifests: circle })).toBe(false)
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
    expect(readManifest(JSON.stringify(first))).toEqual(nameless(manifest('compact-a.parquet', '1.ndjson')))
  })

  it('is read in its second form, too', () => {
    const { files, rows, members } = nameless(together(['a', 'b'], '1.ndjson'))
    const second = { schema: 'urn:bird-recording-archiver:catalog-compact:2', files, rows, members }
    expect(readManifest(JSON.stringify(second))).toEqual({ files, rows, members })
  })

  it('has another id where it says anything else', () => {
    const ids = [manifest('a', '1.ndjson'), manifest('a', '2.ndjson'), manifest('b', '1.ndjson')].map(
      (each) => writeManifest(each).id,
    )
    expect(new Set(ids).size).toBe(3)
    expect(writeManifest(manifest('a', '1.ndjson')).id).toBe(ids[0])
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
