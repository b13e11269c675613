import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { afterEach, describe, expect, it } from 'vitest'
import { startBirdServer } from '../../lib/sandbox/bird-server.ts'
import type { BirdServer, BirdServerOptions } from '../../lib/sandbox/bird-server.ts'
import type { BirdRecording } from '../../lib/sandbox/bird-recording.ts'
import { describeCalls } from '../../lib/sandbox/calls.ts'
import type { Call } from '../../lib/sandbox/calls.ts'
import { describeHistory } from '../../lib/sandbox/history.ts'

const WORKSPACE = 'b7d4a1de-0b0c-4f1c-9d8a-111111111111'
const KEY = 'k-123'
const STARTED = new Date('2026-11-23T12:00:00.000Z')
const UNKNOWN = '00000000-0000-4000-8000-000000000000'

const openApi = JSON.parse(
  readFileSync(new URL('../fixtures/bird-openapi.json', import.meta.url), 'utf8'),
) as object
const ajv = new Ajv({ strict: false })
addFormats.default(ajv)
ajv.addSchema(openApi, 'bird')
const isRecording = ajv.getSchema('bird#/components/schemas/Recording')!
const isError = ajv.getSchema('bird#/components/schemas/Error')!

const calls = describeCalls({ seed: 1, count: 60, now: STARTED })
const servers: BirdServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(options: Partial<BirdServerOptions> = {}) {
  const clock = { seconds: 0 }
  const server = await startBirdServer({
    workspaceId: WORKSPACE,
    accessKey: KEY,
    calls,
    startedAt: STARTED,
    now: () => new Date(STARTED.getTime() + clock.seconds * 1000),
    mediaLink: (recordingId) => `http://127.0.0.1:1/media/${recordingId}.mp3?X-Amz-Signature=abc`,
    ...options,
  })
  servers.push(server)
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${server.url}/workspaces/${WORKSPACE}${path}`, {
      redirect: 'manual',
      headers: { authorization: `AccessKey ${KEY}` },
      ...init,
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: (): unknown => JSON.parse(text) }
  }
  const getRecording = async (id: string) => (await get(`/recordings/${id}`)).json() as BirdRecording
  return { server, clock, get, getRecording }
}

function callOf(role: Call['role']): Call {
  return calls.find((call) => call.role === role)!
}

describe('the metadata of a recording', () => {
  it('satisfies the OpenAPI document, whatever the recording and whenever it is asked for', async () => {
    const past = { from: new Date('2026-05-01'), to: new Date('2026-11-01') }
    const known = [...calls, ...describeHistory({ seed: 1, count: 200, ...past })]
    const { clock, getRecording } = await start({ calls: known })
    for (const seconds of [0, 4, 60]) {
      clock.seconds = seconds
      for (const call of known) {
        const recording = await getRecording(call.recordingId)
        const valid = isRecording(recording) || recording.status === 'transcoding'
        expect({ valid, errors: valid ? [] : isRecording.errors }).toEqual({ valid: true, errors: [] })
      }
    }
  })

  it('has a status that the OpenAPI document does not know, for one recording', async () => {
    const { getRecording } = await start()
    const recording = await getRecording(callOf('unknown-status').recordingId)
    expect(isRecording(recording)).toBe(false)
    expect(isRecording({ ...recording, status: 'completed' })).toBe(true)
  })

  it('goes on from accepted to available, and only then has a link', async () => {
    const call: Call = {
      ...callOf('becomes-available'),
      statuses: [
        { status: 'accepted', fromSeconds: 0 },
        { status: 'ongoing', fromSeconds: 2 },
        { status: 'available', fromSeconds: 5 },
      ],
    }
    const { clock, getRecording } = await start({ calls: [call] })
    const seen = []
    for (clock.seconds of [0, 1.9, 2, 4.9, 5, 100]) {
      const { status, url, duration, endedAt, startedAt, updatedAt } = await getRecording(call.recordingId)
      seen.push([
        status,
        url !== undefined,
        duration !== undefined,
        endedAt !== undefined,
        startedAt !== undefined,
        updatedAt.slice(11, 19),
      ])
    }
    const created = call.metadata.createdAt.slice(11, 19)
    expect(seen).toEqual([
      ['accepted', false, false, false, false, created],
      ['accepted', false, false, false, false, created],
      ['ongoing', false, false, false, true, '12:00:02'],
      ['ongoing', false, false, false, true, '12:00:02'],
      ['available', true, true, true, true, '12:00:05'],
      ['available', true, true, true, true, '12:00:05'],
    ])
  })

  it('is found whatever the letter case of the id', async () => {
    const { getRecording } = await start()
    const id = callOf('plain').recordingId
    expect((await getRecording(id.toUpperCase())).id).toBe(id)
  })
})

describe('the audio of a recording', () => {
  it('is a 307 without a body, to a link', async () => {
    const { get } = await start()
    const id = callOf('plain').recordingId
    const { status, headers, text } = await get(`/recordings/${id}.mp3`)
    expect({ status, text }).toEqual({ status: 307, text: '' })
    expect(headers.get('location')).toBe(`http://127.0.0.1:1/media/${id}.mp3?X-Amz-Signature=abc`)
  })

  it.each(['absent', 'failed', 'becomes-available'] as const)(
    'is a 404 while the recording is not available: %s',
    async (role) => {
      const { get } = await start()
      const { status, headers, json } = await get(`/recordings/${callOf(role).recordingId}.mp3`)
      expect([status, headers.get('location'), isError(json())]).toEqual([404, null, true])
    },
  )
})

describe('what Bird refuses', () => {
  it.each([
    ['an unknown recording', `/recordings/${UNKNOWN}`, 404],
    ['the audio of an unknown recording', `/recordings/${UNKNOWN}.mp3`, 404],
    ['an id that is no UUID', '/recordings/12345', 422],
    ['another resource', '/calls', 404],
    ['a longer path', `/recordings/${UNKNOWN}/media`, 404],
    ['a limit of 0', '/recordings?limit=0', 422],
    ['a limit of 100', '/recordings?limit=100', 422],
    ['a limit that is no number', '/recordings?limit=ten', 422],
    ['a page token of its own making', '/recordings?pageToken=abc', 422],
    ['a time that is none', '/recordings?startAt=yesterday', 422],
    ['a status that does not exist', '/recordings?status=done', 422],
    ['a direction that does not exist', '/recordings?direction=up', 422],
    ['a channel that is no UUID', '/recordings?channelId=1', 422],
  ])('is %s', async (_what, path, status) => {
    const { get } = await start()
    const answer = await get(path)
    expect([answer.status, isError(answer.json())]).toEqual([status, true])
    expect(answer.headers.get('messagebird-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it.each([
    ['no key', {}],
    ['another key', { authorization: 'AccessKey other' }],
    ['another scheme', { authorization: `Bearer ${KEY}` }],
  ])('is %s, with 401', async (_what, headers) => {
    const { get } = await start()
    const answer = await get(`/recordings/${callOf('plain').recordingId}`, { headers })
    expect([answer.status, isError(answer.json())]).toEqual([401, true])
  })

  it('is another workspace, with 403', async () => {
    const { server } = await start()
    const response = await fetch(`${server.url}/workspaces/${UNKNOWN}/recordings`, {
      headers: { authorization: `AccessKey ${KEY}` },
    })
    expect([response.status, isError(await response.json())]).toEqual([403, true])
  })

  it('is to delete a recording', async () => {
    const { get, getRecording } = await start()
    const id = callOf('plain').recordingId
    expect(
      (await get(`/recordings/${id}`, { method: 'DELETE', headers: { authorization: `AccessKey ${KEY}` } }))
        .status,
    ).toBe(405)
    expect((await getRecording(id)).id).toBe(id)
  })
})

describe('the limit on requests', () => {
  it('lets a burst pass, then answers 429 until time has gone by', async () => {
    const { clock, get } = await start({ rateLimit: { requestsPerSecond: 2, burst: 3 } })
    const statuses = async (count: number) => {
      const seen = []
      for (let index = 0; index < count; index++) seen.push((await get('/recordings')).status)
      return seen
    }
    expect(await statuses(5)).toEqual([200, 200, 200, 429, 429])
    clock.seconds += 1
    expect(await statuses(3)).toEqual([200, 200, 429])
    clock.seconds += 100
    expect(await statuses(4)).toEqual([200, 200, 200, 429])
  })
})

describe('a scripted fault', () => {
  it('takes the place of the answer', async () => {
    const { get } = await start({
      faults: ({ operation }) =>
        operation === 'getRecording'
          ? { kind: 'respond', status: 502, headers: { 'retry-after': '7' }, body: '<html>' }
          : undefined,
    })
    const answer = await get(`/recordings/${callOf('plain').recordingId}`)
    expect([answer.status, answer.headers.get('retry-after'), answer.text]).toEqual([502, '7', '<html>'])
    expect((await get(`/recordings/${callOf('plain').recordingId}.mp3`)).status).toBe(307)
  })

  it('may close the connection without an answer', async () => {
    const { get } = await start({ faults: () => ({ kind: 'drop' }) })
    await expect(get('/recordings')).rejects.toThrow('fetch failed')
  })

  it('may leave the caller without an answer', async () => {
    const { get } = await start({ faults: () => ({ kind: 'stall' }) })
    await expect(get('/recordings', { signal: AbortSignal.timeout(50) })).rejects.toThrow('aborted')
  })
})
