import type { Context } from 'aws-lambda'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { composeApiFunction } from '../../lib/compose-api.ts'
import { createJsonLog } from '../../lib/log.ts'
import { ANNA, eventOf } from '../helpers/api-event.ts'
import { type ApiReply, type ApiWorld, startApiWorld } from '../helpers/api-world.ts'

const RUNS = Number(process.env['STRAIN_RUNS'] ?? 150)
const EVE = 'arn:aws:iam::123456789012:user/eve'
const NUMBER = '4940987654'

/** Each address, and what it is asked with. */
const waysTo = (id: string): readonly { readonly path: string; readonly method: string }[] =>
  [
    ['GET', '/recordings'],
    ['HEAD', '/recordings'],
    ['GET', `/recordings/${id}`],
    ['HEAD', `/recordings/${id}`],
    ['POST', `/recordings/${id}/link`],
    ['GET', `/recordings/${id}/verification`],
    ['HEAD', `/recordings/${id}/verification`],
  ].map(([method = '', path = '']) => ({ method, path }))

/** What stands in headers as HTTP allows it (RFC 9110, 5.5), and nothing that would begin another one. */
const HEADER_VALUE = /^[\x20-\x7e]*$/

describe('a request for which there is no time', () => {
  it.each([-1, 0, 1])('but %i ms is 504, and nothing is handed out', async (remainingMs) => {
    const world = await startApiWorld()
    const kept = await world.catalogue()
    for (const call of waysTo(kept.id)) {
      const reply = await world.ask(call, { remainingMs })
      expect([call, reply.status]).toEqual([call, 504])
      expect(reply.text).not.toMatch(new RegExp(`${kept.sha256}|X-Amz`))
    }
    expect((await world.ask('/openapi.json', { remainingMs })).status).toBe(200)
    expect((await world.ask(`/recordings/${kept.id}`)).status).toBe(200)
  })
})

describe('who asks', () => {
  it('is who signed the request, whatever else the request says', async () => {
    const world = await startApiWorld()
    const { id } = await world.catalogue()
    const names = ['x-actor', 'x-amzn-iam-user-arn', 'x-amz-user-arn', 'x-user', 'from', 'x-forwarded-user']
    const headers = Object.fromEntries(names.map((name) => [name, EVE]))
    for (const call of waysTo(id))
      expect([call, (await world.ask({ ...call, headers })).status]).toEqual([call, 200])
    const lines = await world.accessLines()
    expect(lines).toHaveLength(waysTo(id).length)
    expect(lines.map(({ actor }) => actor as unknown)).toEqual(lines.map(() => ANNA))
    for (const call of waysTo(id))
      for (const query of ['actor=eve', `userArn=${EVE}`, 'requestContext=x'])
        expect((await world.ask({ ...call, query })).status).toBe(400)
    const link = { method: 'POST', path: `/recordings/${id}/link` }
    for (const body of [`{"actor": "${EVE}"}`, '{"__proto__": {"actor": "eve"}}', '{"constructor": {}}'])
      expect(
        (await world.ask({ ...link, headers: { 'content-type': 'application/json' }, body })).status,
      ).toBe(400)
    expect(await world.accessLines()).toHaveLength(lines.length)
  })

  it('is kept apart where one instance has several requests at once', async () => {
    const world = await startApiWorld()
    const { id } = await world.catalogue()
    const asked = Array.from({ length: 6 }, (_, at) => waysTo(id).map((call) => ({ ...call, at }))).flat()
    const replies = await Promise.all(
      asked.map(({ at, ...call }) =>
        world.ask({
          ...call,
          userArn: `${ANNA}-${at}`,
          ...(call.method === 'POST'
            ? { headers: { 'content-type': 'application/json' }, body: `{"reason": "why ${at}"}` }
            : { query: `reason=why%20${at}` }),
        }),
      ),
    )
    expect(replies.map(({ status }) => status)).toEqual(asked.map(() => 200))
    const told = (await world.accessLines()).map(({ actor, reason }) => `${actor} ${reason}`)
    expect(told.toSorted()).toEqual(asked.map(({ at }) => `${ANNA}-${at} why ${at}`).toSorted())
  })
})

const NASTY = [
  '',
  ' ',
  '\r\nset-cookie: a=b',
  '%0d%0aset-cookie:%20a=b',
  '%00',
  '%',
  '%E0%A4%A',
  '%ED%A0%80',
  '\ud83d',
  '☎',
  '‮',
  '"><script>',
  "' or 1=1 --",
  '?',
  '../..',
  '__proto__',
  'constructor',
  'toString',
  NUMBER,
  `%2B${NUMBER}`,
  'x'.repeat(5_000),
  '9'.repeat(400),
  '-1',
  '1e9',
  'null',
  '[]',
  '{}',
  '{"minutes": 1e308}',
  '{"reason": "\\ud800"}',
] as const
const nasty = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 30 }))
const NAMES = ['number', 'from', 'to', 'limit', 'cursor', 'query', 'reason', 'caseNumber', 'workspace', 'id']
const query = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom(...NAMES, 'sourceId', 'channel', 'minDuration', 'country'), nasty),
      nasty,
    ),
    { maxLength: 5 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'))

const callOf = (id: string) =>
  fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'),
    path: fc.oneof(
      fc.constantFrom(
        '/recordings',
        `/recordings/${id}`,
        `/recordings/${id}/link`,
        `/recordings/${id}/verification`,
      ),
      nasty.map((each) => `/recordings/${each}`),
    ),
    query,
    headers: fc.constantFrom({}, { 'content-type': 'application/json' }, { 'content-type': 'text/html' }),
    body: nasty,
    isBase64Encoded: fc.boolean(),
    userArn: fc.constantFrom(ANNA, ANNA, ANNA, `${ANNA}\r\n`, ''),
  })

function expectSound({ status, headers, text, events }: ApiReply): void {
  expect(status).not.toBe(500)
  for (const [name, value] of Object.entries(headers)) expect(name + value).toMatch(HEADER_VALUE)
  expect(text + JSON.stringify(events)).not.toContain(NUMBER)
}

describe('whatever is asked', () => {
  it('is answered as the document says, without what it must not tell', async () => {
    const world = await startApiWorld()
    const { id } = await world.catalogue()
    let told = 0
    await fc.assert(
      fc.asyncProperty(callOf(id), async (call) => {
        const reply = await world.ask(call)
        expectSound(reply)
        if (reply.status === 200) told += 1
      }),
      { numRuns: RUNS },
    )
    expect(told).toBeGreaterThan(0)
    expect(countLines(world)).toBeGreaterThanOrEqual(told)
  })

  it('in whatever event, is answered: the function never rejects, and hands out nothing without a line', async () => {
    const world = await startApiWorld()
    const { id } = await world.catalogue()
    const lines: string[] = []
    const log = createJsonLog(
      (line) => void lines.push(line),
      'debug',
      () => new Date(),
    )
    const handler = composeApiFunction(world.apiEnv, { log })
    const context = { getRemainingTimeInMillis: () => 20_000 } as Context
    const event = fc
      .tuple(fc.constantFrom(...waysTo(id)), fc.nat(40), fc.oneof(fc.jsonValue(), fc.constant(undefined)))
      .map(([call, at, value]) => replaceOne(eventOf(call), at, value))
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: event }, fc.jsonValue()), async (given) => {
        const before = countLines(world)
        const { statusCode = 0, body = '' } = await handler(given, context)
        expect(statusCode).toBeGreaterThanOrEqual(200)
        expect(countLines(world) > before || statusCode !== 200).toBe(true)
        expect(() => JSON.parse(body === '' ? '{}' : body) as unknown).not.toThrow()
      }),
      { numRuns: RUNS },
    )
    expect(lines.some((line) => line.includes('request.served'))).toBe(true)
  })

  it('without a context of Lambda is answered, too', async () => {
    const world = await startApiWorld()
    const handler = composeApiFunction(world.apiEnv, {
      log: createJsonLog(
        () => undefined,
        'error',
        () => new Date(),
      ),
    })
    expect((await handler(eventOf({ path: '/recordings' }), {} as Context)).statusCode).toBe(500)
  })
})

const countLines = ({ requests }: ApiWorld): number =>
  requests.filter((request) => request.startsWith('PutObject access/')).length

/** The same event with another value in one place. */
function replaceOne(event: unknown, at: number, value: unknown): unknown {
  let count = 0
  const walk = (node: unknown): unknown => {
    if (count++ === at) return value
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, walk(child)]))
  }
  return walk(event)
}
