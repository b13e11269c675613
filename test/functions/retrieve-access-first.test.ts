import { describe, expect, it } from 'vitest'
import type { S3Fault } from '../../lib/sandbox/s3-server.ts'
import { ANNA } from '../helpers/api-event.ts'
import { type ApiReply, type ApiWorld, startApiWorld } from '../helpers/api-world.ts'
import type { Kept } from '../helpers/verify-world.ts'

/** Each way in which something is handed out, and what must not be in an answer that has no line. */
const WAYS: readonly (readonly [string, (world: ApiWorld, kept: Kept) => Promise<ApiReply>])[] = [
  ['metadata', async (world, { id }) => await world.ask(`/recordings/${id}`)],
  [
    'the headers of metadata',
    async (world, { id }) => await world.ask({ path: `/recordings/${id}`, method: 'HEAD' }),
  ],
  ['a link', async (world, { id }) => await world.ask({ path: `/recordings/${id}/link`, method: 'POST' })],
  ['a verification', async (world, { id }) => await world.ask(`/recordings/${id}/verification`)],
  ['a search', async (world) => await world.ask('/recordings')],
]

const FAULTS: readonly (readonly [string, S3Fault, number])[] = [
  ['cannot be reached', { kind: 'error', status: 503, code: 'SlowDown' }, 503],
  ['may not be written', { kind: 'error', status: 403, code: 'AccessDenied' }, 500],
  ['answers nothing', { kind: 'cut' }, 503],
]

describe.each(FAULTS)('where the access log %s', (_, fault, status) => {
  it.each(WAYS)('nothing of %s is handed out', async (__, ask) => {
    const world = await startApiWorld()
    const kept = await world.catalogue()
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.startsWith('access/') ? fault : undefined
    const reply = await ask(world, kept)
    expect(reply.status).toBe(status)
    expect(reply.text).not.toMatch(new RegExp(`${kept.id}|${kept.sha256}|X-Amz|447700900456`))
    // Neither Athena nor the audio was asked before.
    expect(world.athena.statements).toEqual([])
    expect(world.requests.filter((request) => request === `GetObject ${kept.audioKey}`)).toEqual([])
    world.faults = () => undefined
    expect(await world.accessLines()).toEqual([])
    expect((await ask(world, kept)).status).toBe(200)
    expect(await world.accessLines()).toHaveLength(1)
  })
})

it('what a search has found that was begun before is not handed out without a line either', async () => {
  const world = await startApiWorld()
  const kept = await world.catalogue()
  world.instance({}, { searchPatienceMs: 0 })
  world.athena.conduct = { states: Array.from({ length: 40 }, () => 'RUNNING' as const) }
  const first = await world.ask('/recordings')
  expect(first.status).toBe(202)
  world.faults = ({ operation, key }) =>
    operation === 'PutObject' && key.startsWith('access/')
      ? { kind: 'error', status: 503, code: 'SlowDown' }
      : undefined
  const again = { path: '/recordings', query: `query=${String(first.body['query'])}` }
  let reply = first
  for (let polls = 0; reply.status === 202 && polls < 200; polls++) reply = await world.ask(again)
  expect(reply.status).toBe(503)
  expect(reply.text).not.toContain(kept.id)
  world.faults = () => undefined
  expect(await world.accessLines()).toHaveLength(1)
  expect((await world.ask(again)).body['recordings']).toMatchObject([{ recordingId: kept.id }])
  expect(await world.accessLines()).toHaveLength(2)
})

it('the line is locked as long as a recording of that moment', async () => {
  const world = await startApiWorld({ RETENTION_MODE: 'COMPLIANCE', RETENTION_DAYS: '365' })
  const { id } = await world.keep()
  await world.ask(`/recordings/${id}`)
  const [key = ''] = await world.keys('access/')
  const { mode, until } = await world.lockOf(key)
  expect(mode).toBe('COMPLIANCE')
  expect(Math.round(((until?.getTime() ?? 0) - Date.now()) / 86_400_000)).toBe(365)
  expect(await world.accessLines()).toMatchObject([{ actor: ANNA, via: 'api' }])
})

it('a store that takes the line and does not lock it hands out nothing', async () => {
  const world = await startApiWorld({ RETENTION_MODE: 'COMPLIANCE', RETENTION_DAYS: '365' })
  const { id } = await world.keep()
  world.faults = ({ key }) => (key.startsWith('access/') ? { kind: 'ignore-lock' } : undefined)
  const reply = await world.ask({ path: `/recordings/${id}/link`, method: 'POST' })
  expect([500, 503]).toContain(reply.status)
  expect(reply.text).not.toContain('X-Amz')
})
