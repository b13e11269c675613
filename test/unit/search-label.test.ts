import { describe, expect, it } from 'vitest'
import { digestSearch, readLabels, readQuery, writeLabels } from '../../lib/catalog/search-label.ts'

const NOTHING = { reasons: [], rebuiltFrom: undefined }
const CRITERIA = { workspaceId: 'ours', numbers: ['4930123456'] }
const DIGEST = digestSearch('officer', CRITERIA, { limit: 10 })

describe('the labels of a search', () => {
  it.each([
    NOTHING,
    { reasons: ["ein Grund: „so“\n-- '; drop table x", 'a second?'], rebuiltFrom: new Date('2024-03-01') },
  ])('tell what was known at its beginning: %j', (beginning) => {
    for (const statements of [1, 2]) {
      const labels = writeLabels(DIGEST, statements, beginning)
      expect(labels).toHaveLength(statements)
      for (const label of labels) expect(label).toMatch(/^[\w -]+$/)
      expect(readLabels(labels, DIGEST)).toEqual(beginning)
    }
  })

  it('are those of one caller, of one search and of one page', () => {
    const others = [
      digestSearch('intruder', CRITERIA, { limit: 10 }),
      digestSearch('officer', { ...CRITERIA, numbers: [] }, { limit: 10 }),
      digestSearch('officer', CRITERIA, { limit: 11 }),
    ]
    for (const other of others) expect(readLabels(writeLabels(other, 2, NOTHING), DIGEST)).toBeUndefined()
    expect(digestSearch('officer', { ...CRITERIA }, { limit: 10 })).toBe(DIGEST)
  })

  it('are read all together or not at all', () => {
    const [rows, lines] = writeLabels(DIGEST, 2, NOTHING)
    for (const labels of [
      [rows],
      [lines],
      [lines, rows],
      [rows, rows],
      [rows, undefined],
      [rows, lines, lines],
      [],
    ])
      expect(readLabels(labels, DIGEST)).toBeUndefined()
    expect(readLabels([`${DIGEST} 1 of 1 bm90aGluZw`], DIGEST)).toBeUndefined()
    expect(readLabels([`${DIGEST} 1 of 1 W10`], DIGEST)).toBeUndefined()
    expect(readLabels([`${DIGEST} 1 of 1`], DIGEST)).toBeUndefined()
  })

  it('fit into a statement, however much there is to say, and say that there was more', () => {
    const reasons = Array.from({ length: 5_000 }, (_, index) => `reason ${index}`)
    const labels = writeLabels(DIGEST, 1, { ...NOTHING, reasons })
    expect(labels.join().length).toBeLessThan(100_000)
    const { reasons: read = [] } = readLabels(labels, DIGEST) ?? {}
    expect(read[0]).toBe('reason 0')
    expect(read.at(-1)).toBe(`and ${reasons.length - read.length + 1} more: search fewer days at once`)
  })
})

it('a query is one or two ids, and nothing else', () => {
  const [one, other] = ['8bc02f53-87ac-48d2-b4fd-c2cf856a305f', '0bc02f53-87ac-48d2-b4fd-c2cf856a305f']
  expect(readQuery(one)).toEqual([one])
  expect(readQuery(`${one}.${other}`)).toEqual([one, other])
  for (const text of ['', 'x', `${one}.`, `${one}.${other}.${one}`, `${one} ${other}`])
    expect(readQuery(text)).toBeUndefined()
})
