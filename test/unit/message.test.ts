import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRecordingId, parseMessage } from '../../lib/archive/message.ts'

const ID = '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd'
const SENT = new Date('2026-11-23T12:00:00.000Z')
const REASON =
  /^the body(?: is neither a recording id nor JSON| is JSON, but not an object with a recordingId|'s (?:recordingId|workspaceId) is missing or malformed)$/
const parse = (body: string, attributes: Record<string, string | undefined> = {}) =>
  parseMessage({ body, attributes, sentAt: SENT }, 'ours')
const request = (more = {}) => ({
  readable: true,
  request: { recordingId: ID, workspaceId: 'ours', firstSeenAt: SENT, deferrals: 0, ...more },
})
const json = JSON.stringify
const event = (detail: unknown) => ({ version: '0', id: 'e', 'detail-type': 'x', source: 's', detail })
const sns = (Message: string) => ({ Type: 'Notification', MessageId: 'm', TopicArn: 't', Message })

describe('a message', () => {
  it.each([
    ['a bare id', ID],
    ['an id in upper case', ID.toUpperCase()],
    ['an id among blanks', ` \r\n${ID}\t\n`],
    ['an id behind a byte order mark', `\uFEFF${ID}`],
    ['an id as JSON text', json(` ${ID} `)],
    ['an object', json({ recordingId: ID })],
    ['an object with more in it', json({ recordingId: ` ${ID.toUpperCase()} `, priority: 1, url: null })],
    ['an EventBridge event', json(event({ recordingId: ID }))],
    ['SNS around an id', json(sns(ID))],
    ['SNS around an object', json(sns(json({ recordingId: ID })))],
    ['SNS around an event', json(sns(json(event({ recordingId: ID }))))],
    ['SNS around SNS around an event', json(sns(json(sns(json(event({ recordingId: ID }))))))],
  ])('is read: %s', (_, body) => {
    expect(parse(body)).toEqual(request())
  })

  it('may name another workspace than the configured one', () => {
    expect(parse(json(event({ recordingId: ID, workspaceId: 'Theirs_2' })))).toEqual(
      request({ workspaceId: 'Theirs_2' }),
    )
  })

  it.each([
    ['', 'the body is neither a recording id nor JSON'],
    ['hello', 'the body is neither a recording id nor JSON'],
    [`${ID} ${ID}`, 'the body is neither a recording id nor JSON'],
    [`x${ID}`, 'the body is neither a recording id nor JSON'],
    [`${ID}0`, 'the body is neither a recording id nor JSON'],
    [ID.replaceAll('-', ''), 'the body is neither a recording id nor JSON'],
    ['null', 'the body is JSON, but not an object with a recordingId'],
    ['12', 'the body is JSON, but not an object with a recordingId'],
    ['"hello"', 'the body is JSON, but not an object with a recordingId'],
    ['{}', "the body's recordingId is missing or malformed"],
    [json([ID]), "the body's recordingId is missing or malformed"],
    [json({ recordingId: 'x' }), "the body's recordingId is missing or malformed"],
    [json({ recordingId: 7 }), "the body's recordingId is missing or malformed"],
    [json({ recordingId: ID, workspaceId: '../x' }), "the body's workspaceId is missing or malformed"],
    [json({ recordingId: ID, workspaceId: 'a b' }), "the body's workspaceId is missing or malformed"],
    [json({ recordingId: ID, workspaceId: '' }), "the body's workspaceId is missing or malformed"],
    [
      json({ recordingId: ID, workspaceId: 'w'.repeat(65) }),
      "the body's workspaceId is missing or malformed",
    ],
    [json(sns('hello')), 'the body is neither a recording id nor JSON'],
    [
      json({ ...sns(ID), Type: 'SubscriptionConfirmation' }),
      "the body's recordingId is missing or malformed",
    ],
    [json(event(null)), "the body's recordingId is missing or malformed"],
  ])('is not read: %j, %s', (body, reason) => {
    expect(parse(body)).toEqual({ readable: false, reason })
  })

  it('is not unwrapped deeper than three envelopes', () => {
    const wrap = (levels: number): string => (levels === 0 ? ID : json(sns(wrap(levels - 1))))
    expect(parse(wrap(3)).readable).toBe(true)
    expect(parse(wrap(4)).readable).toBe(false)
  })

  it.each([
    [{}, SENT, 0],
    [{ firstSeenAt: '2026-11-20T00:00:00.000Z', deferrals: '3' }, new Date('2026-11-20T00:00:00.000Z'), 3],
    [{ firstSeenAt: '2026-11-23T12:00:00.001Z', deferrals: '1' }, SENT, 1],
    [{ firstSeenAt: 'yesterday', deferrals: 'many' }, SENT, 0],
    [{ firstSeenAt: '', deferrals: '' }, SENT, 0],
    [{ firstSeenAt: undefined, deferrals: undefined }, SENT, 0],
    [{ deferrals: '-1' }, SENT, 0],
    [{ deferrals: '1.5' }, SENT, 0],
    [{ deferrals: 'Infinity' }, SENT, 0],
  ])('has a history, in attributes %j', (attributes, firstSeenAt, deferrals) => {
    expect(parse(ID, attributes)).toEqual(request({ firstSeenAt, deferrals }))
  })

  it('is read through any nesting of the documented envelopes', () => {
    const blanks = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
    const wrapper = fc.constantFrom<(body: string) => string>(
      (body) => json(sns(body)),
      (body) => json(event(body.trim().startsWith('{') ? JSON.parse(body) : { recordingId: body })),
    )
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.boolean(),
        fc.constantFrom('bare', 'object'),
        fc.array(wrapper, { maxLength: 3 }),
        blanks,
        (id, upper, form, wrappers, space) => {
          const written = upper ? id.toUpperCase() : id
          const inner = form === 'bare' ? written : json({ recordingId: written })
          const body = space + wrappers.reduce((wrapped, wrap) => wrap(wrapped), inner) + space
          expect(parse(body)).toEqual(request({ recordingId: id }))
        },
      ),
    )
  })

  it('never throws, and quotes nothing of itself in the reason', () => {
    const bodies = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.record({ recordingId: fc.anything(), workspaceId: fc.anything() }).map((value) => {
        try {
          return json(value)
        } catch {
          return 'unserialisable'
        }
      }),
      fc.json().map((inner) => json(sns(inner))),
    )
    fc.assert(
      fc.property(bodies, (body) => {
        const parsed = parse(body)
        expect(parsed.readable ? isRecordingId(parsed.request.recordingId) : REASON.test(parsed.reason)).toBe(
          true,
        )
      }),
      { numRuns: 500 },
    )
  })
})

describe('a recording id', () => {
  it.each([
    [ID, true],
    [ID.toUpperCase(), true],
    [` ${ID}`, false],
    [`${ID}\n`, false],
    [ID.replace('5', 'g'), false],
    ['', false],
  ])('%j: %s', (text, isId) => {
    expect(isRecordingId(text)).toBe(isId)
  })
})

describe('a workspace', () => {
  it.each([
    ['8BC02F53-87AC-48D2-B4FD-C2CF856A305F', '8bc02f53-87ac-48d2-b4fd-c2cf856a305f'],
    ['Not-A-UUID', 'Not-A-UUID'],
    [null, 'default'],
  ])('%j has one spelling: %s', (workspaceId, expected) => {
    const body = JSON.stringify({ recordingId: '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd', workspaceId })
    const parsed = parseMessage({ body, attributes: {}, sentAt: new Date(0) }, 'default')
    expect(parsed.readable && parsed.request.workspaceId).toBe(expected)
  })
})
