import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPace, type Pace } from '../../lib/bird/pace.ts'

/** The moments at which requests go out that were asked for at these moments, in milliseconds. */
function departures(perSecond: number, arrivals: readonly number[]): number[] {
  const pace = createPace(perSecond)
  return arrivals.map((nowMs) => nowMs + pace.reserve(nowMs))
}

describe('the pace of requests', () => {
  it.each([
    ['40 a second, a burst of ten', 40, 12, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 50]],
    ['10 a second, a burst of two and a half', 10, 5, [0, 0, 50, 150, 250]],
    ['1 a second, two at once', 1, 4, [0, 0, 1000, 2000]],
  ])('is, asked for all at once: %s', (_, perSecond, requests, expected) => {
    const sent = departures(
      perSecond,
      Array.from({ length: requests }, () => 0),
    )
    expect(sent.map(Math.round)).toEqual(expected)
  })

  it('sends at once what comes no faster than the pace', () => {
    const arrivals = Array.from({ length: 50 }, (_, index) => 1_000 + index * 100)
    expect(departures(10, arrivals)).toEqual(arrivals)
  })

  it('makes up for a pause by a burst and no more', () => {
    const [, ...later] = departures(40, [0, ...Array.from({ length: 12 }, () => 3_600_000)])
    expect(later.map((ms) => Math.round(ms - 3_600_000))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 50])
  })

  it('never lets more through in any second than 5/4 of the rate (and at least two), in order, whenever they come', () => {
    const rates = fc.integer({ min: 8, max: 200 })
    const gaps = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 400 })
    fc.assert(
      fc.property(rates, gaps, (perSecond, gapsMs) => {
        let nowMs = 0
        const sent = departures(
          perSecond,
          gapsMs.map((gap) => (nowMs += gap)),
        )
        expect(sent).toEqual(sent.toSorted((one, other) => one - other))
        const most = Math.ceil(perSecond * 1.25)
        for (let from = 0; from + most < sent.length; from++)
          expect((sent[from + most] ?? Infinity) - (sent[from] ?? 0)).toBeGreaterThan(1000 - 1e-6)
      }),
    )
  })
})

describe('a pace that is slowed down', () => {
  const MINUTE_MS = 60_000
  /** Milliseconds between two requests of many that are asked for at one moment. */
  function gapAt(pace: Pace, nowMs: number): number {
    const waits = Array.from({ length: 15 }, () => pace.reserve(nowMs))
    return Math.round((waits.at(-1) ?? 0) - (waits.at(-2) ?? 0))
  }

  it.each([
    [0, 25],
    [1, 50],
    [2, 100],
    [3, 200],
    [4, 200],
    [9, 200],
  ])('%i times is an eighth at least: a request each %i ms', (times, gapMs) => {
    const pace = createPace(40)
    for (let time = 0; time < times; time++) pace.slowDown(0)
    expect(gapAt(pace, 0)).toBe(gapMs)
  })

  it('doubles again after each minute of peace, up to what it was', () => {
    const pace = createPace(40)
    for (let time = 0; time < 3; time++) pace.slowDown(0)
    const moments = [MINUTE_MS - 1, MINUTE_MS, 2 * MINUTE_MS - 1, 2 * MINUTE_MS, 3 * MINUTE_MS, 4 * MINUTE_MS]
    expect(moments.map((nowMs) => gapAt(pace, nowMs))).toEqual([200, 100, 100, 50, 25, 25])
  })

  it('is slow for a whole minute, counted from the last time that it was slowed down', () => {
    const pace = createPace(40)
    pace.slowDown(0)
    pace.slowDown(30_000)
    expect([MINUTE_MS, 89_999, 90_000].map((nowMs) => gapAt(pace, nowMs))).toEqual([100, 100, 50])
  })

  it('makes up for hours of peace at once', () => {
    const pace = createPace(40)
    for (let time = 0; time < 3; time++) pace.slowDown(0)
    expect(gapAt(pace, 180 * MINUTE_MS)).toBe(25)
    pace.slowDown(181 * MINUTE_MS)
    expect(gapAt(pace, 181 * MINUTE_MS)).toBe(50)
  })
})
