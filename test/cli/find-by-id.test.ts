import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readSidecar, writeSidecar } from '../../lib/archive/sidecar.ts'
import { type CatalogEntry, toEntry } from '../../lib/catalog/entry.ts'
import { idOf, rowOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { type CatalogWorld, startCatalogWorld } from '../helpers/catalog-world.ts'
import { runHere } from '../helpers/kept-state.ts'
import { AUDIO, MEDIA, POLICY, PROVENANCE, recordingOf, REQUEST } from '../helpers/sidecars.ts'
import { type Finished, jsonLines } from './command.ts'

const OTHER = '0d9e2b1a-52c4-4e9c-9f51-2f3b7c1f6c0d'

interface Archived {
  readonly id: string
  readonly row: CatalogEntry
}

/** Puts a recording's sidecar where the archiver does, and gives its row. */
async function keep(
  world: CatalogWorld,
  name: string,
  createdAt: string,
  workspaceId = WORKSPACE,
): Promise<Archived> {
  const id = idOf(name)
  const key = `recordings/${workspaceId}/${id}`
  const text = writeSidecar(
    { ...REQUEST, recordingId: id, workspaceId },
    { ...recordingOf({ createdAt }), id },
    MEDIA,
    { ...AUDIO, key: `${key}.mp3` },
    PROVENANCE,
    POLICY,
  )
  await world.putText(`${key}.json`, text)
  const read = readSidecar(text)
  if (!read.ok) throw new Error(read.reason)
  return { id, row: toEntry(read.sidecar) }
}

/** Three days with a recording each, and one with none of them. */
async function startArchive() {
  const world = await startCatalogWorld()
  const days = ['2022-05-01', '2023-05-01', '2024-05-01'] as const
  const kept: Archived[] = []
  for (const day of days) {
    const recording = await keep(world, `of ${day}`, `${day}T09:00:00.000Z`)
    kept.push(recording)
    await world.put(day, 'batch', [
      recording.row,
      rowOf(`beside ${day}`, { created_at: `${day}T10:00:00.000Z` }),
    ])
  }
  await world.put('2023-11-01', 'batch', [rowOf('another day', { created_at: '2023-11-01T09:00:00.000Z' })])
  const [oldest, middle, newest] = kept as [Archived, Archived, Archived]
  const find = async (...args: string[]): Promise<Finished> =>
    await runHere({ directory: world.env['XDG_CACHE_HOME']! }, 'find', '--json', ...args)
  return { world, oldest, middle, newest, find }
}

const fetched = ({ requests }: CatalogWorld): string[] =>
  requests
    .filter(({ operation, key }) => operation === 'GetObject' && key.startsWith('catalog/'))
    .map(({ key }) => /day=([\d-]+)/.exec(key)?.[1] ?? key)
    .toSorted()
const idsIn = ({ stdout }: Finished): unknown[] => jsonLines(stdout).map(({ recording_id: id }) => id)
const sidecarKey = (id: string, workspaceId = WORKSPACE): string => `recordings/${workspaceId}/${id}.json`
const ALL_DAYS = ['2022-05-01', '2023-05-01', '2023-11-01', '2024-05-01']

afterEach(() => {
  delete process.env['BACKFILL_WORKSPACE_IDS']
})

describe('find by id', { timeout: 120_000 }, () => {
  it('of many days that are compact is answered, too', async () => {
    const world = await startCatalogWorld()
    const kept: Archived[] = []
    for (let day = 0; day < 40; day++) {
      const createdAt = new Date(Date.parse('2024-03-01T09:00:00.000Z') + day * 86_400_000).toISOString()
      const recording = await keep(world, `of day ${day}`, createdAt)
      kept.push(recording)
      for (const batch of ['a', 'b']) await world.put(createdAt.slice(0, 10), batch, [recording.row])
    }
    const never = new AbortController().signal
    const days = { first: '2024-03-01', last: '2024-05-01' }
    let compacted = 0
    for await (const end of world.local.compactor.compact(WORKSPACE, days, never))
      if (end.kind === 'compacted') compacted += 1
    expect(compacted).toBe(40)
    const criteria = { workspaceId: WORKSPACE, recordingIds: kept.map(({ id }) => id) }
    const { rows, complete } = await (await world.elsewhere()).search(criteria, { limit: 100 }, never)
    expect([rows.length, complete]).toEqual([40, true])
  })

  it('fetches the days that the sidecars name, and no other', async () => {
    const { world, oldest, newest, find } = await startArchive()
    const found = await find('--id', oldest.id, '--id', newest.id)
    expect(found).toMatchObject({ code: 0, stderr: '2 recordings found; that is all.\n' })
    expect(jsonLines(found.stdout)).toEqual([newest.row, oldest.row])
    expect(fetched(world)).toEqual(['2022-05-01', '2024-05-01'])
    const sidecars = world.requests.filter(({ key }) => key.startsWith('recordings/'))
    expect(sidecars.map(({ operation, key }) => `${operation} ${key}`).toSorted()).toEqual(
      [oldest.id, newest.id].map((id) => `GetObject ${sidecarKey(id)}`).toSorted(),
    )
  })

  it('holds the other criteria against them, too', async () => {
    const { world, oldest, middle, find } = await startArchive()
    const found = await find('--id', oldest.id, '--id', middle.id, '--source-id', 'of no call')
    expect(found).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `No recording found in workspace ${WORKSPACE}.\n`,
    })
    expect(fetched(world)).toEqual(['2022-05-01', '2023-05-01'])
  })

  it('goes by the days that are named, where any are, and asks no sidecar', async () => {
    const { world, oldest, newest, find } = await startArchive()
    expect(idsIn(await find('--id', oldest.id, '--id', newest.id, '--from', '2024-01-01'))).toEqual([
      newest.id,
    ])
    expect(fetched(world)).toEqual(['2024-05-01'])
    expect(world.requests.filter(({ key }) => key.startsWith('recordings/'))).toEqual([])
  })

  it('searches all of the catalog for one whose sidecar is lost, and says so', async () => {
    const { world, oldest, middle, find } = await startArchive()
    await world.delete(sidecarKey(middle.id))
    const found = await find('--id', middle.id, '--id', oldest.id)
    expect(idsIn(found)).toEqual([middle.id, oldest.id])
    expect(found).toMatchObject({
      code: 0,
      stderr: `1 recording (${middle.id}) without a sidecar that can be read in workspace ${WORKSPACE}: of another workspace, lost, or never archived. All of its catalog is searched.
2 recordings found; that is all.
`,
    })
    expect(fetched(world)).toEqual(ALL_DAYS)
  })

  it.each([
    ['is no sidecar', (world: CatalogWorld, key: string) => world.putText(key, '{"schema":')],
    [
      'cannot be read',
      (world: CatalogWorld, key: string) => {
        world.faults = (request) =>
          request.key === key ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined
        return Promise.resolve()
      },
    ],
  ])('searches all of the catalog where what lies there %s', async (_, spoil) => {
    const { world, middle, find } = await startArchive()
    await spoil(world, sidecarKey(middle.id))
    const found = await find('--id', middle.id)
    expect(idsIn(found)).toEqual([middle.id])
    expect(found.stderr).toContain('All of its catalog is searched.')
    expect(fetched(world)).toEqual(ALL_DAYS)
  })

  it('looks for a recording in its own workspace alone', async () => {
    const { world, middle, find } = await startArchive()
    const theirs = await keep(world, 'theirs', '2022-05-01T12:00:00.000Z', OTHER)
    await world.put('2022-05-01', 'batch', [theirs.row], OTHER)
    process.env['BACKFILL_WORKSPACE_IDS'] = `${WORKSPACE},${OTHER}`
    const found = await find('--id', theirs.id, '--id', middle.id)
    expect(idsIn(found)).toEqual([middle.id, theirs.id])
    expect(found).toMatchObject({ code: 0, stderr: '2 recordings found; that is all.\n' })
    expect(fetched(world)).toEqual(['2022-05-01', '2023-05-01'])
  })

  it('is not complete where a recording is archived and has no row', async () => {
    const { world, oldest, find } = await startArchive()
    const lost = await keep(world, 'without a row', '2022-05-01T15:00:00.000Z')
    const found = await find('--id', lost.id, '--id', oldest.id)
    expect(idsIn(found)).toEqual([oldest.id])
    expect(found.code).toBe(1)
    expect(found.stderr).toContain(
      `not complete: ${lost.id} is archived, but the catalog has no row of it on 2022-05-01: bird-archive catalog rebuild writes it`,
    )
  })

  it('shows a part where no more are wanted, and says that there are more', async () => {
    const { oldest, newest, find } = await startArchive()
    const found = await find('--id', oldest.id, '--id', newest.id, '--limit', '1')
    expect(idsIn(found)).toEqual([newest.id])
    expect(found).toMatchObject({
      code: 1,
      stderr: '1 recording found; there are more: --limit cut them off.\n',
    })
  })
})

describe('a first search over many objects', { timeout: 120_000 }, () => {
  const objects = 150
  const startLong = async (): Promise<{ find: () => Promise<Finished> }> => {
    const world = await startCatalogWorld()
    for (let n = 0; n < objects; n++) {
      const created_at = new Date(Date.UTC(2024, 0, 1 + Math.floor(n / 3), 9, n % 60)).toISOString()
      await world.put(created_at.slice(0, 10), `batch-${n}`, [rowOf(`no. ${n}`, { created_at })])
    }
    const directory = join(world.env['XDG_CACHE_HOME']!, 'long')
    return { find: () => runHere({ directory }, 'find', '--json') }
  }
  /** For the running test, standard error is a terminal. */
  const atTerminal = async (run: () => Promise<Finished>): Promise<Finished> => {
    const given = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY')
    Object.defineProperty(process.stderr, 'isTTY', { value: true, configurable: true })
    try {
      return await run()
    } finally {
      if (given === undefined) Reflect.deleteProperty(process.stderr, 'isTTY')
      else Object.defineProperty(process.stderr, 'isTTY', given)
    }
  }

  it('shows how many are here on a terminal, and takes that away', async () => {
    const { find } = await startLong()
    const { code, stdout, stderr } = await atTerminal(find)
    expect(code).toBe(0)
    expect(jsonLines(stdout)).toHaveLength(objects)
    expect(stderr).toMatch(/fetching catalog objects \S+ 0\/150 /)
    expect(stderr).toMatch(/fetching catalog objects \S+ 150\/150 /)
    expect(stderr).toMatch(/150 recordings found; that is all\.\n$/)
  })

  it('writes nothing but the end where that is no terminal', async () => {
    const { find } = await startLong()
    const { code, stdout, stderr } = await find()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '150 recordings found; that is all.\n' })
    expect(jsonLines(stdout)).toHaveLength(objects)
  })
})
