import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHearsay, createListing, groupByDay, type Listing } from '../../lib/backfill/listing.ts'
import { queryOf, type Window, windowNamed } from '../../lib/backfill/window.ts'

const DAY = windowNamed('2026-10-01') as Window
const AT = '2026-10-01T08:00:00Z'
const idOf = (index: number): string => `${String(index).padStart(8, '0')}-0000-4000-8000-000000000000`
const item = (index: number, createdAt: string | Date = AT, status = 'available') => ({
  id: idOf(index),
  status,
  createdAt: typeof createdAt === 'string' ? createdAt : createdAt.toISOString(),
})
const items = (count: number, first = 0, createdAt: string | Date = AT) =>
  Array.from({ length: count }, (_, index) => item(first + index, createdAt))

function listingOf(...pages: unknown[][]): Listing {
  const listing = createListing(DAY, 1_000)
  for (const page of pages) expect(listing.add(page)).toBe('more')
  return listing
}
const namesOf = (listing: Listing) => ({
  own: [...listing.own.keys()],
  strays: [...listing.strays.keys()],
  unreadable: Object.fromEntries(listing.unreadable),
  nameless: listing.nameless,
})

describe('what the list says of a window', () => {
  const { startAt, endAt } = queryOf(DAY)
  const next = (moment: Date, ms: number): Date => new Date(moment.getTime() + ms)

  it.each([
    ['at its beginning', DAY.from, 'own'],
    ['just before its beginning', next(DAY.from, -1), 'neither'],
    ['just before its end', next(DAY.to, -1), 'own'],
    ['at its end', DAY.to, 'neither'],
    ['where the query begins', startAt, 'neither'],
    ['just before the query begins', next(startAt, -1), 'strays'],
    ['where the query ends, which may be inclusive', endAt, 'neither'],
    ['just behind the query', next(endAt, 1), 'strays'],
    ['years away', new Date('2020-01-01T00:00:00Z'), 'strays'],
  ])('takes a recording from %s (%s) for: %s', (_, createdAt, kind) => {
    const listing = listingOf([item(1, createdAt)])
    expect({ own: listing.own.size, strays: listing.strays.size }).toEqual({
      own: kind === 'own' ? 1 : 0,
      strays: kind === 'strays' ? 1 : 0,
    })
  })

  it('is what was said last of each, in whatever letter case its id came', () => {
    const id = idOf(1).replace('-0000-', '-abcd-')
    const listing = listingOf([{ ...item(1), id }], [{ ...item(1, AT, 'failed'), id: id.toUpperCase() }])
    expect([...listing.own.values()]).toEqual([
      { recordingId: id, status: 'failed', createdAt: new Date(AT), durationSeconds: undefined },
    ])
  })

  it('tells what cannot be read by its id, and counts what has not even one', () => {
    const listing = listingOf([{ ...item(1), status: 7 }, item(2), {}], [null, { id: 'odd' }])
    expect(namesOf(listing)).toEqual({
      own: [idOf(2)],
      strays: [],
      unreadable: { [idOf(1)]: 'unreadable in the list: status' },
      nameless: 3,
    })
    expect(listing.pages).toBe(2)
  })

  it('has a digest of its recordings, whatever their order and pages, and however often they come', () => {
    const odd = { ...item(9), status: 7 }
    const digest = listingOf([item(1), item(2), odd]).digest()
    expect(listingOf([odd], [item(2, AT, 'failed')], [], [item(1), item(2)]).digest()).toBe(digest)
    expect(listingOf([item(1), item(2), odd, item(3, '2020-01-01T00:00:00Z')]).digest()).toBe(digest)
    expect(listingOf([item(1), item(2), item(9)]).digest()).toBe(digest)
    expect(listingOf([item(1), item(2), odd, item(9)]).digest()).toBe(digest)
    const others = [[], [item(1), item(2)], [item(1), item(2), item(8)], [item(1), item(2), odd, item(3)]]
    for (const other of others) expect(listingOf(other).digest()).not.toBe(digest)
  })

  it('has another digest where another of its recordings has no audio, whatever else their statuses are', () => {
    const digestOf = (...statuses: string[]): string =>
      listingOf(statuses.map((status, index) => item(index, AT, status))).digest()
    const all = digestOf('available', 'available', 'available')
    expect(digestOf('ongoing', 'unheard of', 'completed')).toBe(all)
    const second = digestOf('available', 'failed', 'available')
    expect(digestOf('completed', 'absent', 'paused')).toBe(second)
    const third = digestOf('available', 'available', 'failed')
    expect(new Set([all, second, third, digestOf('available', 'failed', 'absent')]).size).toBe(4)
  })
})

describe('a recording of the next window that began in this one', () => {
  // Should Bird's filter go by when a call began, the window that it belongs to would not be told of it.
  it.each([
    ['2026-10-02T00:30:00Z', '2026-10-01T23:50:00Z', true],
    ['2026-09-30T23:30:00Z', '2026-10-01T00:10:00Z', true],
    ['2026-10-02T00:00:30Z', '2026-10-01T23:59:00Z', false],
    ['2026-10-02T00:00:30Z', '2026-10-01T23:58:59.999Z', true],
    ['2026-09-30T23:59:30Z', '2026-10-01T00:00:59.999Z', false],
    ['2026-09-30T23:59:30Z', '2026-10-01T00:01:00Z', true],
    ['2026-10-02T00:30:00Z', '2026-10-02T00:00:00Z', false],
    ['2026-10-02T00:30:00Z', '2026-09-30T23:59:59Z', false],
    ['2026-10-02T00:30:00Z', undefined, false],
    ['2026-10-02T02:00:00Z', '2026-10-01T23:50:00Z', false],
    ['2026-10-01T23:59:00Z', '2026-10-01T23:00:00Z', false],
  ])(
    'is remembered for that one unless its own list must name it: created %s, began %s: %s',
    (createdAt, startedAt, expected) => {
      const listing = listingOf([{ ...item(1, createdAt), startedAt }])
      expect([...listing.borderline.keys()]).toEqual(expected ? [idOf(1)] : [])
      expect(expected && listing.own.size + listing.strays.size > 0).toBe(false)
    },
  )
})

describe('a list that is read page by page', () => {
  it('is too long once it has more recordings of the window than may be held', () => {
    const listing = createListing(DAY, 10)
    expect(listing.add(items(10))).toBe('more')
    expect(listing.add(items(10))).toBe('more')
    expect(listing.add(items(50, 100, '2026-10-02T00:30:00Z'))).toBe('more')
    expect(listing.add([item(10)])).toBe('too-many')
  })

  it('is never too long for a minute, which cannot be split', () => {
    const listing = createListing(windowNamed('2026-10-01T0800') as Window, 10)
    expect(listing.add(items(11))).toBe('more')
    expect(listing.own.size).toBe(11)
  })

  it('goes in a circle after 50 pages without anything new, however it names them', () => {
    const listing = createListing(DAY, 100)
    expect(listing.add([item(1), item(2)])).toBe('more')
    for (let page = 1; page < 50; page++) expect(listing.add([item(1 + (page % 2))])).toBe('more')
    // One that is new begins the count anew, wherever it lies and even if it cannot be read.
    expect(listing.add([item(3, '2020-01-01T00:00:00Z')])).toBe('more')
    for (let page = 1; page < 50; page++) expect(listing.add([])).toBe('more')
    expect(listing.add([{ ...item(4), status: 7 }])).toBe('more')
    for (let page = 1; page < 50; page++) expect(listing.add([item(4)])).toBe('more')
    expect(listing.add([item(1)])).toBe('circling')
  })

  it.each([
    ['although an item without an id is on every page', [item(1), { status: 'odd' }], 50],
    ['if nothing is in it at all', [], 49],
  ])('goes in a circle %s', (_, page, index) => {
    const listing = createListing(DAY, 100)
    const verdicts = Array.from({ length: 60 }, () => listing.add(page))
    expect(verdicts.indexOf('circling')).toBe(index)
  })

  it('is another list if it holds thousands from elsewhere and hardly any of the window', () => {
    const listing = createListing(DAY, 10_000)
    expect(listing.add(items(5))).toBe('more')
    expect(listing.add(items(2_005, 100, '2020-01-01T00:00:00Z'))).toBe('more')
    expect(listing.add([item(99, '2020-01-01T00:00:00Z')])).toBe('unfiltered')
  })
})

describe('a recording that could not be read, once Bird was asked for it,', () => {
  const { startAt, endAt } = queryOf(DAY)
  const said = (createdAt: Date) => ({ status: 'available', createdAt, durationSeconds: 7 })
  const odd = { ...item(1), status: 7 }

  it.each([
    ['is one of the window', new Date(AT), ['own']],
    ['is of another window that will list it', new Date(DAY.from.getTime() - 1), []],
    ['is of another window that will list it', endAt, []],
    ['is a stray', new Date(startAt.getTime() - 1), ['strays']],
  ])('%s: %s', (_, createdAt, kinds) => {
    const listing = listingOf([odd])
    listing.place(idOf(1), said(createdAt))
    const placed = Object.entries({
      own: listing.own,
      strays: listing.strays,
      unreadable: listing.unreadable,
    })
    expect(placed.flatMap(([kind, { size }]) => (size > 0 ? [kind] : []))).toEqual(kinds)
    const listed = { recordingId: idOf(1), ...said(createdAt) }
    expect([...listing.own.values(), ...listing.strays.values()]).toEqual(kinds.map(() => listed))
  })

  it('stays what it was where Bird said nothing of use, and one that could be read stays where it is', () => {
    const listing = listingOf([odd, item(2)])
    listing.place(idOf(1), { fault: 'unprocessable' })
    listing.place(idOf(2), said(new Date('2020-01-01T00:00:00Z')))
    listing.place(idOf(3), said(new Date(AT)))
    expect(namesOf(listing)).toMatchObject({
      own: [idOf(2)],
      strays: [],
      unreadable: { [idOf(1)]: expect.any(String) },
    })
  })
})

describe('what lists say of recordings of other windows', () => {
  it('is told once for as long as it is the same', () => {
    const hear = createHearsay()
    const border = { ...item(2, '2026-10-02T00:30:00Z'), startedAt: '2026-10-01T23:50:00Z' }
    const say = (status: string): string[] =>
      hear(listingOf([item(1, '2020-01-01T00:00:00Z', status), item(3), border]), []).map(
        ({ recordingId }) => recordingId,
      )
    expect(say('failed')).toEqual([idOf(1), idOf(2)])
    expect(say('failed')).toEqual([])
    expect(say('available')).toEqual([idOf(1)])
    expect(hear(undefined, [])).toEqual([])
  })

  it('is told along with what the sidecars put into other windows: that is archived, so it was available', () => {
    const hear = createHearsay()
    const elsewhere = [{ recordingId: idOf(5), createdAt: new Date('2026-10-02T05:00:00Z') }]
    const told = { ...elsewhere[0], status: 'available', durationSeconds: undefined }
    expect(hear(undefined, elsewhere)).toEqual([told])
    expect(hear(listingOf([item(1)]), elsewhere)).toEqual([])
  })
})

describe('recordings by their day', () => {
  it('are each under the UTC day of its createdAt', () => {
    const moments = fc.date({
      min: new Date('1970-01-01T00:00:00Z'),
      max: new Date('2100-01-01T00:00:00Z'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(fc.array(moments), (dates) => {
        const all = dates.map((createdAt, index) => ({
          recordingId: idOf(index),
          status: 'available',
          createdAt,
          durationSeconds: undefined,
        }))
        const groups = [...groupByDay(all)]
        expect(new Set(groups.map(([day]) => day.name)).size).toBe(groups.length)
        for (const [day, members] of groups)
          expect(members).toEqual(all.filter(({ createdAt }) => createdAt.toISOString().startsWith(day.name)))
        expect(groups.flatMap(([, members]) => members)).toHaveLength(all.length)
      }),
    )
  })
})
