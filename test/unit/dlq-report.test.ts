import { describe, expect, it } from 'vitest'
import { createLetterFilter, type FilterOptions, formatAge, readDuration } from '../../lib/cli/dlq-filter.ts'
import { describeLetters, showText } from '../../lib/cli/dlq-report.ts'
import type { DeadLetter } from '../../lib/sqs/dead-letter.ts'

const NOW = new Date('2026-11-25T12:00:00Z')
const LETTER: DeadLetter = {
  messageId: '1d3c4b9e-0c3e-4a0f-9f43-6a1b7c8d9e0f',
  recordingId: '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd',
  workspaceId: undefined,
  reason: 'never-available',
  detail:
    'still ongoing 24 h after 2026-11-20T10:00:00.000Z, and more than a line of a terminal has room for',
  firstSeenAt: undefined,
  sentAt: new Date('2026-11-22T12:00:00Z'),
  unreadable: undefined,
}
const UNREADABLE: DeadLetter = {
  ...LETTER,
  recordingId: undefined,
  reason: 'unreadable-message',
  unreadable: { bytes: 7, sha256: 'f'.repeat(64) },
}

describe('the list of letters', () => {
  it.for([70, 80, 100, 120, 200])('fits a terminal of %i columns', (columns) => {
    const lines = describeLetters([LETTER, UNREADABLE], NOW, columns)
    const rows = lines.slice(1, lines.indexOf(''))
    expect(rows.length).toBeGreaterThanOrEqual(2)
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(columns)
    expect(rows.join('\n')).toContain('still ongoing')
    expect(rows.join('\n')).toContain('3 d')
  })

  it('starts with the oldest', () => {
    const newer = { ...LETTER, recordingId: '00000000-0000-4000-8000-000000000000', sentAt: NOW }
    const [, first = '', second = ''] = describeLetters([newer, LETTER], NOW, Infinity)
    expect(first).toContain(LETTER.recordingId)
    expect(second).toContain(newer.recordingId)
  })
})

describe('what a message says of itself', () => {
  const digest = '1234567890'.repeat(6) + 'abcd'
  it.for([
    ['a telephone number', 'from +49 170 1234567.', 'from ….'],
    ['a link', 'see https://s3.example/a?X-Amz-Signature=abc', 'see https://s3.example/a?…'],
    ['a key', 'Authorization: AccessKey abcdef', 'Authorization: AccessKey …'],
    ['a terminal’s commands', 'red \u001b[31m\u202e text\r\nmore', 'red  [31m  text more'],
    ['a time, which stays', 'after 2026-11-20T10:00:00.000Z', 'after 2026-11-20T10:00:00.000Z'],
    [
      'digests of a conflict, which stay',
      `stored ${digest}, offered ${digest}`,
      `stored ${digest}, offered ${digest}`,
    ],
    ['a digest in another place', `AccessKey ${digest}`, 'AccessKey …'],
  ] as const)('is shown without harm: %s', ([, text, shown]) => {
    expect(showText(text)).toBe(shown)
  })
})

describe('a filter', () => {
  const id = LETTER.recordingId ?? ''
  it.for([
    ['wants all without a narrowing', {}, [], [true, true]],
    ['takes one reason', { reason: ['never-available'] }, [], [true, false]],
    ['takes one of several', { reason: ['never-available', 'unreadable-message'] }, [], [true, true]],
    ['takes an id in any letter case', {}, [id.toUpperCase()], [true, false]],
    [
      'takes ids of the option beside the arguments',
      { id: [id] },
      ['00000000-0000-4000-8000-000000000000'],
      [true, false],
    ],
    ['takes what is old enough', { olderThan: 3 * 86_400_000 }, [], [true, true]],
    ['leaves what is younger', { olderThan: 3 * 86_400_000 + 1 }, [], [false, false]],
    ['wants all of it together', { id: [id], reason: ['conflict'] }, [], [false, false]],
  ] as [string, FilterOptions, string[], boolean[]][])('%s', async ([, options, ids, wanted]) => {
    const filter = await createLetterFilter(ids, options, NOW)
    expect([LETTER, UNREADABLE].map(filter.wants)).toEqual(wanted)
    expect(filter.isNarrow).toBe(ids.length > 0 || Object.keys(options).length > 0)
  })

  it('names the recordings that it did not meet', async () => {
    const other = '00000000-0000-4000-8000-000000000000'
    const filter = await createLetterFilter([id, other], { reason: ['conflict'] }, NOW)
    filter.wants(LETTER)
    expect(filter.missing()).toEqual([other])
  })
})

it.for([
  ['30min', 1_800_000, '30 min'],
  ['1h', 3_600_000, '1 h'],
  ['47h', 169_200_000, '47 h'],
  ['2d', 172_800_000, '2 d'],
] as const)('a duration is read and shown: %s', ([text, ms, shown]) => {
  expect(readDuration(text)).toBe(ms)
  expect(formatAge(ms)).toBe(shown)
})

it.for(['', '2', 'd', '2w', '-1d', '1.5h', '1 d', '123456d'])(
  'a duration that is none is refused: "%s"',
  (text) => {
    expect(() => readDuration(text)).toThrow('a duration like 30min, 6h or 2d')
  },
)
