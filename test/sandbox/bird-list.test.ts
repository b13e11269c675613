import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBirdServer } from '../../lib/sandbox/bird-server.ts'
import type { BirdServer } from '../../lib/sandbox/bird-server.ts'
import type { BirdRecording } from '../../lib/sandbox/bird-recording.ts'
import { describeCalls } from '../../lib/sandbox/calls.ts'

const STARTED = new Date('2026-11-23T12:00:00.000Z')
const described = describeCalls({ seed: 6, count: 137, now: STARTED })
// Some of the same millisecond, so that time alone does not tell a page's last recording from the next page's first.
const calls = described.map((call, index) => ({
  ...call,
  metadata: {
    ...call.metadata,
    createdAt: index % 3 === 0 ? '2026-11-20T00:00:00.000Z' : call.metadata.createdAt,
  },
}))

interface List {
  results: BirdRecording[]
  nextPageToken?: string
}

let server: BirdServer
beforeAll(async () => {
  server = await startBirdServer({
    workspaceId: 'w',
    accessKey: 'k',
    calls,
    startedAt: STARTED,
    now: () => STARTED,
    mediaLink: (recordingId) => `http://127.0.0.1:1/${recordingId}`,
  })
})
afterAll(() => server.close())

async function get<Answer>(path: string, parameters: Record<string, string>): Promise<Answer> {
  const response = await fetch(
    `${server.url}/workspaces/w/${path}?${new URLSearchParams(parameters).toString()}`,
    {
      headers: { authorization: 'AccessKey k' },
    },
  )
  expect(response.status).toBe(200)
  return (await response.json()) as Answer
}

async function listAll(parameters: Record<string, string> = {}): Promise<List[]> {
  const pages = [await get<List>('recordings', parameters)]
  for (let token = pages[0]?.nextPageToken; token !== undefined; token = pages.at(-1)?.nextPageToken) {
    pages.push(await get<List>('recordings', { ...parameters, pageToken: token }))
  }
  return pages
}

async function listIds(parameters: Record<string, string>): Promise<string[]> {
  const pages = await listAll({ limit: '99', ...parameters })
  return pages.flatMap((page) => page.results.map(({ id }) => id)).toSorted()
}

function idsWhere(test: (call: (typeof calls)[number]) => boolean): string[] {
  return calls
    .filter(test)
    .map(({ recordingId }) => recordingId)
    .toSorted()
}

describe('the list of recordings', () => {
  it('gives ten at a time unless asked otherwise, and no token at the end', async () => {
    const pages = await listAll()
    expect(pages.map(({ results }) => results.length)).toEqual([...Array.from({ length: 13 }, () => 10), 7])
    expect(pages.at(-1)).not.toHaveProperty('nextPageToken')
  })

  it.each(['1', '7', '99'])('gives each recording once, newest first, %s at a time', async (limit) => {
    const pages = await listAll({ limit })
    const all = pages.flatMap(({ results }) => results)
    expect(new Set(all.map(({ id }) => id)).size).toBe(137)
    expect(all).toHaveLength(137)
    const times = all.map(({ createdAt }) => createdAt)
    expect(times).toEqual(times.toSorted().toReversed())
  })

  it('gives no token when the last page is full', async () => {
    const [first, second] = await listAll({ limit: '99', direction: 'incoming' })
    const total = [...(first?.results ?? []), ...(second?.results ?? [])].length
    const exact = await listAll({ limit: String(total), direction: 'incoming' })
    expect(exact).toHaveLength(1)
  })

  it('holds the same as asking for each recording', async () => {
    const [page] = await listAll({ limit: '5' })
    for (const recording of page?.results ?? []) {
      expect(await get(`recordings/${recording.id}`, {})).toEqual(recording)
    }
  })

  it('includes startAt and excludes endAt', async () => {
    const [startAt, endAt] = ['2026-11-10T00:00:00Z', '2026-11-20T00:00:00.000Z']
    const within = idsWhere(({ metadata }) => metadata.createdAt >= startAt && metadata.createdAt < endAt)
    expect(within.length).toBeGreaterThan(10)
    expect(await listIds({ startAt, endAt })).toEqual(within)
    const moment = idsWhere(({ metadata }) => metadata.createdAt === endAt)
    expect(await listIds({ startAt: endAt, endAt: '2026-11-20T00:00:00.001Z' })).toEqual(moment)
  })

  it('goes on within a window by its token', async () => {
    const window = { startAt: '2026-11-05T00:00:00Z', endAt: '2026-11-21T00:00:00Z' }
    const pages = await listAll({ ...window, limit: '4' })
    expect(pages.flatMap(({ results }) => results.map(({ id }) => id)).toSorted()).toEqual(
      await listIds(window),
    )
  })

  it('can be narrowed by status, direction, channel, call and number', async () => {
    const sample = calls.find(
      ({ metadata }) => metadata.channelId !== undefined && metadata.originator !== undefined,
    )!.metadata
    const { channelId = '', sourceId, originator } = sample
    const number = originator?.number.number ?? ''
    expect(await listIds({ status: 'absent' })).toEqual(idsWhere(({ role }) => role === 'absent'))
    expect(await listIds({ direction: 'outgoing' })).toEqual(
      idsWhere(({ metadata }) => metadata.direction === 'outgoing'),
    )
    expect(await listIds({ channelId })).toEqual([sample.id])
    expect(await listIds({ sourceId })).toEqual([sample.id])
    expect(await listIds({ id: sourceId })).toEqual([sample.id])
    expect(await listIds({ from: `+${number}` })).toEqual(
      idsWhere(({ metadata }) => metadata.originator?.number.number === number),
    )
    expect(await listIds({ to: 'anonymous' })).toEqual(
      idsWhere(({ metadata }) => metadata.receiver?.number.number === 'anonymous'),
    )
  })
})

describe('the metrics of recordings', () => {
  it('count all recordings, or those of one call', async () => {
    const all = await get<{ counter: number; duration: number; dailyStorageUsage: Record<string, number> }>(
      'recording-metrics',
      {},
    )
    expect(all.counter).toBe(137)
    expect(all.duration).toBe(calls.reduce((sum, { audio }) => sum + (audio?.seconds ?? 0), 0))
    expect(Object.keys(all.dailyStorageUsage)).toContain('2026-11-20')
    const sourceId = calls[3]!.metadata.sourceId
    expect(await get('recording-metrics', { sourceId })).toMatchObject({ counter: 1 })
  })
})
