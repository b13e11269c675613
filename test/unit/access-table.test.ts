import { describe, expect, it } from 'vitest'
import { layAccess } from '../../lib/cli/access-table.ts'
import type { AccessRecord } from '../../lib/retrieve/access.ts'

const RECORDING = '11111111-1111-4111-8111-111111111111'
const record: AccessRecord = {
  id: '22222222-2222-4222-8222-222222222222',
  at: new Date('2024-03-01T09:00:00.123Z'),
  action: 'link',
  actor: 'anna',
  reason: 'court order 12 O 345/26 of the regional court',
  caseNumber: '4711',
  via: 'terminal',
  workspaceId: 'w',
  recordingIds: [RECORDING],
  criteria: undefined,
  detail: 'valid for 300 s',
}
const WHY = 'court order 12 O 345/26 of the regional court [case 4711] (valid for 300 s)'

describe('lines of the access log', () => {
  it.each([113, 80, 60, 20])('lose nothing on a terminal of %s characters', (width) => {
    const { head, lines } = layAccess(width)
    expect(head).toEqual([])
    expect(lines(record)).toEqual(['2024-03-01 09:00:00  link  anna', `    ${RECORDING}`, `    ${WHY}`])
  })

  it.each([114, 120])('are one each on a terminal of %s characters, cut at its edge', (width) => {
    const [line = '', ...more] = layAccess(width).lines(record)
    expect(more).toEqual([])
    expect(line).toHaveLength(width)
    expect(line).toMatch(new RegExp(`^2024-03-01 09:00:00 +link +anna +${RECORDING}  court order .*\u2026$`))
  })

  it('are cut nowhere where there is no terminal', () => {
    expect(layAccess(undefined).lines(record)[0]).toContain(`${RECORDING}  ${WHY}`)
    expect(layAccess(undefined).head[0]).toMatch(/^when \(UTC\) +action +who +recording +why$/)
  })

  it('show of an ARN what tells people apart', () => {
    const actor = 'arn:aws:sts::123456789012:assumed-role/Desk/anna'
    expect(layAccess(undefined).lines({ ...record, actor })[0]).toContain('  assumed-role/Desk/anna  ')
    expect(layAccess(80).lines({ ...record, actor })[0]).toContain(`  ${actor}`)
  })

  it('name no recording where none was asked for', () => {
    const search = { ...record, recordingIds: [], criteria: { number: '\u202687' } }
    expect(layAccess(undefined).lines(search)[0]).toContain('{"number":"\u202687"}')
    expect(layAccess(60).lines({ ...record, recordingIds: [RECORDING, RECORDING] })[1]).toBe(
      '    2 recordings',
    )
  })
})
