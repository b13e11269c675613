import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  beginPass,
  countDone,
  isSwept,
  leftBehind,
  type Mark,
  putParts,
  readMark,
  takeNext,
  tickOff,
  writeMark,
} from '../../lib/backfill/mark.ts'
import { splitWindow, type Window } from '../../lib/backfill/window.ts'

const NOW = new Date('2026-10-05T12:00:00.000Z')
const FIRST = new Date('2026-10-01T00:00:00.000Z')
const DAY_MS = 86_400_000

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
        const to = new Date(FIRST.getTime() + days * DAY_MS)
        let mark = beginPass('ws', { from: FIRST, to }, 1, NOW)
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
