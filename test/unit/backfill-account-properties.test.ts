import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Account,
  type Asked,
  drawUp,
  enterUnsent,
  idsToAsk,
  idsToAskFor,
  idsToFind,
  idsToPlace,
  type InBucket,
  isUnfed,
  type Known,
  remember,
  type Unsent,
} from '../../lib/backfill/account.ts'
import { emptyLedger, type Entry, type Ledger } from '../../lib/backfill/ledger.ts'
import { createListing, type Listing } from '../../lib/backfill/listing.ts'
import { type Window, windowNamed } from '../../lib/backfill/window.ts'

const DAY = windowNamed('2026-10-01') as Window
const NOW = new Date('2026-10-03T12:00:00.000Z')
const IDS = Array.from({ length: 8 }, (_, index) => `0000000${index}-0000-4000-8000-000000000000`)
const STATUSES = ['available', 'absent', 'failed', 'accepted', 'ongoing', 'paused', 'completed', 'moved']

const id = fc.constantFrom(...IDS)
const status = fc.constantFrom(...STATUSES)
const soonBefore = fc.integer({ min: 0, max: 72 * 60 }).map((ago) => new Date(NOW.getTime() - ago * 60_000))
const REASONS = {
  sent: ['available'],
  'not-yet': [...STATUSES.slice(3), 'waits-for-room-in-the-queue'],
  'nothing-to-archive': ['absent', 'failed'],
  'dead-lettered': ['given-up', 'never-available', 'conflict'],
  refused: ['unprocessable'],
} as const
const lines = fc.constantFrom(
  ...(Object.keys(REASONS) as Entry['line'][]).flatMap((line) =>
    REASONS[line].map((reason) => ({ line, reason })),
  ),
)
const entries: fc.Arbitrary<Entry[]> = fc.uniqueArray(
  fc
    .tuple(
      fc.record(
        { recordingId: id, createdAt: soonBefore, firstSeenAt: soonBefore, sentAt: soonBefore },
        { requiredKeys: ['recordingId', 'firstSeenAt'] },
      ),
      lines,
    )
    .map(([facts, line]) => ({ ...facts, ...line })),
  { selector: ({ recordingId }) => recordingId },
)
/** A document may also have been written by hand: what is archived may stand among what is open. */
const ledgers: fc.Arbitrary<Ledger> = fc
  .record({ archived: fc.uniqueArray(id), open: entries })
  .map((held) => ({ ...emptyLedger('ws', DAY), ...held }))

const items = fc.oneof(
  fc.record({ id, status, createdAt: fc.constantFrom('2026-10-01T08:00:00Z', '2026-10-02T00:30:00Z') }),
  fc.record({ id: fc.oneof(id, fc.constant('no id')), status: fc.oneof(status, fc.constant(7)) }),
)
const listings: fc.Arbitrary<Listing | undefined> = fc.option(
  fc.array(items, { maxLength: 12 }).map((page) => {
    const listing = createListing(DAY, 100)
    listing.add(page)
    return listing
  }),
  { nil: undefined },
)
const someOf = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<Map<string, T>> =>
  fc.array(fc.tuple(id, values), { maxLength: 6 }).map((pairs) => new Map(pairs))
const buckets = someOf(
  fc.constantFrom<InBucket>(
    { kind: 'listed' },
    { kind: 'read' },
    { kind: 'unreadable', fault: 'the sidecar is not JSON' },
  ),
)
const answers = someOf<Asked>(
  fc.oneof(
    fc.record({ status, createdAt: soonBefore, durationSeconds: fc.constant(undefined) }),
    fc.constant({ fault: 'gone: Bird knows it no more' }),
  ),
)
const known: fc.Arbitrary<Known> = fc.record({
  deadLetters: someOf(fc.constantFrom('never-available', 'conflict')),
  givenUp: fc.array(id, { maxLength: 2 }).map((ids) => new Set(ids)),
  queueIsEmpty: fc.boolean(),
})

function checkAll(
  check: (drawn: {
    before: Ledger
    listing: Listing | undefined
    inBucket: Map<string, InBucket>
    asked: Map<string, Asked>
    facts: Known
    account: Account
  }) => void,
): void {
  fc.assert(
    fc.property(ledgers, listings, buckets, answers, known, (before, listing, inBucket, asked, facts) => {
      const account = drawUp(before, listing, inBucket, asked, facts, NOW)
      check({ before, listing, inBucket, asked, facts, account })
    }),
    { numRuns: 500 },
  )
}

const idsOf = (open: readonly Entry[]): string[] => open.map(({ recordingId }) => recordingId)

describe('the account of a window, whatever goes in,', () => {
  it('has every recording that is known or listed in exactly one of archived and open, and no other', () => {
    checkAll(({ before, listing, account }) => {
      const all = new Set([
        ...before.archived,
        ...idsOf(before.open),
        ...(listing?.own.keys() ?? []),
        ...(listing?.unreadable.keys() ?? []),
      ])
      expect([...account.archived, ...idsOf(account.open)].toSorted()).toEqual([...all].toSorted())
      expect(account.archived).toEqual(account.archived.toSorted())
    })
  })

  it('has as archived what was, and what has a sidecar that can be read', () => {
    checkAll(({ before, listing, inBucket, account }) => {
      const found = idsToFind(before, listing).filter((one) => {
        const sidecar = inBucket.get(one)
        return sidecar !== undefined && sidecar.fault === undefined
      })
      expect(account.archived).toEqual([...new Set([...before.archived, ...found])].toSorted())
    })
  })

  it('sends nothing but what is open, enters that as sent now, and nothing else as sent at any time', () => {
    checkAll(({ account: { open, toSend } }) => {
      for (const entry of toSend) {
        expect(open).toContain(entry)
        expect(entry).toMatchObject({ line: 'sent', sentAt: NOW })
      }
      for (const { line, sentAt } of open) expect(sentAt !== undefined).toBe(line === 'sent')
    })
  })

  it('keeps the moment at which each was met first, and when it was created', () => {
    checkAll(({ before, account }) => {
      for (const { recordingId, firstSeenAt, createdAt } of account.open) {
        const held = before.open.find((entry) => entry.recordingId === recordingId)
        expect(firstSeenAt).toEqual(held?.firstSeenAt ?? NOW)
        expect(held?.createdAt !== undefined && createdAt === undefined).toBe(false)
      }
    })
  })

  it('is the same when it is drawn up again at once, and sends nothing twice', () => {
    checkAll(({ before, listing, inBucket, asked, facts }) => {
      const answered = new Map(asked)
      for (const one of idsToAsk(before, listing, inBucket))
        if (!answered.has(one)) answered.set(one, { fault: 'unprocessable' })
      const once = drawUp(before, listing, inBucket, answered, facts, NOW)
      const twice = drawUp({ ...before, ...once }, listing, inBucket, answered, facts, NOW)
      expect({ ...twice, open: new Set(twice.open) }).toEqual({
        ...once,
        open: new Set(once.open),
        toSend: [],
      })
    })
  })

  it('can be drawn up without a guess: Bird is asked for what nobody has told anything of', () => {
    checkAll(({ before, listing, inBucket }) => {
      const toAsk = idsToAsk(before, listing, inBucket)
      expect(toAsk).toHaveLength(new Set(toAsk).size)
      const told = new Set([
        ...idsOf(before.open),
        ...(listing?.own.keys() ?? []),
        ...inBucket.keys(),
        ...toAsk,
      ])
      expect(idsToFind(before, listing).filter((one) => !told.has(one))).toEqual([])
      expect(toAsk.filter((one) => inBucket.has(one) || listing?.own.has(one) === true)).toEqual([])
    })
  })
})

describe('what others give as a reason', () => {
  const secret = 'call +49 170 1234567, https://x.example/?X-Amz-Signature=1'
  const kept = 'call …, https://x.example/?…'
  const [one = '', other = ''] = IDS
  const nobody: Known = { deadLetters: new Map([[other, secret]]), givenUp: new Set(), queueIsEmpty: false }

  it('is kept without numbers and links', () => {
    const listing = createListing(DAY, 10)
    const createdAt = '2026-10-01T08:00:00Z'
    listing.add([one, other].map((recordingId) => ({ id: recordingId, status: secret, createdAt })))
    const { open } = drawUp(emptyLedger('ws', DAY), listing, new Map(), new Map(), nobody, NOW)
    expect(open.map(({ line, reason }) => [line, reason])).toEqual([
      ['not-yet', kept],
      ['dead-lettered', kept],
    ])
    const remembered = remember(emptyLedger('ws', DAY), [...listing.own.values()], NOW)
    expect(remembered.open.map(({ reason }) => reason)).toEqual([kept, kept])
  })
})

describe('what Bird is asked for because it may be another window that it belongs to', () => {
  it('is what the list had in no form that can be read, and what this window does not know', () => {
    fc.assert(
      fc.property(ledgers, listings, (before, listing) => {
        const here = new Set([...before.archived, ...idsOf(before.open), ...(listing?.own.keys() ?? [])])
        const unreadable = [...(listing?.unreadable.keys() ?? [])]
        const toPlace = unreadable.filter((one) => !here.has(one))
        expect(idsToPlace(before, listing)).toEqual(toPlace)
        const inBucket = new Map(unreadable.map((one) => [one, { kind: 'listed' }]))
        const toAsk = idsToAsk(before, listing, inBucket)
        expect(idsToAskFor(before, listing, inBucket)).toEqual(new Set([...toAsk, ...toPlace]))
      }),
    )
  })
})

describe('what the queue did not take, whatever it is,', () => {
  it('stays open, in its order and with the moment at which it was met first', () => {
    const unsent = someOf(
      fc.constantFrom<Unsent>(
        { line: 'not-yet', reason: 'waits-for-room-in-the-queue' },
        { line: 'refused', reason: 'the queue did not take it: InternalError' },
      ),
    )
    fc.assert(
      fc.property(entries, unsent, (open, why) => {
        const entered = enterUnsent(open, why)
        expect(idsOf(entered)).toEqual(idsOf(open))
        for (const [index, entry] of entered.entries()) {
          const expected = why.get(entry.recordingId) ?? open[index]
          expect(entry).toMatchObject({ line: expected?.line, reason: expected?.reason })
          expect(entry.firstSeenAt).toEqual(open[index]?.firstSeenAt)
          expect(why.has(entry.recordingId) && 'sentAt' in entry).toBe(false)
        }
        const waits = entered.filter(({ reason }) => reason === 'waits-for-room-in-the-queue')
        expect(isUnfed({ open: entered })).toBe(waits.length > 0)
      }),
    )
  })
})
