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
import { splitWindow, type Window, windowNamed } from '../../lib/backfill/window.ts'

const NOW = new Date('2026-10-05T12:00:00.000Z')
const range = (from: string, to: string) => ({ from: new Date(from), to: new Date(to) })
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
  const other = range('2026-11-01', '2026-11-02')
  const later = new Date('2026-11-05T00:00:00Z')
  it('by hand goes on with a pass that is not finished, whatever range it is asked for', () => {
    const mark = { ...BEGUN, pass: 4, next: THREE_DAYS.to, taken: ['2026-10-02'] }
    expect(openPass(mark, 'ws', other, false, later)).toBe(mark)
  })

  it('begins the next pass after one that is finished, and the first where there is none', () => {
    const finished = { ...BEGUN, pass: 4, next: THREE_DAYS.to, finishedAt: NOW }
    for (const isScheduled of [true, false]) {
      expect(openPass(finished, 'ws', other, isScheduled, later)).toEqual(beginPass('ws', other, 5, later))
      expect(openPass(undefined, 'ws', other, isScheduled, later)).toEqual(beginPass('ws', other, 1, later))
    }
  })

  it('on a schedule goes on while days of the same range are left, and no longer', () => {
    const underway = { ...BEGUN, next: new Date('2026-10-02'), taken: ['2026-10-01'] }
    expect(openPass(underway, 'ws', THREE_DAYS, true, later)).toBe(underway)
    const stuck = { ...BEGUN, next: THREE_DAYS.to, taken: ['2026-10-02'] }
    expect(openPass(stuck, 'ws', THREE_DAYS, true, later)).toEqual(beginPass('ws', THREE_DAYS, 2, later))
  })

  it('on a schedule takes over what is left on days before its own, parts too', () => {
    const moved = range('2026-10-03', '2026-10-06')
    const mark = { ...BEGUN, next: new Date('2026-10-02'), taken: ['2026-10-01T05', '2026-09-12'] }
    const begun = beginPass('ws', moved, 2, later)
    expect(openPass(mark, 'ws', moved, true, later)).toEqual({
      ...begun,
      taken: ['2026-10-01T05', '2026-09-12', '2026-10-02'],
    })
    expect(countDone(openPass(mark, 'ws', moved, true, later))).toEqual({ done: 0, total: 3 })
  })
})

/** A run that works on the mark with others: what it has in hand, and what it knows to be next. */
interface Run {
  inHand: Window | undefined
  ahead: Window[]
  tried: Set<string>
}
const newRun = (): Run => ({ inHand: undefined, ahead: [], tried: new Set() })
/** What a window holds; each has another number, so that one that counts twice is noticed. */
const holds = ({ from, to }: Window): number => from.getTime() / 60_000 + to.getTime()

describe('several runs at once, killed at any moment', () => {
  it('sweep every part of the range, and count each window once', () => {
    const steps = fc.array(
      fc.record({ by: fc.nat(2), act: fc.constantFrom('take', 'take', 'split', 'tick', 'tick', 'kill') }),
      { maxLength: 120 },
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), steps, (days, actions) => {
        const to = new Date(THREE_DAYS.from.getTime() + days * 86_400_000)
        let mark = beginPass('ws', { from: THREE_DAYS.from, to }, 1, NOW)
        const runs = [newRun(), newRun(), newRun()]
        const counted: Window[] = []

        /** Each step is a document that was read, changed and written. */
        const change = (edit: (held: Mark) => Mark): boolean => {
          const read = readMark(writeMark(mark))
          if (!read.ok) throw new Error(read.reason)
          mark = edit(read.mark)
          return mark !== read.mark
        }
        const takeWindow = (run: Run): void => {
          run.inHand ??= run.ahead.shift()
          if (run.inHand === undefined)
            change((held) => {
              const next = takeNext(held)
              run.inHand = next?.window
              return next?.mark ?? held
            })
          run.inHand ??= leftBehind(mark).find(({ name }) => !run.tried.has(name))
          if (run.inHand !== undefined) run.tried.add(run.inHand.name)
        }
        const tick = (run: Run): void => {
          const window = run.inHand
          run.inHand = undefined
          if (window === undefined) return
          const came = { recordings: holds(window), archived: 1, sent: 2 }
          if (change((held) => tickOff(held, window, came))) counted.push(window)
        }
        const split = (run: Run): void => {
          const window = run.inHand
          if (window === undefined || window.size === 'minute') return
          run.inHand = undefined
          const parts = splitWindow(window)
          run.ahead.unshift(...parts)
          change((held) => putParts(held, window, parts))
        }
        for (const { by, act } of actions) {
          const run = runs[by] ?? newRun()
          if (act === 'take') takeWindow(run)
          else if (act === 'tick') tick(run)
          else if (act === 'split') split(run)
          else runs[by] = newRun()
          const { done, total } = countDone(mark)
          expect(0 <= done && done <= total && total === days).toBe(true)
        }
        // At last one that is not killed.
        const last = newRun()
        for (takeWindow(last); last.inHand !== undefined; takeWindow(last)) tick(last)

        expect(isSwept(mark)).toBe(true)
        expect(countDone(mark)).toEqual({ done: days, total: days })
        const inOrder = counted.toSorted((a, b) => a.from.getTime() - b.from.getTime())
        expect([inOrder[0]?.from, ...inOrder.map((window) => window.to)]).toEqual([
          ...inOrder.map((window) => window.from),
          to,
        ])
        expect(mark.range.from).toEqual(inOrder[0]?.from)
        expect(mark.tally).toEqual({
          windows: counted.length,
          recordings: counted.reduce((sum, window) => sum + holds(window), 0),
          archived: counted.length,
          sent: 2 * counted.length,
        })
      }),
    )
  })
})

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
