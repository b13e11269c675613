import { describe, expect, it } from 'vitest'
import { startApiWorld, type ApiReply, type ApiWorld } from '../helpers/api-world.ts'
import { idOf, rowOf } from '../helpers/catalog-rows.ts'

const IDS = Array.from({ length: 300 }, (_, index) => idOf(`row ${index}`))

async function startFilled(): Promise<ApiWorld> {
  const world = await startApiWorld()
  await world.putRows(
    '2024-03-01',
    'batch',
    IDS.map((_, index) => rowOf(`row ${index}`)),
  )
  return world
}

const search = (world: ApiWorld, query: string, remainingMs?: number): Promise<ApiReply> =>
  world.ask({ path: '/recordings', query }, remainingMs === undefined ? {} : { remainingMs })

const addressIn = (header: string | undefined): string => /\?([^>]*)/.exec(header ?? '')?.[1] ?? ''

describe('a search that is not ready', () => {
  it('is answered in the time that is left, however little: 202, not 504', async () => {
    const world = await startFilled()
    world.athena.conduct.states = Array.from({ length: 1_000_000 }, () => 'RUNNING' as const)
    expect(await search(world, 'limit=200', 4_000)).toMatchObject({ status: 202 })
  })

  it('has a next page that is a search of its own', async () => {
    const world = await startFilled()
    world.athena.conduct.states = ['RUNNING']
    world.instance({}, { searchPatienceMs: 0 })
    const waiting = await search(world, 'limit=200')
    expect(waiting.status).toBe(202)
    world.instance()
    const first = await search(world, addressIn(waiting.headers['location']))
    const second = await search(world, addressIn(first.headers['link']))
    expect([first.status, second.status]).toEqual([200, 200])
    const found = [first, second].flatMap(({ body }) => body['recordings'] as { recordingId: string }[])
    expect(found.map(({ recordingId }) => recordingId).toSorted()).toEqual(IDS.toSorted())
  })
})

it('an address that no header takes is left out; the body has what it is made of', async () => {
  const world = await startFilled()
  const query = IDS.map((id) => `id=${id}`).join('&')
  const { status, headers, body } = await search(world, `${query}&limit=200`)
  expect(status).toBe(200)
  expect(headers).not.toHaveProperty('link')
  const rest = await search(world, `${query}&limit=200&cursor=${String(body['next'])}`)
  expect(rest.body).toMatchObject({ recordings: { length: 100 }, next: null, complete: true })
})

it('of a body that cannot be read nobody says that it lacks a reason', async () => {
  const world = await startApiWorld({ RETRIEVE_REASON_REQUIRED: 'true' })
  const call = { method: 'POST', path: `/recordings/${idOf('any')}/link` }
  const reply = await world.ask({ ...call, headers: { 'content-type': 'application/json' }, body: '{' })
  expect(reply).toMatchObject({ status: 400, body: { faults: ['the body is not JSON in UTF-8'] } })
})
