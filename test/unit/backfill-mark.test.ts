import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  beginPass,
  countDone,
  isSwept,
  leftBehind,
  type Mark,
  openPass,
  putParts,
  readMark,
  takeNext,
  tallyOf,
  tickOff,
  writeMark,
} from '../../lib/backfill/mark.ts'
import { daysOf, splitWindow, type Window, windowNamed } from '../../lib/backfill/window.ts'

const NOW = new Date('2026-10-05T12:00:00.000Z')
const range = (from: string, to: string) => ({ from: new Date(from), to: new Date(to) })
const DAY_MS = 86_400_000
const THREE_DAYS = range('2026-10-01', '2026-10-04')
const BEGUN = beginPass('ws', THREE_DAYS, 1, NOW)
const NONE = { recordings: 0, archived: 0, sent: 0 }
const windowOf = (name: string): Window => windowNamed(name) as Window

function take(mark: Mark): { mark: Mark; window: Window } {
  const next = takeNext(mark)
  if (next === undefined) throw new Error('all are taken')
  return next
}

describe('a pass', () => {
  it('begins before its first day, with nothing taken and nothing counted', () => {
    expect(BEGUN).toEqual({
      schema: 'urn:bird-recording-archiver:backfill-mark:1',
      workspaceId: 'ws',
      range: THREE_DAYS,
      pass: 1,
      startedAt: NOW,
      next: THREE_DAYS.from,
      taken: [],
      finishedAt: null,
      tally: { windows: 0, recordings: 0, archived: 0, sent: 0 },
    })
  })

  it('takes day after day, and none behind the last', () => {
    const taken: string[] = []
    let mark = BEGUN
    for (let next = takeNext(mark); next !== undefined; next = takeNext(mark)) {
      taken.push(next.window.name)
      expect(isSwept(mark)).toBe(false)
      mark = next.mark
      expect(mark.next).toEqual(next.window.to)
    }
    expect(taken).toEqual(['2026-10-01', '2026-10-02', '2026-10-03'])
    expect(mark).toEqual({ ...BEGUN, next: THREE_DAYS.to, taken })
    expect(isSwept(mark)).toBe(false)
  })

  it('ticks a window off once, however many have swept it', () => {
    const { mark, window } = take(take(BEGUN).mark)
    const came = { recordings: 7, archived: 5, sent: 2 }
    const ticked = tickOff(mark, window, came)
    expect(ticked).toEqual({ ...mark, taken: ['2026-10-01'], tally: { windows: 1, ...came } })
    expect(tickOff(ticked, window, came)).toBe(ticked)
    const [first] = leftBehind(ticked)
    expect(tickOff(ticked, first as Window, came)).toEqual({
      ...mark,
      taken: [],
      tally: { windows: 2, recordings: 14, archived: 10, sent: 4 },
    })
  })

  it('puts the parts of a window in its place, unless somebody has ticked it off', () => {
    const { mark } = take(take(BEGUN).mark)
    const day = windowOf('2026-10-01')
    const parts = splitWindow(day)
    const split = putParts(mark, day, parts)
    expect(split).toEqual({ ...mark, taken: ['2026-10-02', ...parts.map(({ name }) => name)] })
    expect(putParts(split, day, parts)).toBe(split)
    const ticked = tickOff(mark, day, NONE)
    expect(putParts(ticked, day, parts)).toBe(ticked)
  })

  it('names what was left behind in the order of time', () => {
    const mark = { ...BEGUN, taken: ['2026-10-02', '2026-10-01T05', 'x', '2026-10-01T0433'] }
    expect(leftBehind(mark).map(({ name }) => name)).toEqual([
      '2026-10-01T0433',
      '2026-10-01T05',
      '2026-10-02',
    ])
  })

  it('counts a day as done once all of its parts are', () => {
    const day = windowOf('2026-10-01')
    const hours = splitWindow(day)
    let { mark } = take(take(BEGUN).mark)
    expect(countDone(BEGUN)).toEqual({ done: 0, total: 3 })
    expect(countDone(mark)).toEqual({ done: 0, total: 3 })
    mark = putParts(tickOff(mark, windowOf('2026-10-02'), NONE), day, hours)
    for (const hour of hours) {
      expect(countDone(mark)).toEqual({ done: 1, total: 3 })
      mark = tickOff(mark, hour, NONE)
    }
    expect(countDone(mark)).toEqual({ done: 2, total: 3 })
  })

  it('adds of a window all that it holds, and what was sent now', () => {
    const ledger = { archived: ['a', 'b', 'c'], open: [1, 2] }
    expect(tallyOf({ ledger, sent: 1 })).toEqual({ recordings: 5, archived: 3, sent: 1 })
  })
})

describe('the next run', () => {
  const later = new Date('2026-10-06T00:00:00Z')
  const ON = range('2026-10-03', '2026-10-06')
  const GAP = range('2026-10-06', '2026-10-09')
  const AHEAD = take(take(BEGUN).mark).mark
  const LEFT = {
    ...BEGUN,
    pass: 4,
    next: THREE_DAYS.to,
    taken: ['2026-10-03', '2026-10-01T05', '2026-10-02'],
  }
  const FINISHED = { ...BEGUN, pass: 4, next: THREE_DAYS.to, finishedAt: NOW }
  const begun = (ordered: typeof ON, pass: number, taken: string[] = []): Mark => ({
    ...beginPass('ws', ordered, pass, later),
    taken,
  })

  it.each([
    ['none', undefined, ON, begun(ON, 1), begun(ON, 1)],
    ['a finished one', FINISHED, THREE_DAYS, begun(THREE_DAYS, 5), begun(THREE_DAYS, 5)],
    ['one with days of this very range left', AHEAD, THREE_DAYS, AHEAD, AHEAD],
    ['one with taken windows left', LEFT, THREE_DAYS, LEFT, begun(THREE_DAYS, 5)],
    ['one of another range', LEFT, ON, LEFT, begun(ON, 5, ['2026-10-01T05', '2026-10-02'])],
    ['one with days of another range left', AHEAD, ON, AHEAD, begun(ON, 2, ['2026-10-01', '2026-10-02'])],
    ['a finished one, long ago', FINISHED, GAP, begun(GAP, 5), begun(GAP, 5, ['2026-10-04', '2026-10-05'])],
    [
      'one with days left, long ago',
      AHEAD,
      GAP,
      AHEAD,
      begun(GAP, 2, ['2026-10-01', '2026-10-02', '2026-10-03', '2026-10-04', '2026-10-05']),
    ],
    ['one that has taken nothing', BEGUN, ON, BEGUN, begun(ON, 2, ['2026-10-01', '2026-10-02'])],
    [
      'one of a shorter range',
      AHEAD,
      { ...THREE_DAYS, to: ON.to },
      AHEAD,
      begun({ ...THREE_DAYS, to: ON.to }, 2),
    ],
  ])(
    'finds %s, and goes on with it or begins anew, by hand and on a schedule',
    (_, held, ordered, byHand, scheduled) => {
      expect(openPass(held, 'ws', ordered, false, later)).toEqual(byHand)
      expect(openPass(held, 'ws', ordered, true, later)).toEqual(scheduled)
    },
  )

  it('on a schedule leaves out no window that the last has left, and no day since then', () => {
    const number = fc.nat(4)
    fc.assert(
      fc.property(number, number, number, number, fc.boolean(), (days, ticked, back, gap, isFinished) => {
        const to = new Date(THREE_DAYS.from.getTime() + days * DAY_MS)
        let held = beginPass('ws', { from: THREE_DAYS.from, to }, 1, NOW)
        for (let next = takeNext(held); next !== undefined && held.taken.length < 3; next = takeNext(held))
          held = next.mark
        for (const window of leftBehind(held).slice(0, ticked)) held = tickOff(held, window, NONE)
        if (isSwept(held) && isFinished) held = { ...held, finishedAt: NOW }
        // The days of a schedule move on, by more than a day where nothing has run for a while.
        const from = new Date(
          Math.max(to.getTime() - back * DAY_MS, THREE_DAYS.from.getTime()) + gap * DAY_MS,
        )
        const ordered = { from, to: new Date(Math.max(to.getTime(), from.getTime()) + DAY_MS) }
        const opened = openPass(held, 'ws', ordered, true, later)
        const sinceThen = [...daysOf({ from: held.range.to, to: ordered.to })].map(({ name }) => name)
        expect(allLeft(opened)).toEqual(expect.arrayContaining([...allLeft(held), ...sinceThen]))
        expect(new Set(allLeft(opened)).size).toBe(allLeft(opened).length)
      }),
    )
  })
})

/** The windows that a mark still asks for. */
function allLeft({ taken, next, range: { to } }: Mark): string[] {
  return [...taken, ...[...daysOf({ from: next, to })].map(({ name }) => name)]
}

describe('the document', () => {
  it('is read as it was written', () => {
    const mark = { ...take(BEGUN).mark, finishedAt: NOW }
    expect(readMark(writeMark(mark))).toEqual({ ok: true, mark })
    expect(writeMark(mark)).toBe(`${JSON.stringify(mark, null, 2)}\n`)
  })

  it.each([
    ['it has an unknown form at schema', { schema: 'urn:bird-recording-archiver:backfill-mark:2' }],
    ['it has an unknown form at range.to', { range: { from: NOW, to: 'some day' } }],
    ['it has an unknown form at next', { next: null }],
    ['it has an unknown form at taken.0', { taken: [7] }],
    ['it has an unknown form at tally.sent', { tally: { ...BEGUN.tally, sent: '7' } }],
  ])('is refused that is none: %s', (reason, more) => {
    expect(readMark(JSON.stringify({ ...BEGUN, ...more }))).toEqual({ ok: false, reason })
    expect(readMark('{')).toEqual({ ok: false, reason: 'it is not JSON' })
    expect(readMark('7')).toEqual({ ok: false, reason: 'it has an unknown form at its root' })
  })
})
