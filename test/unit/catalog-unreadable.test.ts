import { describe, expect, it } from 'vitest'
import { countUnreadable } from '../../lib/catalog/entry.ts'
import { rowOf, segmentOf } from '../helpers/catalog-rows.ts'

describe('lines that are no rows', () => {
  const good = segmentOf([rowOf('one'), rowOf('two', { channels: null, findings: ['cut-frame'] })])
  const count = (ndjson: string): number => countUnreadable(Buffer.from(ndjson))

  it('are counted', () => {
    expect(count(good)).toBe(0)
    expect(count('')).toBe(0)
    expect(count(`${good}\n\n`)).toBe(0)
    expect(count(`${good}{"recording_id":"cut`)).toBe(1)
    expect(count(`null\n[]\n42\n"text"\n{}\n${good}`)).toBe(5)
  })

  it.each([
    ['a number', { duration_ms: '60000' }],
    ['a list', { findings: 'cut-frame' }],
    ['a text', { created_at: null }],
    ['a text or nothing', { from_number: 4930123456 }],
  ])('are those in which %s is something else', (_, wrong) => {
    expect(count(JSON.stringify({ ...rowOf('one'), ...wrong }))).toBe(1)
  })

  it('are those that lack a column', () => {
    for (const name of Object.keys(rowOf('one')))
      expect(count(JSON.stringify({ ...rowOf('one'), [name]: undefined })), name).toBe(1)
  })

  it.each([
    ['the first half', '\\ud83d'],
    ['the second half', '\\uDE00'],
    ['both halves the wrong way round', '\\ude00\\ud83d'],
    ['both halves apart', '\\ud83d \\ude00'],
    ['a half behind a backslash', '\\\\\\ud83d'],
  ])('are those that DuckDB passes over: with %s of a surrogate pair', (_, escaped) => {
    expect(count(`${good}${good.replaceAll('incoming', escaped)}`)).toBe(2)
  })

  it('are not those with a whole pair, nor with what only looks like half of one', () => {
    for (const escaped of ['\\ud83d\\ude00', '\\uD83D\\uDE00\\ud83d\\ude00', '\\\\ud83d', '\\ud7ff', '😀'])
      expect(count(good.replaceAll('incoming', escaped)), escaped).toBe(0)
  })

  it('are those that DuckDB passes over: with bytes that are no UTF-8', () => {
    const bytes = Buffer.from(good.replace('incoming', '\xff'), 'latin1')
    expect(countUnreadable(Buffer.concat([bytes, Buffer.from(good.replace('incoming', 'é'))]))).toBe(1)
    expect(countUnreadable(Buffer.from(good.replaceAll('incoming', 'é')))).toBe(0)
  })
})
