import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readListed } from '../../lib/backfill/listed.ts'
import { createListing } from '../../lib/backfill/listing.ts'
import { type Window, windowNamed } from '../../lib/backfill/window.ts'

const DAY = windowNamed('2026-10-01') as Window
const AT = '2026-10-01T08:00:00Z'
const idOf = (index: number): string => `${String(index).padStart(8, '0')}-0000-4000-8000-000000000000`
const item = (index: number, createdAt = AT) => ({ id: idOf(index), status: 'available', createdAt })

describe('an item of the list', () => {
  it('is read as far as a sweep looks at it', () => {
    const id = 'ABCDEF00-0000-4000-8000-00000000000A'
    const link = { url: 'https://x.example/?X-Amz-Signature=1', origin: 'unheard-of' }
    expect(
      readListed({ id, status: 'moved', createdAt: '2026-10-01T10:00:00+02:00', duration: 7, ...link }),
    ).toEqual({
      ok: true,
      listed: {
        recordingId: id.toLowerCase(),
        status: 'moved',
        createdAt: new Date(AT),
        durationSeconds: 7,
      },
    })
  })

  it.each([
    ['2026-10-01T07:59:00Z', { startedAt: new Date('2026-10-01T07:59:00Z') }],
    ['0001-01-01T00:00:00Z', {}],
    ['+012026-10-01T07:59:00.000Z', {}],
    ['yesterday', {}],
    [null, {}],
    [undefined, {}],
  ])('began when Bird says so in a form that can be read: %j', (startedAt, expected) => {
    const { listed } = readListed({ ...item(1), startedAt }) as { listed: object }
    expect(Object.fromEntries(Object.entries(listed).filter(([name]) => name === 'startedAt'))).toEqual(
      expected,
    )
  })

  it.each([undefined, 0, -1, '7', null])('has no duration where Bird says %j', (duration) => {
    const read = readListed({ ...item(1), duration })
    expect(read).toMatchObject({ ok: true, listed: { durationSeconds: undefined } })
  })

  it.each([
    ['status', { ...item(1), status: 7 }, idOf(1)],
    ['status', { id: idOf(1).toUpperCase(), createdAt: AT }, idOf(1)],
    ['createdAt', item(1, 'yesterday'), idOf(1)],
    ['createdAt', item(1, '+012026-03-09T10:00:00.000Z'), idOf(1)],
    ['createdAt', item(1, '275760-01-01'), idOf(1)],
    ['createdAt', item(1, 'Jan 1 20260'), idOf(1)],
    ['createdAt', item(1, '2026-03-09T10:00:00'), idOf(1)],
    ['createdAt', item(1, '2026-02-30T10:00:00Z'), idOf(1)],
    ['createdAt', item(1, '3000-01-01T00:00:00Z'), idOf(1)],
    ['createdAt', item(1, '9999-12-31T23:59:59-01:00'), idOf(1)],
    ["createdAt, Go's absent time", item(1, '0001-01-01T00:00:00Z'), idOf(1)],
    ['createdAt', { ...item(1), createdAt: 1_759_305_600_000 }, idOf(1)],
    ['status, createdAt', { id: idOf(1) }, idOf(1)],
    ['id', { ...item(1), id: '../x' }, undefined],
    ['id', { ...item(1), id: 7 }, undefined],
    ['id, status, createdAt', {}, undefined],
    ['whole', null, undefined],
    ['whole', 'text', undefined],
    ['whole', 7, undefined],
  ])('is told by its id, where it has one, if it cannot be read at: %s', (fields, odd, recordingId) => {
    const [names = ''] = fields.split(', Go')
    expect(readListed(odd)).toEqual({ ok: false, recordingId, reason: `unreadable in the list: ${names}` })
  })

  it('never breaks the run, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (odd) => {
        const listing = createListing(DAY, 10)
        expect(listing.add([odd, item(1)])).toBe('more')
        expect(listing.own.has(idOf(1))).toBe(true)
      }),
    )
  })
})
