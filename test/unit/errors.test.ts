import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKeys, utcDay } from '../../lib/archive/keys.ts'
import { createBackfillKeys } from '../../lib/backfill/keys.ts'
import { windowAt } from '../../lib/backfill/window.ts'
import { createCatalogKeys } from '../../lib/catalog/segments.ts'
import { BirdError, ConfigurationError, describeError, redact, StoppedError } from '../../lib/errors.ts'
import { createRetrieveKeys } from '../../lib/retrieve/keys.ts'
import { createVerifyKeys } from '../../lib/verify/keys.ts'

const ID = '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd'
const DIGITS = '1234567890'.repeat(5)
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi

describe('foreign text', () => {
  it.each([
    ['nothing to hide', 'nothing to hide'],
    ['GET https://x.example/a.mp3?X-Amz-Signature=ab&x=1 failed', 'GET https://x.example/a.mp3?… failed'],
    ['"https://x.example/?a=\'b\'"', '"https://x.example/?…'],
    ['cut off: &X-Amz-Signature=abcdef', 'cut off: &X-Amz-Signature=…'],
    ['Authorization: AccessKey abc"def,ghi', 'Authorization: AccessKey …'],
    ['accesskey:  abc', 'AccessKey …'],
    ['AccessKey\nabc x', 'AccessKey … x'],
    ['call +15550100123 now', 'call … now'],
    ['call 15550100123 now', 'call … now'],
    ['call +1 (555) 010-0123 now', 'call … now'],
    ['call 0155.50.10.01 or 55 50 10 0', 'call … or …'],
    ['call +49\u00a0170\u20131234\u201167 or ＋４９１７０１２３４５６７ or ٠١٧٠ ١٢٣٤٥٦٧', 'call … or … or …'],
    ['port 127.0.0.1:65535 and 123456', 'port 127.0.0.1:65535 and 123456'],
    [`recording ${ID} is gone`, `recording ${ID} is gone`],
    ['12345678-1234-1234-1234-123456789012', '12345678-1234-1234-1234-123456789012'],
    [`${ID},${ID.toUpperCase()}`, `${ID},${ID.toUpperCase()}`],
    ['12345678-1234-1234-1234-1234567890123', '…'],
    [`read x/${ID}/2024-03-01T0507.json`, `read x/${ID}/2024-03-01T0507.json`],
    ['write marks/2024-02-29_2024-03-03.json', 'write marks/2024-02-29_2024-03-03.json'],
    [
      `stored ${DIGITS}${'7'.repeat(14)}, offered ${'ab12345678'.repeat(6)}cdef`,
      `stored ${DIGITS}${'7'.repeat(14)}, offered ${'ab12345678'.repeat(6)}cdef`,
    ],
    [
      `call +${DIGITS}${'7'.repeat(14)} or ${DIGITS}${'7'.repeat(15)} or x_${DIGITS}${'7'.repeat(14)}`,
      'call … or … or x_…',
    ],
    ['x/2024-02-29/88225b9001944665.json', 'x/2024-02-29/88225b9001944665.json'],
    ['x/2024-02-29/8822509001944665.json', 'x/2024-02-29/8822509001944665.json'],
    ['x/155501001234567.json or x/88225b9001944665.mp3', 'x/….json or x/88225b….mp3'],
    [`x/day=2024-02-29/${ID}-a12345678901.ndjson`, `x/day=2024-02-29/${ID}-a12345678901.ndjson`],
    ['x/tel-155501001234.ndjson', 'x/tel-….ndjson'],
    [`x/day=2024-02-29/050700.123Z-${ID}.ndjson`, `x/day=2024-02-29/050700.123Z-${ID}.ndjson`],
    [`verify/x/2024-02-29T050700.123Z-${ID}.json`, `verify/x/2024-02-29T050700.123Z-${ID}.json`],
    ['reports/all/2024-02-29T050700.123Z.json', 'reports/all/2024-02-29T050700.123Z.json'],
    ['x/2024-02-29-5 or x/990700.123Z-', 'x/… or x/…Z-'],
    ['call 2024-03-01 or /2024-03-01 or /2024-03-011/', 'call … or /… or /…/'],
    ['to https%3A%2F%2Fx.example%2Fa%3FX-Amz-Signature%3Dabc now', 'to https%3A%2F%2Fx.example%2Fa?… now'],
    ['{"accessKey":"abc","more":1} now', '{"AccessKey … now'],
    ['1555\ue0007\ue0000100123', '…'],
    ['\ue0000\ue000', ' 0 '],
    ['call 155\u00015010\u00020123', 'call …'],
    ['', ''],
  ])('%j becomes %j', (text, redacted) => {
    expect(redact(text)).toBe(redacted)
  })

  it('of ours that names an object is left as it is', () => {
    const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length - 3}}[0-9a-f]{3}$`))
    const moment = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
    const sizes = fc.constantFrom('day' as const, 'hour' as const, 'minute' as const)
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), moment, hex(64), sizes, (workspaceId, id, at, digest, size) => {
        const day = utcDay(at)
        const keys = { ...createKeys('a/'), ...createBackfillKeys('a/'), ...createRetrieveKeys('a/') }
        const names = [
          keys.audio(workspaceId, id),
          keys.sidecar(workspaceId, id),
          keys.catalog(workspaceId, day, `${id}-${digest.slice(0, 12)}`),
          createCatalogKeys('a/').compact(workspaceId, day, digest),
          createCatalogKeys('a/').manifest(workspaceId, day, digest),
          keys.ledger(workspaceId, windowAt(at, size).name),
          keys.report(workspaceId, 'all', at),
          keys.attestation(workspaceId, windowAt(at, size).name, digest),
          keys.dropped(workspaceId, id),
          keys.access(at, id),
          keys.hold(workspaceId, id),
          createVerifyKeys('a/').report(workspaceId, at, id),
        ]
        for (const name of names) expect(redact(`write ${name} failed`)).toBe(`write ${name} failed`)
      }),
      { numRuns: 500 },
    )
  })

  it('is cut to 300 characters', () => {
    expect(redact('x'.repeat(100_000))).toBe('x'.repeat(300))
  })

  it('lets no telephone number, query or key through, and every UUID', () => {
    const word = fc.stringMatching(/^[a-zA-Z :;!-]{0,12}$/)
    const digits = fc.stringMatching(/^[0-9]{7,15}$/)
    const secret = fc.stringMatching(/^[!-~]{6,20}$/).map((text) => `SECRET${text}`)
    const piece = fc.oneof(
      word.map((text) => ({ text, uuid: '' })),
      fc
        .tuple(fc.constantFrom('', '+', 'tel:', '"'), digits)
        .map((parts) => ({ text: parts.join(''), uuid: '' })),
      digits.map((number) => ({ text: number.replace(/(..)/g, '$1-').replace(/-$/, ''), uuid: '' })),
      secret.map((key) => ({ text: `AccessKey ${key}`, uuid: '' })),
      secret.map((query) => ({ text: `https://x.example/a?q=${query}`, uuid: '' })),
      secret.map((query) => ({ text: `X-Amz-Signature=${query}`, uuid: '' })),
      fc.string({ unit: 'binary', maxLength: 4 }).map((text) => ({ text, uuid: '' })),
      fc.uuid().map((uuid) => ({ text: uuid, uuid })),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
        const text = pieces.map((part) => part.text).join(' x ')
        const redacted = redact(text)
        expect(redacted).not.toContain('SECRET')
        expect(redacted.replace(UUID, '')).not.toMatch(/\d{7,}/)
        expect(redacted.replace(UUID, '')).not.toMatch(/\d(?:-?\d){6,}/)
        const uuids = redacted.length < 300 ? pieces.map(({ uuid }) => uuid) : []
        for (const uuid of uuids) expect(redacted).toContain(uuid)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is never let longer than 300 characters, nor thrown at', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
        expect(redact(text).length).toBeLessThanOrEqual(300)
      }),
    )
  })
})

describe('an error', () => {
  it('of Bird names operation, status and reason, and hides what the reason must not show', () => {
    const error = new BirdError({ operation: 'get recording', status: 404 }, 'no +15550100123')
    expect(error.message).toBe('get recording answered 404: no …')
    expect(new BirdError({ operation: 'download' }, 'no answer').message).toBe('download: no answer')
  })

  it('of the configuration lists every fault', () => {
    const error = new ConfigurationError(['one', 'two'])
    expect(error.message).toBe('Configuration: one · two')
    expect(error.faults).toEqual(['one', 'two'])
  })

  it('tells why work was stopped', () => {
    expect(new StoppedError('batch-stopped')).toMatchObject({
      why: 'batch-stopped',
      message: 'stopped: batch-stopped',
    })
  })

  it.each([
    [new TypeError('bad'), 'TypeError: bad'],
    [new Error('top', { cause: new RangeError('below') }), 'Error: top (RangeError: below)'],
    [new Error('top', { cause: 'text' }), 'Error: top'],
    [Object.assign(new Error('reset'), { code: 'ECONNRESET' }), 'Error ECONNRESET: reset'],
    [Object.assign(new Error('odd'), { code: 7 }), 'Error: odd'],
    [
      new Error('at https://x.example/?sig=1', { cause: new Error('+15550100123') }),
      'Error: at https://x.example/?… (Error: …)',
    ],
    ['call 15550100123', 'call …'],
    [undefined, 'undefined'],
    [null, 'null'],
  ])('is described in one redacted line: %s', (thrown, line) => {
    expect(describeError(thrown)).toBe(line)
  })
})
