import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { ANNA } from '../helpers/api-event.ts'
import { type ApiReply, type ApiWorld, startApiWorld } from '../helpers/api-world.ts'
import { VERIFY_WORKSPACE } from '../helpers/verify-world.ts'

const JSON_BODY = { 'Content-Type': 'application/json' }

/** Asks for a link with a body as it is sent. */
async function order(
  world: ApiWorld,
  id: string,
  body?: unknown,
  more: { readonly headers?: Record<string, string>; readonly isBase64Encoded?: boolean } = {},
): Promise<ApiReply> {
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  return await world.ask({
    path: `/recordings/${id}/link`,
    method: 'POST',
    headers: JSON_BODY,
    ...(text !== undefined && { body: text }),
    ...more,
  })
}

const minutesUntil = (reply: ApiReply): number =>
  Math.round((Date.parse(String(reply.body['expiresAt'])) - Date.now()) / 60_000)

afterEach(() => {
  delete process.env['AWS_CREDENTIAL_EXPIRATION']
})

describe('POST /recordings/{id}/link', () => {
  it('gives a link to the audio, having written down who gets it, and why', async () => {
    const world = await startApiWorld()
    const kept = await world.keep()
    // What somebody has written over it is not what the link leads to.
    await world.put(kept.audioKey, 'another')
    const reply = await order(world, kept.id, { minutes: 10, reason: 'complaint 4711', caseNumber: '4711' })
    expect(reply.status).toBe(200)
    expect(minutesUntil(reply)).toBe(10)
    const got = await fetch(String(reply.body['url']))
    expect(Buffer.from(await got.arrayBuffer()).equals(kept.audio)).toBe(true)
    expect(await world.accessLines()).toEqual([
      expect.objectContaining({
        action: 'link',
        actor: ANNA,
        via: 'api',
        reason: 'complaint 4711',
        caseNumber: '4711',
        workspaceId: VERIFY_WORKSPACE,
        recordingIds: [kept.id],
        detail: 'valid for 600 s',
      }),
    ])
    expect(JSON.stringify(reply.events)).not.toContain('X-Amz')
  })

  it.each([
    ['nothing', undefined, 5],
    ['an empty object', {}, 5],
    ['the least', { minutes: 1 }, 1],
    ['the most', { minutes: 60 }, 60],
  ])('is valid as long as was asked for: %s', async (_, body, minutes) => {
    const world = await startApiWorld()
    const { id } = await world.keep()
    expect(minutesUntil(await order(world, id, body))).toBe(minutes)
  })

  it('says when it ends where the credentials that signed it end earlier', async () => {
    const world = await startApiWorld()
    const { id } = await world.keep()
    const end = new Date(Date.now() + 7 * 60_000).toISOString()
    process.env['AWS_CREDENTIAL_EXPIRATION'] = end
    world.instance()
    expect((await order(world, id, { minutes: 60 })).body['expiresAt']).toBe(end)
    expect(minutesUntil(await order(world, id, { minutes: 5 }))).toBe(5)
  })

  it('reads a body that API Gateway has made base64 of', async () => {
    const world = await startApiWorld()
    const { id } = await world.keep()
    const body = Buffer.from(JSON.stringify({ minutes: 3, reason: 'Reklamation „4711“' })).toString('base64')
    expect(minutesUntil(await order(world, id, body, { isBase64Encoded: true }))).toBe(3)
    expect(await world.accessLines()).toMatchObject([{ reason: 'Reklamation „4711“' }])
    // No reason is written down as something else than what was sent.
    const latin1 = Buffer.from('{"reason": "f\u00fcr 4711"}', 'latin1').toString('base64')
    for (const broken of ['/w==', latin1])
      expect(await order(world, id, broken, { isBase64Encoded: true })).toMatchObject({
        status: 400,
        body: { faults: ['the body is not JSON in UTF-8'] },
      })
  })

  const minutes = 'minutes must be a whole number from 1 to 60'
  it.each([
    ['no JSON', '{"minutes": 5', ['the body is not JSON in UTF-8']],
    ['a list', '[]', ['the body is no JSON object']],
    ['null', 'null', ['the body is no JSON object']],
    ['too few minutes', { minutes: 0 }, [minutes]],
    ['too many minutes', { minutes: 61 }, [minutes]],
    ['half a minute', { minutes: 1.5 }, [minutes]],
    ['minutes as a text', { minutes: '5' }, [minutes]],
    ['minutes that are null', { minutes: null }, [minutes]],
    ['a reason that is none', { reason: 4711 }, ['reason must be a text']],
    [
      'members that nobody knows',
      '{"__proto__": {"minutes": 60}, "constructor": 1, "+4930123456": 2, "minutes": 1}',
      ['__proto__', 'constructor', '…'].map((name) => `"${name}" is no member of this body`),
    ],
    [
      'all at once',
      { minutes: -1, caseNumber: ['4711'], actor: 'somebody else' },
      ['"actor" is no member of this body', minutes, 'caseNumber must be a text'],
    ],
    [
      'a reason of two lines',
      { reason: 'one\ntwo' },
      ['the reason holds line breaks or control characters: use plain text'],
    ],
  ])('refuses %s, and asks the bucket nothing', async (_, body, faults) => {
    const world = await startApiWorld()
    const reply = await order(world, randomUUID(), body)
    expect(reply).toMatchObject({ status: 400, body: { faults } })
    expect(world.requests).toEqual([])
  })

  it.each([
    ['none', {}],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['another charset', { 'content-type': 'application/json; charset=iso-8859-1' }],
    ['what only begins alike', { 'content-type': 'application/jsonp' }],
  ])('refuses a content type that is %s', async (_, headers) => {
    const world = await startApiWorld()
    expect(await order(world, randomUUID(), '{}', { headers })).toMatchObject({ status: 415 })
  })

  it.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'takes %s',
    async (type) => {
      const world = await startApiWorld()
      const { id } = await world.keep()
      expect(await order(world, id, '{}', { headers: { 'content-type': type } })).toMatchObject({
        status: 200,
      })
    },
  )

  it('takes why from the body alone', async () => {
    const world = await startApiWorld({ RETRIEVE_REASON_REQUIRED: 'true' })
    const { id } = await world.keep()
    const call = { path: `/recordings/${id}/link`, method: 'POST', query: 'reason=a' }
    expect(await world.ask(call)).toMatchObject({
      status: 400,
      body: { faults: ['"reason" is no parameter of this address', expect.stringContaining('required')] },
    })
    expect(await order(world, id, { reason: 'a' })).toMatchObject({ status: 200 })
  })

  it('gives none to what is not what was archived, nor to what waits in Glacier, which it says how to have', async () => {
    const world = await startApiWorld()
    const altered = await world.keep({ stored: Buffer.from('something else') })
    const frozen = await world.keep({ storageClass: 'GLACIER' })
    expect(await order(world, altered.id)).toMatchObject({
      status: 409,
      body: { type: 'urn:bird-recording-archiver:problem:evidence-differs', finding: { kind: 'altered' } },
    })
    expect(await order(world, frozen.id)).toMatchObject({
      status: 409,
      body: {
        type: 'urn:bird-recording-archiver:problem:restore-needed',
        detail: expect.stringContaining('bird-archive get ID --restore') as unknown,
        finding: { kind: 'to-restore', isUnderWay: false },
      },
    })
    expect(await world.accessLines()).toEqual([])
  })
})
