import { describe, expect, it } from 'vitest'
import {
  type Asked,
  drawUp,
  enterUnsent,
  idsToAsk,
  idsToFind,
  type InBucket,
  type Known,
  type Unsent,
} from '../../lib/backfill/account.ts'
import { emptyLedger, type Entry, type Ledger } from '../../lib/backfill/ledger.ts'
import { createListing, type Listing } from '../../lib/backfill/listing.ts'
import { type Window, windowNamed } from '../../lib/backfill/window.ts'

const DAY = windowNamed('2026-10-01') as Window
const NOW = new Date('2026-10-03T12:00:00.000Z')
const EARLIER = new Date('2026-10-02T12:00:00.000Z')
const CREATED = new Date('2026-10-01T08:00:00.000Z')
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map(
  (letter) => `${letter.repeat(8)}-0000-4000-8000-000000000000`,
) as [string, string, string, string]

const HOUR_MS = 3_600_000
const ago = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR_MS)
const entry = (recordingId: string, more: Partial<Entry> = {}): Entry => ({
  recordingId,
  createdAt: CREATED,
  line: 'not-yet',
  reason: 'ongoing',
  firstSeenAt: EARLIER,
  ...more,
})
const ledgerOf = (archived: readonly string[], open: readonly Entry[] = []): Ledger => ({
  ...emptyLedger('ws', DAY),
  archived,
  open,
})
const item = (id: string, status = 'available', createdAt: unknown = CREATED.toISOString()) => ({
  id,
  status,
  createdAt,
})
function listingOf(...items: unknown[]): Listing {
  const listing = createListing(DAY, 100)
  listing.add(items)
  return listing
}
const KNOWN: Known = { deadLetters: new Map(), givenUp: new Set(), queueIsEmpty: false }
const LISTED: InBucket = { kind: 'listed' }
const BROKEN: InBucket = { kind: 'unreadable', fault: 'the sidecar is not JSON' }

/** What comes of an entry, where nothing else is known of the window. */
function settle(
  before: Entry | undefined,
  given: { listing?: Listing; inBucket?: InBucket; asked?: Asked; known?: Partial<Known> } = {},
): Partial<Entry> & { sends: boolean } {
  const { open, toSend } = drawUp(
    ledgerOf([], before === undefined ? [] : [before]),
    given.listing,
    new Map(given.inBucket === undefined ? [] : [[A, given.inBucket]]),
    new Map(given.asked === undefined ? [] : [[A, given.asked]]),
    { ...KNOWN, ...given.known },
    NOW,
  )
  expect(open).toHaveLength(1)
  return { ...open[0], sends: toSend.length === 1 }
}

describe('what is looked for in the bucket', () => {
  it('is all that is known or listed, each once, but not what is known to be there', () => {
    const listing = listingOf(item(A), item(B), item(C), item(D, 'available', 'never'))
    const ids = idsToFind(ledgerOf([A], [entry(B)]), listing)
    expect(ids.toSorted()).toEqual([B, C, D])
    expect(idsToFind(ledgerOf([A], [entry(B)]), undefined)).toEqual([B])
  })
})

describe('what Bird is asked for one by one', () => {
  it('is what the list did not name, or not in a form that can be read, unless it is in the bucket', () => {
    const before = ledgerOf([], [entry(A), entry(B, { line: 'sent' }), entry(C, { line: 'sent' })])
    const listing = listingOf(item(A), item(D, 'available', 'never'))
    expect(idsToAsk(before, listing, new Map()).toSorted()).toEqual([B, C, D])
    expect(idsToAsk(before, listing, new Map([[B, LISTED]])).toSorted()).toEqual([C, D])
    expect(idsToAsk(before, listing, new Map([[D, BROKEN]])).toSorted()).toEqual([B, C])
  })

  it('is nothing that the list named twice, once in a form that can be read', () => {
    const listing = listingOf(item(A, 'available', 'never'), item(A), item(B), item(B, 'available', 'never'))
    expect(idsToAsk(ledgerOf([]), listing, new Map())).toEqual([])
  })

  it.each([
    ['not-yet', 'ongoing', true],
    ['refused', 'gone: Bird knows it no more', true],
    ['sent', 'available', false],
    ['nothing-to-archive', 'absent', false],
    ['dead-lettered', 'conflict', false],
    ['dead-lettered', 'given-up', false],
    // Bird may have it by now, or not: it must not be sent on a guess.
    ['dead-lettered', 'never-available', true],
  ] as const)('where nothing was listed: what is %s (%s): %s', (line, reason, isAsked) => {
    const ids = idsToAsk(ledgerOf([], [entry(A, { line, reason })]), undefined, new Map())
    expect(ids).toEqual(isAsked ? [A] : [])
  })
})

describe('a recording that is listed for the first time', () => {
  it('is sent, if Bird has it and the bucket has not', () => {
    expect(settle(undefined, { listing: listingOf(item(A)) })).toEqual({
      recordingId: A,
      createdAt: CREATED,
      line: 'sent',
      reason: 'available',
      firstSeenAt: NOW,
      sentAt: NOW,
      sends: true,
    })
  })

  it('waits, if Bird is not done with it', () => {
    expect(settle(undefined, { listing: listingOf(item(A, 'ongoing')) })).toEqual({
      recordingId: A,
      createdAt: CREATED,
      line: 'not-yet',
      reason: 'ongoing',
      firstSeenAt: NOW,
      sends: false,
    })
  })

  it('is refused with what is wrong, if neither the list nor Bird itself says anything of use', () => {
    const listing = listingOf(item(A, 'available', 'never'))
    const fault = 'unprocessable'
    const came = settle(undefined, { listing, asked: { fault } })
    expect(came).toEqual({
      recordingId: A,
      line: 'refused',
      reason: fault,
      firstSeenAt: NOW,
      sends: false,
    })
    expect(settle(undefined, { listing })).toMatchObject({ reason: 'nothing is known of it' })
  })

  it('is refused, if its sidecar is there and cannot be read', () => {
    const came = settle(undefined, { listing: listingOf(item(A)), inBucket: BROKEN })
    expect(came).toMatchObject({ line: 'refused', reason: BROKEN.fault, createdAt: CREATED, sends: false })
  })
})

describe('a recording that is known', () => {
  it.each([
    ['just now', { sentAt: NOW }, false, NOW, false],
    ['an hour ago', { sentAt: ago(1) }, false, ago(1), false],
    ['an hour ago, and the queue is empty', { sentAt: ago(1) }, true, NOW, true],
    ['a day ago', { sentAt: ago(24) }, false, NOW, true],
    ['never', {}, false, NOW, true],
  ])('and was sent %s: %j', (_, more, queueIsEmpty, sentAt, sends) => {
    const before = entry(A, { line: 'sent', reason: 'available', ...more })
    expect(settle(before, { known: { queueIsEmpty } })).toEqual({ ...before, sentAt, sends })
  })

  it('is in the line that Bird told when asked, before what the list told, before what was told before', () => {
    const before = entry(A, { line: 'nothing-to-archive', reason: 'absent' })
    const listing = listingOf(item(A, 'failed'))
    const asked = { status: 'ongoing', createdAt: CREATED, durationSeconds: 1 }
    expect(settle(before, { listing, asked })).toMatchObject({ line: 'not-yet', reason: 'ongoing' })
    expect(settle(before, { listing })).toMatchObject({ line: 'nothing-to-archive', reason: 'failed' })
    expect(settle(before)).toEqual({ ...before, sends: false })
  })

  it.each([
    ['dead-lettered', 'conflict'],
    ['dead-lettered', 'given-up'],
  ] as const)('and was %s (%s) is sent again once the letter is gone', (line, reason) => {
    expect(settle(entry(A, { line, reason }))).toMatchObject({ line: 'sent', sentAt: NOW, sends: true })
  })

  it('stays refused, or not yet, where nobody has asked anew, and keeps what Bird told of it before', () => {
    const before = entry(A, { line: 'refused', reason: 'unprocessable' })
    for (const held of [before, entry(A)]) expect(settle(held)).toEqual({ ...held, sends: false })
    expect(settle(before, { asked: { fault: 'gone' } })).toEqual({ ...before, reason: 'gone', sends: false })
  })

  it('learns from Bird when it was created, and forgets when it was sent once it is not sent any more', () => {
    const { createdAt: _, ...before } = entry(A, { line: 'sent', reason: 'available', sentAt: ago(1) })
    const asked = { status: 'failed', createdAt: CREATED, durationSeconds: undefined }
    expect(settle(before, { asked })).toEqual({
      recordingId: A,
      createdAt: CREATED,
      line: 'nothing-to-archive',
      reason: 'failed',
      firstSeenAt: EARLIER,
      sends: false,
    })
  })

  it('is dead-lettered with the reason of its letter, and given up only by a person', () => {
    const deadLetters = new Map([[A, 'conflict']])
    const listing = listingOf(item(A))
    expect(settle(entry(A), { listing, known: { deadLetters } })).toMatchObject({
      line: 'dead-lettered',
      reason: 'conflict',
      sends: false,
    })
    expect(settle(entry(A), { listing, known: { deadLetters, givenUp: new Set([A]) } })).toMatchObject({
      line: 'dead-lettered',
      reason: 'given-up',
    })
    expect(settle(entry(A), { listing, known: { givenUp: new Set([B]) } })).toMatchObject({ line: 'sent' })
  })
})

describe('what the queue did not take', () => {
  it('is entered with the reason, and as not sent; the rest stays as it is', () => {
    const open = [A, B, C].map((id) => entry(id, { line: 'sent', reason: 'available', sentAt: NOW }))
    const unsent = new Map<string, Unsent>([
      [A, { line: 'not-yet', reason: 'waits-for-room-in-the-queue' }],
      [C, { line: 'refused', reason: 'the queue did not take it: InternalError' }],
    ])
    expect(enterUnsent(open, unsent)).toEqual([
      entry(A, { line: 'not-yet', reason: 'waits-for-room-in-the-queue' }),
      open[1],
      entry(C, { line: 'refused', reason: 'the queue did not take it: InternalError' }),
    ])
    expect(enterUnsent(open, new Map())).toEqual(open)
  })
})
