import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ANNA, REQUEST_ID } from '../helpers/api-event.ts'
import { startApiWorld } from '../helpers/api-world.ts'
import { rowOf } from '../helpers/catalog-rows.ts'

const ID = randomUUID()

describe('an address that there is not', () => {
  it.each([
    '/',
    '',
    '/recording',
    `/recordings/${ID}/links`,
    `/recordings/${ID}/link/x`,
    '//recordings',
    '/%',
  ])('%j is 404', async (path) => {
    const world = await startApiWorld()
    expect(await world.ask(path)).toMatchObject({
      status: 404,
      body: { type: 'urn:bird-recording-archiver:problem:no-such-address' },
    })
  })

  it.each([
    ['POST', '/recordings', 'GET, HEAD'],
    ['DELETE', `/recordings/${ID}`, 'GET, HEAD'],
    ['PUT', `/recordings/${ID}/verification`, 'GET, HEAD'],
    ['GET', `/recordings/${ID}/link`, 'POST'],
    ['HEAD', `/recordings/${ID}/link`, 'POST'],
    ['OPTIONS', '/openapi.json', 'GET, HEAD'],
  ])('%s %s is 405 and says what is taken', async (method, path, allow) => {
    const world = await startApiWorld()
    const reply = await world.ask({ method, path })
    expect([reply.status, reply.headers['allow']]).toEqual([405, allow])
    expect(world.requests).toEqual([])
  })
})

describe('who asks', () => {
  const without = (authorizer: unknown) => (made: { readonly requestContext: object }) => ({
    ...made,
    requestContext: { ...made.requestContext, authorizer },
  })
  it.each([
    ['no authorizer', without(undefined)],
    ['an authorizer that is null', without(null)],
    ['another authorizer', without({ jwt: { claims: { sub: 'anna' }, scopes: [] } })],
    ['a signature of nobody', without({ iam: { userArn: null } })],
    ['an empty name', without({ iam: { userArn: ' ' } })],
    ['a name of two lines', without({ iam: { userArn: `${ANNA}\nroot` } })],
    ['a name that is too long', without({ iam: { userArn: 'a'.repeat(513) } })],
  ])('with %s: nobody is, and nothing is done', async (_, event) => {
    const world = await startApiWorld()
    const { id } = await world.catalogue()
    for (const path of [
      '/recordings',
      `/recordings/${id}`,
      `/recordings/${id}/verification`,
      '/openapi.json',
      '/x',
    ])
      expect(await world.ask(path, { event })).toMatchObject({
        status: 403,
        body: { type: 'urn:bird-recording-archiver:problem:no-caller' },
      })
    expect(await world.ask({ path: `/recordings/${id}/link`, method: 'POST' }, { event })).toMatchObject({
      status: 403,
    })
    expect([world.requests, world.athena.statements]).toEqual([[], []])
  })
})

describe('an event that is none', () => {
  it.each([
    ['payload format 1.0', { version: '1.0', httpMethod: 'GET', path: '/recordings', requestContext: {} }],
    ['a schedule’s', { verify: 'all' }],
    ['nothing', null],
  ])('%s: the log says what to set', async (_, event) => {
    const world = await startApiWorld()
    const reply = await world.ask('/recordings', { event: () => event })
    expect(reply).toMatchObject({ status: 500, body: { instance: '' } })
    expect(reply.events).toMatchObject([
      { event: 'configuration.fault', faults: [expect.stringContaining('payload format version 2.0')] },
      { event: 'request.served', route: 'none', status: 500 },
    ])
  })
})

describe('what is logged', () => {
  it('is one line for each request, with nothing of what was asked for in it', async () => {
    const world = await startApiWorld()
    await world.putRows('2024-03-01', 'batch', [rowOf('one')])
    const kept = await world.catalogue()
    const asked = [
      { path: '/recordings', query: 'number=%2B447700900456&reason=secret' },
      { path: `/recordings/${kept.id}`, query: 'reason=secret' },
      { path: `/recordings/${kept.id}/`, method: 'HEAD' },
      { path: `/recordings/${kept.id}/link`, method: 'POST', body: '', headers: {} },
      { path: '/recordings/+447700900456' },
      { path: '/447700900456', method: 'BREW' },
    ]
    const lines = []
    for (const call of asked) {
      const { events } = await world.ask(call)
      expect(events).toHaveLength(1)
      lines.push(...events)
    }
    expect(lines).toMatchObject([
      {
        event: 'request.served',
        level: 'info',
        method: 'GET',
        route: '/recordings',
        status: 200,
        actor: ANNA,
      },
      { method: 'GET', route: '/recordings/{id}', status: 200 },
      { method: 'HEAD', route: '/recordings/{id}', status: 200 },
      { method: 'POST', route: '/recordings/{id}/link', status: 200 },
      { method: 'GET', route: '/recordings/{id}', status: 400 },
      { method: 'other', route: 'none', status: 404 },
    ])
    for (const line of lines) {
      expect(line['requestId']).toBe(REQUEST_ID)
      expect(line['durationMs']).toBeGreaterThanOrEqual(0)
    }
    expect(JSON.stringify(lines)).not.toMatch(/447700900456|secret|X-Amz/i)
  })

  it('tells why something went wrong, which an answer does not', async () => {
    const world = await startApiWorld()
    const { id } = await world.keep()
    world.faults = () => ({ kind: 'error', status: 403, code: 'AccessDenied' })
    const denied = await world.ask(`/recordings/${id}`)
    expect(denied.text).not.toMatch(/AccessDenied|role|S3/)
    expect(denied.events).toMatchObject([
      { event: 'configuration.fault', faults: [expect.stringContaining('AccessDenied')] },
      { event: 'request.served', status: 500 },
    ])
    world.faults = () => ({ kind: 'error', status: 500, code: 'InternalError' })
    const broken = await world.ask(`/recordings/${id}`)
    expect(broken.headers['retry-after']).toBe('5')
    expect(broken.events).toMatchObject([
      {
        event: 'request.failed',
        level: 'error',
        detail: expect.stringContaining('InternalError') as unknown,
      },
      { event: 'request.served', status: 503 },
    ])
  })

  it('names every fault of the environment, each time', async () => {
    const world = await startApiWorld()
    world.instance({ CATALOG_DATABASE: '', CATALOG_WORK_GROUP: '', ARCHIVE_BUCKET: 'S3://x' })
    for (const path of ['/recordings', '/openapi.json']) {
      const reply = await world.ask(path)
      expect(reply.status).toBe(500)
      expect(reply.text).not.toContain('CATALOG')
      expect(reply.events).toMatchObject([
        {
          event: 'configuration.fault',
          faults: [
            expect.stringContaining('ARCHIVE_BUCKET'),
            expect.stringContaining('CATALOG_DATABASE'),
            expect.stringContaining('CATALOG_WORK_GROUP'),
          ],
        },
        { event: 'request.served', status: 500 },
      ])
    }
  })
})

it('Athena that may not be asked is a fault of the set-up, one that fails is not', async () => {
  const world = await startApiWorld()
  await world.catalogue()
  world.athena.conduct = {
    refuse: () => ({ status: 400, type: 'AccessDeniedException', message: 'not authorized to perform' }),
  }
  expect((await world.ask('/recordings')).status).toBe(500)
  world.athena.conduct = { end: () => ({ state: 'FAILED', reason: 'GENERIC_INTERNAL_ERROR' }) }
  expect((await world.ask('/recordings')).status).toBe(503)
})

it('a search that is given up at the end of the time is stopped at Athena, too', async () => {
  const world = await startApiWorld()
  await world.catalogue()
  const { promise: looked, resolve } = Promise.withResolvers<void>()
  world.instance({}, { searchPatienceMs: 60_000 })
  world.athena.conduct = {
    // Athena does not even say whether it is ready.
    onOperation: async (operation) => {
      if (operation !== 'GetQueryExecution') return
      resolve()
      await new Promise(() => {})
    },
  }
  const reply = await world.ask('/recordings', { remainingMs: 5_000 })
  await looked
  expect(reply.status).toBe(504)
  const begun = world.athena.statements.map(({ id }) => id)
  expect(begun).not.toEqual([])
  expect(world.athena.stopped.toSorted()).toEqual(begun.toSorted())
})
