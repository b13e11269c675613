import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ACCESS_ACTIONS,
  ACCESS_LIMITS,
  ACCESS_SCHEMA,
  type AccessRecord,
  checkActor,
  checkReason,
  maskNumbers,
  readAccess,
  writeAccess,
} from '../../lib/retrieve/access.ts'

const ID = '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd'
const RECORD: AccessRecord = {
  id: '1f7f0b5e-3b0f-4f0e-9a59-0f3a1d3c9d11',
  at: new Date('2026-03-01T10:12:13.456Z'),
  action: 'get',
  actor: 'anna',
  reason: 'complaint 4711',
  via: 'terminal',
  workspaceId: 'ours',
  recordingIds: [ID],
}
const lineOf = (more: Partial<AccessRecord>) =>
  JSON.parse(writeAccess({ ...RECORD, ...more })) as Record<string, unknown>

describe('a line of the access log', () => {
  it('is one line of JSON that says who did what with which recordings, and why', () => {
    const text = writeAccess({ ...RECORD, caseNumber: 'C-12', detail: 'for the regulator' })
    expect(text.endsWith('}\n')).toBe(true)
    expect(text.trimEnd()).not.toContain('\n')
    expect(JSON.parse(text)).toEqual({
      schema: 'urn:bird-recording-archiver:access:1',
      id: RECORD.id,
      at: '2026-03-01T10:12:13.456Z',
      action: 'get',
      actor: 'anna',
      reason: 'complaint 4711',
      caseNumber: 'C-12',
      via: 'terminal',
      workspaceId: 'ours',
      recordingIds: [ID],
      criteria: null,
      detail: 'for the regulator',
    })
  })

  it('reads back as it was written, whatever people write', () => {
    const plain = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
      .filter((text) => checkReason(text, true).ok && text.trim() === text)
    const record = fc.record({
      at: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z') }),
      action: fc.constantFrom(...ACCESS_ACTIONS),
      actor: plain,
      reason: fc.option(plain, { nil: undefined }),
      recordingIds: fc.array(fc.uuid(), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(record, (given) => {
        const written: AccessRecord = { ...RECORD, ...given }
        expect(readAccess(writeAccess(written))).toEqual({ ok: true, record: written })
      }),
    )
  })

  it.each([
    ['a line break in the reason', { reason: 'a\nb' }],
    ['an escape in the actor', { actor: '\u001b[31mroot' }],
    ['a change of direction', { reason: 'abc\u202egnp' }],
    ['half a character', { detail: '\ud800' }],
    ['nobody', { actor: '' }],
    ['a reason that is too long', { reason: 'x'.repeat(ACCESS_LIMITS.reason + 1) }],
    ['a case number that is too long', { caseNumber: 'x'.repeat(ACCESS_LIMITS.caseNumber + 1) }],
    ['an id that is none', { id: '../../x' }],
    ['a recording id that is none', { recordingIds: [ID, 'x'] }],
    ['a workspace id that is none', { workspaceId: 'a/b' }],
    [
      'too many recordings',
      { recordingIds: Array.from({ length: ACCESS_LIMITS.recordingIds + 1 }, () => ID) },
    ],
    ['criteria without end', { criteria: { channel: 'x'.repeat(ACCESS_LIMITS.criteria) } }],
  ] satisfies [string, Partial<AccessRecord>][])('is refused with %s', (_, more) => {
    expect(() => writeAccess({ ...RECORD, ...more })).toThrow(RangeError)
  })

  it('takes texts as long as they may be', () => {
    const reason = 'x'.repeat(ACCESS_LIMITS.reason)
    expect(lineOf({ reason })['reason']).toBe(reason)
  })

  it.each([
    ['no JSON', 'x', 'not JSON'],
    ['another schema', JSON.stringify({ ...lineOf({}), schema: `${ACCESS_SCHEMA}0` }), 'schema'],
    ['an action that is not known', JSON.stringify({ ...lineOf({}), action: 'sing' }), 'action'],
    ['a time that is none', JSON.stringify({ ...lineOf({}), at: 'yesterday' }), 'at'],
    ['no actor', JSON.stringify({ ...lineOf({}), actor: null }), 'actor'],
    ['an array', '[]', 'schema'],
    ['nothing', 'null', 'root'],
  ])('is told unreadable with %s', (_, text, named) => {
    expect(readAccess(text)).toEqual({ ok: false, reason: expect.stringContaining(named) })
  })
})

describe('phone numbers in criteria', () => {
  it.each([
    [{ number: '+49 170 1234567' }, { number: '…67' }],
    [{ number: '00491701234567' }, { number: '…67' }],
    [{ numbers: ['+491701234567', '0170/1234-5 68'] }, { numbers: ['…67', '…68'] }],
    [{ fromNumber: 491701234567 }, { fromNumber: '…67' }],
    [{ number: { written: '12345' } }, { number: { written: '…45' } }],
    [{ text: 'who called +49 (170) 12 34 567 twice' }, { text: 'who called …67 twice' }],
    [{ text: '+49\u00a0170\u20131234\u201167' }, { text: '…67' }],
    [{ text: '＋４９１７０１２３４５６７' }, { text: '…６７' }],
    [{ text: '٠١٧٠ ١٢٣٤٥٦٧' }, { text: '…٦٧' }],
    [{ caller: 'anonymous' }, { caller: '…' }],
  ])('%j is written as %j', (given, masked) => {
    expect(lineOf({ action: 'search', criteria: given })['criteria']).toEqual(masked)
  })

  it('leaves days, moments, ids, lengths and words alone', () => {
    const criteria = {
      from: '2026-03-01',
      to: '2026-04-01T00:00:00.000Z',
      since: '2026-04-01T00:00:00+02:00',
      id: ID,
      minDurationMs: 36_000_000,
      direction: 'incoming',
      complete: true,
      nothing: null,
    }
    expect(maskNumbers(criteria)).toEqual(criteria)
  })

  it('never lets seven digits of one through, however it is written and wherever it stands', () => {
    const digits = fc.array(fc.constantFrom('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'), {
      minLength: 7,
      maxLength: 15,
    })
    const separators = fc.constantFrom('', ' ', '-', '/', '.', ' (', ') ')
    const number = fc
      .tuple(digits, fc.array(separators, { minLength: 15, maxLength: 15 }))
      .map(([all, between]) => all.map((digit, index) => digit + (between[index] ?? '')).join(''))
    fc.assert(
      fc.property(number, fc.constantFrom('number', 'q', 'originator'), (written, name) => {
        const { [name]: masked } = maskNumbers({ [name]: `x ${written}` })
        expect(JSON.stringify(masked).replace(/\D/g, '').length).toBeLessThan(7)
      }),
    )
  })
})

describe('a reason', () => {
  it('is trimmed', () => {
    expect(checkReason('  complaint ', true)).toEqual({ ok: true, reason: 'complaint' })
  })

  it.each([undefined, '', '   '])(
    'that is blank (%j) is none, and missed only where one is required',
    (given) => {
      expect(checkReason(given, false)).toEqual({ ok: true, reason: undefined })
      expect(checkReason(given, true)).toEqual({ ok: false, fault: expect.stringContaining('--reason') })
    },
  )

  it('of more than a line is refused', () => {
    expect(checkReason('a\nb', false)).toEqual({ ok: false, fault: expect.stringContaining('plain text') })
  })

  it('that is too long says how long it may be', () => {
    expect(checkReason('x'.repeat(501), false)).toEqual({ ok: false, fault: expect.stringContaining('500') })
  })
})

describe('an actor', () => {
  it.each(['', ' '])('must be named (%j)', (given) => {
    expect(checkActor(given)).toEqual({ ok: false, fault: expect.stringContaining('--actor') })
  })

  it('may be an ARN', () => {
    const actor = 'arn:aws:sts::123456789012:assumed-role/compliance/anna@example.com'
    expect(checkActor(actor)).toEqual({ ok: true, actor })
  })
})

it('a number that stands where a time of day would is masked', () => {
  const masked = JSON.stringify(
    maskNumbers({ from: '2024-03-01T4930123456Z', to: '2024-03-01T10:30:00.123+01:00' }),
  )
  expect(masked).not.toContain('4930123456')
  expect(masked).toContain('2024-03-01T10:30:00.123+01:00')
})
