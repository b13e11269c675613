import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { SEARCH_PARAMETERS } from '../../lib/retrieve/parameters.ts'
import { ANNA } from '../helpers/api-event.ts'
import { type ApiReply, type ApiWorld, startApiWorld } from '../helpers/api-world.ts'
import { idOf, rowOf } from '../helpers/catalog-rows.ts'
import { VERIFY_WORKSPACE } from '../helpers/verify-world.ts'

const NUMBER = '4930123456'

/** Recordings of three days, the last of them from a number of its own. */
async function fill(world: ApiWorld): Promise<void> {
  for (const day of ['2024-03-01', '2024-03-02', '2024-03-03'])
    await world.putRows(day, 'batch', [
      rowOf(day, {
        created_at: `${day}T09:00:00.000Z`,
        ...(day === '2024-03-03' && { from_number: NUMBER, findings: ['cut-frame'] }),
      }),
    ])
}

const idsOf = ({ body }: ApiReply): string[] =>
  (body['recordings'] as { recordingId: string }[]).map(({ recordingId }) => recordingId)
const ALL = ['2024-03-03', '2024-03-02', '2024-03-01'].map(idOf)
const search = async (world: ApiWorld, query = '', more: object = {}): Promise<ApiReply> =>
  await world.ask({ path: '/recordings', query, ...more })
/** The query that a header leads to, resolved as a client does. */
const follow = (address: string | undefined): string =>
  new URL(address ?? '', 'https://api.example.com/recordings').search.slice(1)
const nextOf = ({ headers }: ApiReply): string =>
  follow(/^<(.*)>; rel="next"$/.exec(headers['link'] ?? '')?.[1])

describe('GET /recordings', () => {
  it('finds what was archived, in the names that the rest of the API has, and has it on record', async () => {
    const world = await startApiWorld()
    const kept = await world.catalogue({ createdAt: '2024-03-01T09:00:00Z' })
    const { status, headers, body } = await search(world, `id=${kept.id}&reason=complaint`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      recordings: [{ recordingId: kept.id, audioSha256: kept.sha256, audioBytes: kept.audio.length }],
      next: null,
      complete: true,
      reasons: [],
    })
    expect(headers['link']).toBeUndefined()
    expect(await world.accessLines()).toEqual([
      expect.objectContaining({
        action: 'search',
        actor: ANNA,
        via: 'api',
        reason: 'complaint',
        workspaceId: VERIFY_WORKSPACE,
        recordingIds: [kept.id],
        criteria: {},
        detail: null,
      }),
    ])
  })

  it.each([
    ['everything', '', ALL],
    ['several ids', ALL.map((id) => `id=${id.toUpperCase()}`).join('&'), ALL],
    ['a number', 'number=%2B49%2030%20123456', [ALL[0]]],
    ['a number with a + that nobody has escaped', 'number=+4930123456', [ALL[0]]],
    ['numbers', 'number=%2B442071838750&number=0049%2030%20123456', [ALL[0]]],
    ['a number of a country', 'number=(030)%20123456&country=DE', [ALL[0]]],
    ['days', 'from=2024-03-02&to=2024-03-03', [ALL[1]]],
    ['moments', 'from=2024-03-02T09:00:00%2B00:00&to=2024-03-02T09:00:00.001Z', [ALL[1]]],
    ['a call', `sourceId=${idOf('call of 2024-03-01')}`, [ALL[2]]],
    ['findings', 'findings=any', [ALL[0]]],
    ['what is not there', 'minDuration=2h', []],
    [
      'all at once',
      'direction=incoming&channel=880d8171-cbab-47bb-81b6-b1a0902da136&maxDuration=1m&findings=none',
      [ALL[1], ALL[2]],
    ],
  ])('looks for %s', async (_, query, expected) => {
    const world = await startApiWorld()
    await fill(world)
    const reply = await search(world, query)
    expect(reply.status).toBe(200)
    expect(idsOf(reply)).toEqual(expected)
  })

  it('takes the country of the deployment, and lets a request name another', async () => {
    const world = await startApiWorld({ RETRIEVE_COUNTRY: 'DE' })
    await fill(world)
    expect(idsOf(await search(world, 'number=030%20123456'))).toEqual([ALL[0]])
    expect(idsOf(await search(world, 'number=030%20123456&country=GB'))).toEqual([])
  })

  it('is paged to its end by the addresses in Link, each page with a line of its own', async () => {
    const world = await startApiWorld()
    await fill(world)
    const found: string[] = []
    let query = 'limit=1&number=%2B12025550123&reason=a%26b'
    const pages: ApiReply[] = []
    while (query !== '') {
      const page = await search(world, query)
      pages.push(page)
      found.push(...idsOf(page))
      query = page.headers['link'] === undefined ? '' : nextOf(page)
    }
    expect(found).toEqual(ALL)
    expect(pages.map(({ body }) => body['next'] !== null)).toEqual([true, true, false])
    expect(new URLSearchParams(nextOf(pages[0] as ApiReply)).get('reason')).toBe('a&b')
    expect(await world.accessLines()).toMatchObject([
      { detail: null, criteria: { number: ['…23'] } },
      { detail: 'a further page', criteria: { number: ['…23'] } },
      { detail: 'a further page', criteria: { number: ['…23'] } },
    ])
  })

  it('says that it is not complete, and why', async () => {
    const world = await startApiWorld()
    await fill(world)
    await world.put(`catalog/workspace=${VERIFY_WORKSPACE}/day=2024-03-02/broken.ndjson`, 'no row\n')
    const reply = await search(world)
    expect(reply).toMatchObject({
      status: 200,
      body: { complete: false, reasons: [expect.stringContaining('1 line')] },
    })
    expect(idsOf(reply)).toEqual(ALL)
  })

  it('answers 202 while it is being searched; the address in Location has the result, for the same caller alone', async () => {
    const world = await startApiWorld()
    await fill(world)
    world.instance({}, { searchPatienceMs: 0 })
    world.athena.conduct = { states: Array.from({ length: 60 }, () => 'RUNNING' as const) }
    const first = await search(world, `findings=any&reason=one&id=${ALL[1] ?? ''}&id=${ALL[0] ?? ''}`)
    expect(first).toMatchObject({
      status: 202,
      headers: { 'retry-after': '2' },
      body: { status: 'searching', retryAfterSeconds: 2 },
    })
    const query = follow(first.headers['location'])
    expect(new URLSearchParams(query).get('query')).toBe(first.body['query'])
    expect(await world.accessLines()).toHaveLength(1)

    const others: Parameters<typeof search>[] = [
      [world, query, { userArn: `${ANNA}-2` }],
      [world, query.replace('findings=any', 'findings=none')],
      [world, `${query}&limit=7`],
      [world, `${query}&number=12345`],
    ]
    for (const other of others) expect(await search(...other)).toMatchObject({ status: 410 })

    let reply = first
    for (let polls = 0; reply.status === 202 && polls < 200; polls++) reply = await search(world, query)
    expect(idsOf(reply)).toEqual([ALL[0]])
    // Where it began, and where its results were handed out; nothing for asking whether it is ready.
    expect(await world.accessLines()).toMatchObject([
      { action: 'search', criteria: { findings: 'any' }, detail: null },
      {
        action: 'search',
        criteria: { findings: 'any' },
        detail: 'what a search has found that was begun before',
      },
    ])
  })

  it('needs the workspace to be named where there are several', async () => {
    const world = await startApiWorld({ BACKFILL_WORKSPACE_IDS: 'other' })
    await fill(world)
    expect(await search(world)).toMatchObject({
      status: 400,
      body: { faults: [`workspace is needed, for there are several: ${VERIFY_WORKSPACE}, other`] },
    })
    expect(idsOf(await search(world, `workspace=${VERIFY_WORKSPACE.toUpperCase()}`))).toEqual(ALL)
    expect(idsOf(await search(world, 'workspace=other'))).toEqual([])
  })

  it.each([
    ['limits', 'limit=0', ['limit must be a whole number from 1 to 1000']],
    ['larger limits', 'limit=1001', ['limit must be a whole number from 1 to 1000']],
    ['limits that are none', 'limit=1e2', ['limit must be a whole number from 1 to 1000']],
    ['cursors', 'cursor=abc', ['cursor is not what the page before has given as `next`']],
    ['queries', 'query=a%20b', ['query is not what an answer 202 has given']],
    ['queries that are empty', 'query=', ['query is not what an answer 202 has given']],
    ['a comma between ids', `id=${idOf('a')},${idOf('b')}`, [expect.stringContaining('id ')]],
    [
      'many ids',
      Array.from({ length: 501 }, () => `id=${idOf('a')}`).join('&'),
      ['id is given 501 times: 500 at most'],
    ],
    ['days that are none', 'from=2024-02-30', [expect.stringContaining('from 2024-02-30 is neither a day')]],
    ['empty values', 'from=&direction=&minDuration=&findings=&number=&channel=', expect.any(Array)],
    [
      'the command line’s names',
      'call=1&min-duration=2',
      ['"call" is no parameter of this address', '"min-duration" is no parameter of this address'],
    ],
  ])('refuses %s, and asks nobody anything', async (_, query, faults) => {
    const world = await startApiWorld()
    expect(await search(world, query)).toMatchObject({ status: 400, body: { faults } })
    expect([world.requests, world.athena.statements]).toEqual([[], []])
  })

  it('repeats no telephone number, wherever somebody has put one, neither in a fault nor in the log', async () => {
    const world = await startApiWorld()
    const names = Object.keys(SEARCH_PARAMETERS).filter((name) => !['reason', 'caseNumber'].includes(name))
    for (const name of [...names, '%2B4940987654'])
      for (const number of [
        '%2B4940987654x',
        '+49+40+987+654x',
        '0049-40-987654x',
        'CALL%2B4940987654X',
        `${'x'.repeat(28)}4940987654`,
      ]) {
        const { status, text, events } = await search(world, `${name}=${number}&limit=0`)
        expect(status).toBe(400)
        const logged = events.map(({ time: _, durationMs: __, ...rest }) => rest)
        expect(`${text}${JSON.stringify(logged)}`, `${name}=${number}`).not.toMatch(/40\D{0,3}987/)
      }
  })

  it('takes blanks around a value, however many, for nothing, also in the access log', async () => {
    const world = await startApiWorld()
    await world.catalogue()
    const given = { sourceId: 'x', channel: 'y', direction: 'incoming', minDuration: '1', findings: 'any' }
    const blanks = '%09'.repeat(990)
    const query = Object.entries({ ...given, maxDuration: '2', country: 'DE' })
      .map(([name, value]) => `${name}=${blanks}${value}`)
      .join('&')
    expect(await world.ask({ path: '/recordings', query })).toMatchObject({ status: 200 })
    expect(await world.accessLines()).toMatchObject([{ criteria: given }])
  })

  it('is safe from what would be SQL', async () => {
    const world = await startApiWorld()
    await fill(world)
    const query = new URLSearchParams({ sourceId: "' or 1=1 --", channel: "'); drop table catalog; --" })
    expect(idsOf(await search(world, query.toString()))).toEqual([])
    expect(idsOf(await search(world, `id=${randomUUID()}`))).toEqual([])
    expect(idsOf(await search(world))).toEqual(ALL)
  })
})
