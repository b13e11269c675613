import { describe, expect, it } from 'vitest'
import { advance, openPass, readMark, writeMark } from '../../lib/verify/mark.ts'
import { NOTHING } from '../../lib/verify/verdict.ts'

const NOW = new Date('2026-11-25T03:00:00Z')
const LATER = new Date('2026-11-26T03:00:00Z')
const first = openPass(undefined, 'ours', NOW)
const tally = { ...NOTHING, recordings: 7, read: 6, unread: 1, bytes: 1000 }

describe('the mark of the whole archive', () => {
  it('begins with nothing, and moves on behind each part', () => {
    expect(first).toMatchObject({ pass: 1, after: null, parts: [], tally: NOTHING, finishedAt: null })
    const second = advance(first, { through: 'b', isLast: false, tally }, 'report-1', NOW)
    expect(second).toMatchObject({ after: 'b', parts: ['report-1'], tally, finishedAt: null })
    const third = advance(second, { through: undefined, isLast: true, tally }, 'report-2', LATER)
    expect(third).toMatchObject({
      after: 'b',
      parts: ['report-1', 'report-2'],
      tally: { recordings: 14, read: 12, unread: 2, bytes: 2000 },
      finishedAt: LATER,
    })
  })

  it.each([
    ['none', undefined, { pass: 1, startedAt: LATER, after: null }],
    [
      'one that is under way',
      advance(first, { through: 'b', isLast: false, tally }, 'r', NOW),
      { pass: 1, startedAt: NOW, after: 'b' },
    ],
    [
      'one that is finished',
      advance(first, { through: 'b', isLast: true, tally }, 'r', NOW),
      { pass: 2, startedAt: LATER, after: null, parts: [], tally: NOTHING },
    ],
  ])('after %s', (_, held, expected) => {
    expect(openPass(held, 'ours', LATER)).toMatchObject(expected)
  })

  it('is read as it was written', () => {
    const mark = advance(first, { through: 'b', isLast: true, tally }, 'report', LATER)
    expect(readMark(writeMark(mark))).toEqual({ ok: true, mark })
  })

  it.each([
    ['nonsense', 'it is not JSON'],
    ['{}', 'it has an unknown form at schema'],
    [writeMark(first).replace('mark:1', 'mark:2'), 'it has an unknown form at schema'],
    [writeMark(first).replace('2026-11-25T03:00:00.000Z', 'today'), 'it has an unknown form at startedAt'],
  ])('is refused where it is none: %s', (text, reason) => {
    expect(readMark(text)).toEqual({ ok: false, reason })
  })
})
