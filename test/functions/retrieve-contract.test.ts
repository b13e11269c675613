import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { S3Fault, S3Request } from '../../lib/sandbox/s3-server.ts'
import { DOCUMENT, type OpenApi } from '../helpers/api-contract.ts'
import { type ApiReply, type ApiWorld, startApiWorld } from '../helpers/api-world.ts'
import { flipByte } from '../helpers/verify-run.ts'

/** Begins a search that takes so many looks. */
function busy(world: ApiWorld, looks: number): void {
  world.instance({}, { searchPatienceMs: 0 })
  world.athena.conduct = { states: Array.from({ length: looks }, () => 'RUNNING' as const) }
}

const failing =
  (matches: (request: S3Request) => boolean, fault: S3Fault) =>
  (request: S3Request): S3Fault | undefined =>
    matches(request) ? fault : undefined
const EVERYTHING = (): boolean => true
const AUDIO = ({ key, operation }: S3Request): boolean => operation === 'GetObject' && key.endsWith('.mp3')
const REFUSED: S3Fault = { kind: 'error', status: 403, code: 'AccessDenied' }
const BROKEN: S3Fault = { kind: 'error', status: 503, code: 'SlowDown' }
/** Enough for the function to begin with, and over before anything that stalls. */
const LITTLE_TIME = 1_500

type Ask = (world: ApiWorld) => Promise<ApiReply>
type Path = (id: string) => string

const one =
  (pathOf: Path, method: string, prepare?: (world: ApiWorld) => unknown, query = ''): Ask =>
  async (world) => {
    const { id } = await world.keep()
    await prepare?.(world)
    return await world.ask({ path: pathOf(id), method, query })
  }

/** What goes wrong in the same way on every address that looks into the bucket. */
const everywhere = (pathOf: Path, method: string): Record<number, Ask> => ({
  400: one(pathOf, method, undefined, 'sieve=1'),
  403: async (world) => await world.ask({ path: pathOf(randomUUID()), method, userArn: '' }),
  500: one(pathOf, method, (world) => (world.faults = failing(EVERYTHING, REFUSED))),
  503: one(pathOf, method, (world) => (world.faults = failing(EVERYTHING, BROKEN))),
  504: async (world) => {
    const { id } = await world.keep()
    world.faults = failing(EVERYTHING, { kind: 'stall' })
    return await world.ask({ path: pathOf(id), method }, { remainingMs: LITTLE_TIME })
  },
})

const RECORDING: Path = (id) => `/recordings/${id}`
const LINK: Path = (id) => `/recordings/${id}/link`
const VERIFICATION: Path = (id) => `/recordings/${id}/verification`
const flipped =
  (pathOf: Path, method: string): Ask =>
  async (world) => {
    const kept = await world.keep({ stored: Buffer.from('no audio at all') })
    return await world.ask({ path: pathOf(kept.id), method })
  }
const frozen =
  (pathOf: Path, method: string): Ask =>
  async (world) =>
    await world.ask({ path: pathOf((await world.keep({ storageClass: 'GLACIER' })).id), method })
const missing =
  (pathOf: Path, method: string): Ask =>
  async (world) =>
    await world.ask({ path: pathOf(randomUUID()), method })

/** Each answer of the document, and what brings it about. */
const CASES: Record<string, Record<number, Ask>> = {
  'get /recordings': {
    ...everywhere(() => '/recordings', 'GET'),
    200: async (world) => {
      await world.catalogue()
      return await world.ask('/recordings')
    },
    202: async (world) => {
      await world.catalogue()
      busy(world, 100)
      return await world.ask('/recordings')
    },
    410: async (world) => await world.ask({ path: '/recordings', query: `query=${randomUUID()}` }),
    422: async (world) => {
      await world.catalogue()
      world.athena.conduct = {
        end: () => ({ state: 'CANCELLED', reason: 'Bytes scanned limit was exceeded' }),
      }
      return await world.ask('/recordings')
    },
  },
  'get /recordings/{id}': {
    ...everywhere(RECORDING, 'GET'),
    200: one(RECORDING, 'GET'),
    404: missing(RECORDING, 'GET'),
    409: flipped(RECORDING, 'GET'),
  },
  'post /recordings/{id}/link': {
    ...everywhere(LINK, 'POST'),
    200: one(LINK, 'POST'),
    404: missing(LINK, 'POST'),
    409: frozen(LINK, 'POST'),
    413: async (world) =>
      await world.ask({ path: LINK(randomUUID()), method: 'POST', body: ' '.repeat(20_000) }),
    415: async (world) =>
      await world.ask({ path: LINK(randomUUID()), method: 'POST', body: '{}', headers: {} }),
  },
  'get /recordings/{id}/verification': {
    ...everywhere(VERIFICATION, 'GET'),
    200: async (world) => {
      const kept = await world.keep()
      await flipByte(world, kept.audioKey, 600)
      return await world.ask(VERIFICATION(kept.id))
    },
    404: missing(VERIFICATION, 'GET'),
    409: frozen(VERIFICATION, 'GET'),
    503: one(VERIFICATION, 'GET', (world) => (world.faults = failing(AUDIO, REFUSED))),
  },
  'get /openapi.json': {
    200: async (world) => await world.ask('/openapi.json'),
    400: async (world) => await world.ask({ path: '/openapi.json', query: 'a=1' }),
    403: async (world) => await world.ask({ path: '/openapi.json', userArn: '' }),
    500: async (world) => {
      world.instance({ CATALOG_DATABASE: '' })
      return await world.ask('/openapi.json')
    },
  },
}

describe.each(Object.entries(CASES))('%s', (_, answers) => {
  it.each(Object.entries(answers))('answers %s as the document says', async (status, ask) => {
    const world = await startApiWorld()
    const reply = await ask(world)
    expect(reply.status).toBe(Number(status))
    const served = reply.events.filter(({ event }) => event === 'request.served')
    expect(served).toEqual([expect.objectContaining({ status: Number(status) })])
  })
})

/** Every address, method and status of a document. */
function answersOf({ paths }: OpenApi): string[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) =>
      Object.keys(responses).map((status) => `${method} ${path} ${status}`),
    ),
  )
}

describe('the document', () => {
  it('lists the answers that are brought about here, and no others', () => {
    const cases = Object.entries(CASES).flatMap(([address, answers]) =>
      Object.keys(answers).map((status) => `${address} ${status}`),
    )
    expect(cases.toSorted()).toEqual(answersOf(DOCUMENT).toSorted())
  })

  it('is what the function serves, with the server that was asked', async () => {
    const world = await startApiWorld()
    const { body } = await world.ask('/openapi.json')
    expect(answersOf(body as unknown as OpenApi)).toEqual(answersOf(DOCUMENT))
    expect(body['servers']).toEqual([{ url: 'https://api.example.com' }])
    const call = { path: '/openapi.json', stage: 'live', mapping: '/archive' }
    const mapped = await world.ask(call)
    expect(mapped.body['servers']).toEqual([{ url: 'https://api.example.com/archive/live' }])
    expect(await world.accessLines()).toEqual([])
  })
})
