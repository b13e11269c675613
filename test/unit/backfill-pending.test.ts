import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  inTurn,
  notePending,
  NOTHING_PENDING,
  type Pending,
  readPending,
  writePending,
} from '../../lib/backfill/pending.ts'
import { windowNamed } from '../../lib/backfill/window.ts'

const NAMES = ['2026-09-30', '2026-10-01', '2026-10-01T05', '2026-10-01T0507', '2026-10-02', '2026-11-01']
const names = fc.constantFrom(...NAMES)
const pendingOf = (windows: string[], after = ''): Pending => ({ ...NOTHING_PENDING, windows, after })
const namesOf = (pending: Pending): string[] => inTurn(pending).map(({ name }) => name)

describe('the windows that are to be looked at again', () => {
  it('are noted and struck off, each once, in the order of time', () => {
    const two = notePending(notePending(NOTHING_PENDING, '2026-10-02', true), '2026-10-01', true)
    expect(two).toEqual(pendingOf(['2026-10-01', '2026-10-02']))
    expect(notePending(two, '2026-10-01', true)).toBe(two)
    expect(notePending(two, '2026-10-03', false)).toBe(two)
    expect(notePending({ ...two, after: '2026-10-01' }, '2026-10-01', false)).toEqual(
      pendingOf(['2026-10-02'], '2026-10-01'),
    )
  })

  it('are those that were noted last, whatever was noted and struck off in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(names, fc.boolean())), (notes) => {
        const last = new Map(notes)
        const expected = [...last].flatMap(([name, isPending]) => (isPending ? [name] : []))
        const noted = notes.reduce(
          (before, [name, isPending]) => notePending(before, name, isPending),
          NOTHING_PENDING,
        )
        expect(noted).toEqual(pendingOf(expected.toSorted()))
      }),
    )
  })

  it.each([
    ['', NAMES],
    ['2026-10-01T05', [...NAMES.slice(3), ...NAMES.slice(0, 3)]],
    ['2026-10-01T04', [...NAMES.slice(2), ...NAMES.slice(0, 2)]],
    ['2026-11-01', NAMES],
    ['2027', NAMES],
  ])('have their turn behind the one that had it last: %s', (after, expected) => {
    expect(namesOf(pendingOf(NAMES, after))).toEqual(expected)
  })

  it('each have their turn once in as many runs as there are, where each run has time for one', () => {
    const sets = fc.uniqueArray(names, { minLength: 1 }).map((set) => set.toSorted())
    fc.assert(
      fc.property(sets, fc.constantFrom('', ...NAMES), (windows, after) => {
        let pending = pendingOf(windows, after)
        const turns = windows.map(() => {
          const [name = ''] = namesOf(pending)
          pending = { ...pending, after: name }
          return name
        })
        expect(turns.toSorted()).toEqual(windows)
      }),
    )
  })

  it('leave out what is no window', () => {
    expect(namesOf(pendingOf(['2026-02-30', '2026-10-01', 'x']))).toEqual(['2026-10-01'])
    expect(inTurn(pendingOf(['2026-10-01T05']))).toEqual([windowNamed('2026-10-01T05')])
  })
})

describe('the document', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), (windows, after) => {
        expect(readPending(writePending(pendingOf(windows, after)))).toEqual({
          ok: true,
          pending: pendingOf(windows, after),
        })
      }),
    )
  })

  it('has a form that others may rely on', () => {
    expect(writePending(pendingOf(['2026-10-01'], '2026-09-30'))).toBe(`{
  "schema": "urn:bird-recording-archiver:backfill-pending:1",
  "windows": [
    "2026-10-01"
  ],
  "after": "2026-09-30"
}
`)
  })

  it.each([
    ['{"schema":', 'it is not JSON'],
    ['', 'it is not JSON'],
    ['null', 'it has an unknown form at its root'],
    ['{"schema":"urn:other:1","windows":[],"after":""}', 'it has an unknown form at schema'],
    [JSON.stringify({ ...NOTHING_PENDING, windows: [7] }), 'it has an unknown form at windows.0'],
    [JSON.stringify({ ...NOTHING_PENDING, after: null }), 'it has an unknown form at after'],
  ])('is refused that is none: %s', (text, reason) => {
    expect(readPending(text)).toEqual({ ok: false, reason })
  })
})
