import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BackfillWorld, startBackfillWorld } from '../helpers/backfill-world.ts'
import * as faults from '../helpers/list-faults.ts'
import { callAt } from '../helpers/listed-calls.ts'

interface Answer {
  readonly status: number
  readonly retryAfter: string | null
  readonly text: string
}
interface Page {
  readonly results: Record<string, unknown>[]
  readonly nextPageToken?: string
}

let world: BackfillWorld
beforeAll(async () => {
  world = await startBackfillWorld()
})
beforeEach(() => {
  world.setCalls(Array.from({ length: 10 }, (_, at) => callAt(new Date(Date.UTC(2026, 2, 1 + at)))))
})
afterAll(() => world[Symbol.asyncDispose]())

/** Ids, newest first. */
const ids = (): string[] => world.calls.map(({ recordingId }) => recordingId).toReversed()

async function ask(query: Record<string, string> = {}): Promise<Answer> {
  const { BIRD_API_URL = '', BIRD_ACCESS_KEY = '' } = world.env
  const url = `${BIRD_API_URL}/workspaces/${world.workspaceId}/recordings?${new URLSearchParams(query).toString()}`
  const response = await fetch(url, { headers: { authorization: `AccessKey ${BIRD_ACCESS_KEY}` } })
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    text: await response.text(),
  }
}

/** Follows the tokens for ten pages at most. */
async function list(query: Record<string, string> = { limit: '3' }): Promise<Page[]> {
  const pages: Page[] = []
  for (let token: string | undefined = ''; token !== undefined && pages.length < 10;) {
    const { text } = await ask({ ...query, ...(token !== '' && { pageToken: token }) })
    const page = JSON.parse(text) as Page
    pages.push(page)
    token = page.nextPageToken
  }
  return pages
}

const shown = (pages: readonly Page[]): unknown[] =>
  pages.flatMap(({ results }) => results.map((item) => item?.['id']))
const tokens = (pages: readonly Page[]): (string | undefined)[] =>
  pages.map(({ nextPageToken }) => nextPageToken)

describe('tokens that lead astray', () => {
  it.each([1, 2])('repeat themselves from page %i on', async (fromPage) => {
    world.birdFaults = faults.repeatingToken(world, fromPage)
    const given = tokens(await list())
    expect(given).toHaveLength(10)
    expect(new Set(given).size).toBe(fromPage)
    expect(new Set(given.slice(fromPage - 1)).size).toBe(1)
  })

  it('go round in a circle', async () => {
    world.birdFaults = faults.circlingTokens(world)
    const given = tokens(await list())
    const [a, b] = given
    expect(a).not.toBe(b)
    expect(given).toEqual([a, b, a, b, a, b, a, b, a, b])
  })
})

describe('lists that change while they are read', () => {
  it('skip one recording in one listing when another is deleted', async () => {
    const before = ids()
    const fault = faults.shrinking(world)
    world.birdFaults = fault
    const first = shown(await list())
    expect([fault.deleted, fault.skipped]).toEqual([[before[0]], [before[3]]])
    expect(first).toEqual(before.filter((id) => id !== before[3]))
    expect(shown(await list())).toEqual(before.slice(1))
  })

  it('show recordings twice when others come in', async () => {
    const before = ids()
    const fault = faults.growing(world)
    world.birdFaults = fault
    const pages = await list()
    expect([...new Set(shown(pages))]).toEqual(before)
    expect(fault.created).toHaveLength(pages.length - 1)
    expect(shown(pages)).toHaveLength(before.length + fault.created.length)
    expect(shown(await list())).toEqual(expect.arrayContaining([...before, ...fault.created.slice(0, 4)]))
  })

  it('begin each page with the end of the page before', async () => {
    world.birdFaults = faults.duplicating(world, 2)
    const pages = await list({ limit: '4' })
    for (const [at, { results }] of pages.slice(1).entries())
      expect(results.slice(0, 2)).toEqual(pages[at]?.results.slice(-2))
    expect([...new Set(shown(pages))]).toEqual(ids())
  })

  it('show everything in every window', async () => {
    world.birdFaults = faults.ignoringFilters(world)
    const window = { startAt: '2026-03-04T00:00:00Z', endAt: '2026-03-05T00:00:00Z', limit: '4' }
    expect(shown(await list(window))).toEqual(ids())
  })
})

describe('items that are not as they should be', () => {
  it('have an unknown status', async () => {
    const [newest = ''] = ids()
    world.birdFaults = faults.unknownStatus(world, 'quarantined', [newest])
    const items = (await list()).flatMap(({ results }) => results)
    expect(items.map(({ status }) => status)).toEqual([
      'quarantined',
      ...Array.from({ length: 9 }, () => 'available'),
    ])
    world.birdFaults = faults.unknownStatus(world)
    expect((await list())[2]?.results[0]).toMatchObject({ status: 'quarantined' })
  })

  it.each(['no-id', 'no-createdAt', 'no-status', 'null', 'text'] as const)(
    'are unreadable: %s',
    async (how) => {
      const [newest = '', ...others] = ids()
      for (const which of [undefined, [newest]]) {
        world.birdFaults = faults.unreadableItem(world, how, which)
        const [spoilt, ...rest] = (await list()).flatMap(({ results }) => results)
        expect(faultOf(spoilt)).toBe(how)
        expect(rest.map(({ id }) => id)).toEqual(others)
      }
    },
  )
})

function faultOf(item: unknown): string {
  if (typeof item !== 'object') return item === 'recording' ? 'text' : 'other'
  if (item === null) return 'null'
  return ['id', 'createdAt', 'status']
    .filter((name) => !(name in item))
    .map((name) => `no-${name}`)
    .join(', ')
}

describe('answers in place of a list', () => {
  it('are 429 for some requests, or until a moment', async () => {
    world.birdFaults = faults.throttledFor(2)
    const statuses = [(await ask()).status, (await ask()).status, (await ask()).status]
    expect(statuses).toEqual([429, 429, 200])

    const until = new Date('2026-06-01T00:00:00Z')
    world.now = () => new Date('2026-05-31T23:59:59Z')
    world.birdFaults = faults.throttledFor({ world, until }, '1')
    expect(await ask()).toMatchObject({ status: 429, retryAfter: '1' })
    world.now = () => until
    expect(await ask()).toMatchObject({ status: 200, retryAfter: null })
  })

  it('are not JSON, or errors of the server', async () => {
    world.birdFaults = faults.notJson(1)
    expect((await ask()).text).toMatch(/^<!DOCTYPE html>/)
    expect((await ask()).text).toMatch(/^\{/)
    world.birdFaults = faults.serverErrors(1, 500)
    expect([(await ask()).status, (await ask()).status]).toEqual([500, 200])
  })
})
