import { describe, expect, it } from 'vitest'
import { CSV_HEAD, layTable, toCsv } from '../../lib/cli/find-table.ts'
import { rowOf } from '../helpers/catalog-rows.ts'

const row = rowOf('one', {
  created_at: '2024-03-01T09:00:00.123Z',
  duration_ms: 3_599_500,
  from_number: null,
  findings: ['junk-between-frames', 'duration-differs', 'format-differs'],
})

describe('the table of what was found', () => {
  it.each([undefined, 200, 120, 116, 115, 100, 80, 60, 40])('fits a terminal of %s characters', (width) => {
    const { head, lines } = layTable(width)
    const all = [...head, ...lines(row)]
    expect(Math.max(...all.map((line) => line.length))).toBeLessThanOrEqual(width ?? Infinity)
    expect(all.join('\n')).toContain(row.recording_id)
  })

  it('has a line for a recording where there is room, more where there is not', () => {
    expect(layTable(116).lines(row)).toHaveLength(1)
    expect(layTable(115).lines(row)).toEqual([
      '2024-03-01 09:00:00   1:00:00  in   withheld         12025550123      junk-between-frames duration-differs format-differs'
        .slice(0, 114)
        .concat('…'),
      `    ${row.recording_id}`,
    ])
  })

  it('cuts no number on a terminal of 60 or 40 characters', () => {
    const longest = { ...row, from_number: '123456789012345', to_number: '543210987654321' }
    for (const width of [67, 60, 40])
      expect(layTable(width).lines(longest)).toContain('    123456789012345  543210987654321')
    expect(layTable(68).lines(longest)).toHaveLength(2)
  })

  it('never cuts the id, which somebody will copy', () => {
    expect(layTable(20).lines(row)[2]).toBe(row.recording_id)
  })
})

describe('a row for spreadsheets', () => {
  it('has a field for each column', () => {
    expect(toCsv(rowOf('one')).split(',')).toHaveLength(CSV_HEAD.split(',').length)
  })

  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\r\nb', '"a\r\nb"'],
    ['=1+1', "'=1+1"],
    ['@x', "'@x"],
    ['-1', "'-1"],
    ['+"', '"\'+"""'],
  ])('writes %j as %j', (value, field) => {
    const written = toCsv(rowOf('one', { channel_id: value, findings: [] }))
    expect(written).toContain(`,${field},incoming,`)
  })
})
