import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  emptyLedger,
  type Entry,
  isExplained,
  isPending,
  isSettled,
  isUnexplained,
  type Ledger,
  noteElsewhere,
  noteLost,
} from '../../lib/backfill/ledger.ts'
import { type Window, windowNamed } from '../../lib/backfill/window.ts'

const DAY = windowNamed('2026-10-01') as Window
const CLOSED = new Date('2026-10-02T01:00:00.000Z')
const NOW = new Date('2026-10-03T12:00:00.000Z')
const DAY_MS = 86_400_000

const entry = (line: Entry['line'], reason: string, more: Partial<Entry> = {}): Entry => ({
  recordingId: 'a',
  line,
  reason,
  firstSeenAt: NOW,
  ...more,
})
const ABSENT = entry('nothing-to-archive', 'absent')
const GIVEN_UP = entry('dead-lettered', 'given-up')
const SETTLED: Ledger = {
  ...emptyLedger('ws', DAY),
  sweeps: 1,
  sweptAt: NOW,
  listed: { digest: 'one', complete: true, agreed: 1, strays: 3, nameless: 0 },
  archived: ['b'],
  open: [ABSENT, GIVEN_UP],
}
const ATTESTED = { key: 'k', digest: 'd', at: NOW }

describe('an entry', () => {
  const fresh = { firstSeenAt: NOW }
  const aDayOld = { firstSeenAt: new Date(NOW.getTime() - DAY_MS) }
  const older = { firstSeenAt: new Date(NOW.getTime() - DAY_MS - 1) }
  it.each([
    ['nothing-to-archive', 'absent', older, 'explained'],
    ['nothing-to-archive', 'failed', fresh, 'explained'],
    ['dead-lettered', 'given-up', older, 'explained'],
    ['dead-lettered', 'conflict', fresh, 'unexplained'],
    ['refused', 'gone: Bird knows it no more', fresh, 'unexplained'],
    ['refused', 'given-up', fresh, 'unexplained'],
    ['not-yet', 'ongoing', older, 'waited for'],
    ['not-yet', 'given-up', older, 'waited for'],
    ['sent', 'available', fresh, 'waited for'],
    ['sent', 'available', aDayOld, 'waited for'],
    ['sent', 'available', older, 'unexplained'],
  ] as const)('that is %s (%s), met first %j, is %s', (line, reason, since, expected) => {
    const one = entry(line, reason, since)
    const [explained, unexplained] = [isExplained(one), isUnexplained(one, NOW)]
    expect({ explained, unexplained }).toEqual({
      explained: expected === 'explained',
      unexplained: expected === 'unexplained',
    })
  })

  it('that Bird is not done with is never explained, whatever Bird calls that', () => {
    const statuses = fc.oneof(fc.string(), fc.constantFrom('given-up', 'absent', 'never-available'))
    fc.assert(fc.property(statuses, (status) => !isExplained(entry('not-yet', status))))
  })
})

describe('a window', () => {
  it('is settled once it is closed, its list was complete, and nothing is left open', () => {
    expect(isSettled(SETTLED, DAY, CLOSED)).toBe(true)
    expect(isSettled({ ...SETTLED, archived: [], open: [] }, DAY, CLOSED)).toBe(true)
  })

  it.each([
    ['that is not closed yet', {}, new Date(CLOSED.getTime() - 1)],
    ['whose list broke off', { listed: { ...SETTLED.listed, complete: false, fault: 'x' } }, CLOSED],
    ['whose list names what has no id', { listed: { ...SETTLED.listed, nameless: 1 } }, CLOSED],
    ['with a recording that Bird is not done with', { open: [ABSENT, entry('not-yet', 'ongoing')] }, CLOSED],
    ['with a recording that was sent', { open: [entry('sent', 'available'), ABSENT] }, CLOSED],
    ['with a recording that was refused', { open: [entry('refused', 'gone')] }, CLOSED],
    ['with a dead letter', { open: [entry('dead-lettered', 'conflict')] }, CLOSED],
    ['that nobody has swept', emptyLedger('ws', DAY), CLOSED],
  ])('%s is not settled', (_, more, now) => {
    expect(isSettled({ ...SETTLED, ...more }, DAY, now)).toBe(false)
  })

  it.each([
    ['is looked at again until it is attested', {}, true],
    ['is not looked at again once it is', { attestation: ATTESTED }, false],
    ['is not looked at again where its parts are', { split: true }, false],
  ])('%s', (_, more, expected) => {
    expect(isPending({ ...SETTLED, ...more })).toBe(expected)
  })
})

describe('sidecars that are not what they have to be', () => {
  it('take their recordings out of what is archived; the window is to be attested anew', () => {
    const before = { ...SETTLED, archived: ['b', 'c', 'd'], attestation: ATTESTED }
    const lost = new Map([
      ['c', 'the sidecar is not JSON'],
      ['d', 'its sidecar is no longer in the bucket'],
    ])
    expect(noteLost(before, lost, CLOSED)).toEqual({
      ...before,
      archived: ['b'],
      open: [
        ABSENT,
        GIVEN_UP,
        entry('refused', 'the sidecar is not JSON', { recordingId: 'c', firstSeenAt: CLOSED }),
        entry('refused', 'its sidecar is no longer in the bucket', { recordingId: 'd', firstSeenAt: CLOSED }),
      ],
      attestation: null,
    })
  })
  it('take their recordings to another window where they say so', () => {
    const before = {
      ...SETTLED,
      archived: ['b', 'c', 'd'],
      elsewhere: [{ recordingId: 'e', createdAt: NOW }],
    }
    expect(noteElsewhere(before, new Map([['c', CLOSED]]))).toEqual({
      ...before,
      archived: ['b', 'd'],
      elsewhere: [
        { recordingId: 'e', createdAt: NOW },
        { recordingId: 'c', createdAt: CLOSED },
      ],
    })
  })
})
