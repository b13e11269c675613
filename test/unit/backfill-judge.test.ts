import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Facts, isUnderway, judge, type Line } from '../../lib/backfill/judge.ts'

/** As it stands in the doc comment of `judge`. */
const TABLE = `
| in the bucket | given up | Bird says           | dead letter            | sent | line               | send |
| ------------- | -------- | ------------------- | ---------------------- | ---- | ------------------ | ---- |
| yes           |          |                     |                        |      | archived           |      |
|               | yes      |                     |                        |      | dead-lettered      |      |
|               |          | nothing of use      |                        |      | refused            |      |
|               |          | absent, failed      |                        |      | nothing-to-archive |      |
|               |          | available           | yes, \`never-available\` | yes  | sent               |      |
|               |          | available           | yes, \`never-available\` |      | sent               | yes  |
|               |          |                     | yes                    |      | dead-lettered      |      |
|               |          | not yet, or unknown |                        |      | not-yet            |      |
|               |          | available           |                        | yes  | sent               |      |
|               |          | available           |                        |      | sent               | yes  |
`.trim()

const SENT_AT = new Date('2026-11-23T11:00:00.000Z')
const STATUSES: Readonly<Record<string, readonly string[]>> = {
  available: ['available'],
  'absent, failed': ['absent', 'failed'],
  'not yet, or unknown': ['accepted', 'ongoing', 'paused', 'completed', 'AVAILABLE', 'given-up', ''],
}
const FAULT = 'gone: Bird knows it no more'

interface Row {
  readonly fits: (facts: Facts) => boolean
  readonly line: Line
  readonly send: boolean
}

const rows = TABLE.split('\n')
  .slice(2)
  .map((text): Row => {
    const [bucket, given, bird = '', letter, sent, line, send] = text
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    return {
      fits: ({ archived, givenUp, bird: said, deadLetter, sentAt }) =>
        (bucket === '' || archived) &&
        (given === '' || givenUp) &&
        (bird === '' ||
          ('fault' in said ? bird === 'nothing of use' : STATUSES[bird]?.includes(said.status) === true)) &&
        (letter === '' ||
          (letter === 'yes' ? deadLetter !== undefined : deadLetter === letter?.match(/`(.+)`/)?.[1])) &&
        (sent === '' || sentAt !== undefined),
      line: line as Line,
      send: send === 'yes',
    }
  })

/** Every combination of everything that the table asks for. */
const ALL: Facts[] = [true, false].flatMap((archived) =>
  [true, false].flatMap((givenUp) =>
    [
      { fault: FAULT },
      ...Object.values(STATUSES).flatMap((all) => all.map((status) => ({ status }))),
    ].flatMap((bird) =>
      [undefined, 'never-available', 'conflict', ''].flatMap((deadLetter) =>
        [undefined, SENT_AT].map((sentAt) => ({ archived, givenUp, bird, deadLetter, sentAt })),
      ),
    ),
  ),
)

/** Why a recording is in its line. */
function reasonOf(line: Line, { bird, deadLetter, givenUp }: Facts): string | undefined {
  if (line === 'archived') return 'archived'
  if (line === 'dead-lettered') return givenUp ? 'given-up' : deadLetter
  return 'fault' in bird ? bird.fault : bird.status
}

describe('the line of a recording', () => {
  it('is told by the table in the doc comment', () => {
    const source = readFileSync(new URL('../../lib/backfill/judge.ts', import.meta.url), 'utf8')
    const comment = source.split('\n').filter((line) => line.startsWith(' * |'))
    expect(comment.map((line) => line.slice(3)).join('\n')).toBe(TABLE)
  })

  it('is that of the first row that fits, with its reason, for every combination of facts', () => {
    expect(ALL).toHaveLength(2 * 2 * 11 * 4 * 2)
    for (const facts of ALL) {
      const row = rows.find(({ fits }) => fits(facts))
      expect({ facts, ...judge(facts) }).toEqual({
        facts,
        line: row?.line,
        send: row?.send,
        reason: reasonOf(judge(facts).line, facts),
      })
    }
  })

  it('needs every row of the table', () => {
    const used = new Set(ALL.map((facts) => rows.findIndex(({ fits }) => fits(facts))))
    expect([...used].toSorted((a, b) => a - b)).toEqual(rows.map((_, index) => index))
  })

  it('is never one in which nobody looks again for a status that is not known today', () => {
    const known = ['available', 'absent', 'failed']
    const unknown = fc.string().filter((status) => !known.includes(status))
    const facts = { archived: false, givenUp: false, deadLetter: undefined, sentAt: undefined }
    fc.assert(
      fc.property(unknown, (status) => {
        expect(judge({ ...facts, bird: { status } })).toEqual({
          line: 'not-yet',
          reason: status,
          send: false,
        })
      }),
    )
  })
})

describe('a message that was sent', () => {
  const HOURS = 3_600_000
  const MINUTES = 60_000
  it.each([
    ['at once', 0, true, true],
    ['at once', 0, false, true],
    ['just before a quarter of an hour', 15 * MINUTES - 1, true, true],
    ['a quarter of an hour', 15 * MINUTES, true, false],
    ['a quarter of an hour', 15 * MINUTES, false, true],
    ['just before a day', 24 * HOURS - 1, false, true],
    ['a day', 24 * HOURS, false, false],
    ['a day', 24 * HOURS, true, false],
    ['by a clock that is behind', -5 * MINUTES, true, true],
  ])('%s (%i ms) ago, the queue empty: %s, may be on its way: %s', (_, ageMs, isEmpty, expected) => {
    expect(isUnderway(SENT_AT, isEmpty, new Date(SENT_AT.getTime() + ageMs))).toBe(expected)
  })
})
