import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { idOf, rowOf, segmentOf, WORKSPACE } from '../helpers/catalog-rows.ts'
import { type CatalogWorld, startCatalogWorld } from '../helpers/catalog-world.ts'
import { runWithin } from '../helpers/run-within.ts'
import { jsonLines, run } from './command.ts'

const older = rowOf('older', { created_at: '2024-03-01T09:00:00.000Z', from_number: '4930123456' })
const newer = rowOf('newer', {
  created_at: '2024-03-02T09:00:00.000Z',
  to_number: '4930123456',
  duration_ms: 3_725_000,
  direction: 'outgoing',
  findings: ['cut-frame', 'duration-differs'],
  source_id: '=HYPERLINK("x","y")',
})

async function startFilled(): Promise<CatalogWorld> {
  const world = await startCatalogWorld()
  await world.put('2024-03-01', 'one', [older, rowOf('other number')])
  await world.put('2024-03-02', 'two', [newer])
  return world
}

async function accessLines(world: CatalogWorld): Promise<Record<string, unknown>[]> {
  const keys = await world.keys('access/')
  return (await Promise.all(keys.map((key) => world.get(key)))).flatMap(jsonLines)
}

describe('find', { timeout: 120_000 }, () => {
  it('shows as a table what a number finds, and that it is all', async () => {
    const { env } = await startFilled()
    const { code, stdout, stderr } = await run(['find', '--number', '(030) 123 456', '--country', 'DE'], env)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '2 recordings found; that is all.\n' })
    expect(stdout.split('\n')).toEqual([
      'call (UTC)           length         from             to               recording                             findings',
      `2024-03-02 09:00:00   1:02:05  out  447700900456     4930123456       ${newer.recording_id}  cut-frame duration-differs`,
      `2024-03-01 09:00:00      1:00  in   4930123456       12025550123      ${older.recording_id}`,
      '',
    ])
  })

  it('prints rows as lines of JSON', async () => {
    const { env } = await startFilled()
    const { code, stdout } = await runWithin(['find', '--number', '+49 30 123456', '--json'], env)
    expect(code).toBe(0)
    expect(jsonLines(stdout)).toEqual([newer, older])
  })

  it('prints a table for spreadsheets, which take nothing in it for a formula', async () => {
    const { env } = await startFilled()
    const { code, stdout } = await runWithin(['find', '--id', newer.recording_id, '--csv'], env)
    expect(code).toBe(0)
    const [head, row, ...rest] = stdout.split('\n')
    expect(head).toMatch(/^recording_id,workspace_id,created_at,.*,archived_at$/)
    expect(row).toContain(`${newer.recording_id},${WORKSPACE},2024-03-02T09:00:00.000Z,`)
    expect(row).toContain(`,"'=HYPERLINK(""x"",""y"")",`)
    expect(row).toContain(',cut-frame duration-differs,')
    expect(rest).toEqual([''])
  })

  it('exits with 1 where there is nothing', async () => {
    const { env } = await startFilled()
    const { code, stdout, stderr } = await runWithin(
      ['find', '--direction', 'outgoing', '--to', '2024-03-02'],
      env,
    )
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: `No recording found in workspace ${WORKSPACE}.\n`,
    })
  })

  it('says how a number of digits alone was read where nothing was found, unless a country was named', async () => {
    const { env } = await startFilled()
    const looked = async (...args: string[]) => (await runWithin(['find', ...args], env)).stderr
    expect(await looked('--number', '2025550187')).toMatch(
      /^No recording found in workspace [-0-9a-f]{36}\.\n.*--country/,
    )
    for (const args of [['+12025550187'], ['2025550187', '--country', 'US'], ['123456']])
      expect(await looked('--number', ...args)).toBe(`No recording found in workspace ${WORKSPACE}.\n`)
  })

  it('says that there are more than it was to show, and exits with 1', async () => {
    const { env } = await startFilled()
    const cut = await runWithin(['find', '--limit', '2', '--json'], env)
    expect(jsonLines(cut.stdout)).toHaveLength(2)
    expect(cut).toMatchObject({
      code: 1,
      stderr: '2 recordings found; there are more: --limit cut them off.\n',
    })
    const all = await runWithin(['find', '--limit', '3', '--json'], env)
    expect(jsonLines(all.stdout)).toHaveLength(3)
    expect(all).toMatchObject({ code: 0, stderr: '3 recordings found; that is all.\n' })
  })

  it('names what it could not read, shows the rest, and exits with 1', async () => {
    const world = await startFilled()
    const key = `catalog/workspace=${WORKSPACE}/day=2024-03-02/cut.ndjson`
    const third = rowOf('third', { created_at: '2024-03-02T08:00:00.000Z' })
    await world.putText(key, `${segmentOf([third])}{"recording_id":"${idOf('lost')}","works`)
    const { code, stdout, stderr } = await runWithin(['find', '--from', '2024-03-02', '--json'], world.env)
    expect(code).toBe(1)
    expect(jsonLines(stdout).map(({ recording_id: id }) => id)).toEqual([
      newer.recording_id,
      third.recording_id,
    ])
    expect(stderr).toContain(`not complete: 1 line of ${key} cannot be read`)
    expect(stderr).toContain('2 recordings found; there may be more.')
  })

  it('looks into all configured workspaces, or into the one that is named', async () => {
    const world = await startFilled()
    const theirs = rowOf('theirs', { workspace_id: 'other' })
    await world.put('2024-03-01', 'one', [theirs], 'other')
    const env = { ...world.env, BACKFILL_WORKSPACE_IDS: `${WORKSPACE},other` }
    const idsOf = ({ stdout }: { stdout: string }): unknown[] =>
      jsonLines(stdout).map(({ recording_id: id }) => id)
    expect(idsOf(await runWithin(['find', '--json'], env))).toHaveLength(4)
    expect(idsOf(await runWithin(['find', '--json', '--workspace', 'other'], env))).toEqual([
      theirs.recording_id,
    ])
  })

  it('keeps what it has fetched for its user alone, and fetches it once', async () => {
    const world = await startFilled()
    const segments = (): string[] =>
      world.requests
        .filter(({ operation, key }) => operation === 'GetObject' && key.startsWith('catalog/'))
        .map(({ key }) => key)
    await runWithin(['find', '--from', '2024-03-02', '--json'], world.env)
    expect(segments()).toEqual([`catalog/workspace=${WORKSPACE}/day=2024-03-02/two.ndjson`])
    await runWithin(['find', '--from', '2024-03-02', '--json'], world.env)
    expect(segments()).toHaveLength(1)
    const below = await readdir(world.env['XDG_CACHE_HOME']!, { recursive: true, withFileTypes: true })
    const modes = await Promise.all(
      below.map(async (entry) => {
        const { mode } = await stat(join(entry.parentPath, entry.name))
        return `${entry.isFile() ? 'file' : 'directory'} ${(mode & 0o777).toString(8)}`
      }),
    )
    expect(new Set(modes)).toEqual(new Set(['directory 700', 'file 600']))
  })
})

describe('whoever finds', { timeout: 120_000 }, () => {
  it('leaves a line in the access log, with masked numbers', async () => {
    const world = await startFilled()
    const who = ['--actor', 'Ada', '--reason', 'case 4711']
    await runWithin(['find', '--number', '+49 30 123456', '--from', '2024-03-01', ...who], world.env)
    const lines = await accessLines(world)
    expect(lines).toMatchObject([
      {
        action: 'search',
        actor: 'Ada',
        reason: 'case 4711',
        via: 'terminal',
        workspaceId: WORKSPACE,
        criteria: { from: '2024-03-01', number: ['…56'] },
      },
    ])
    expect(JSON.stringify(lines)).not.toContain('123456')
  })

  it('is shown nothing where that line cannot be written', async () => {
    const world = await startFilled()
    world.faults = ({ key, operation }) =>
      operation === 'PutObject' && key.startsWith('access/')
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    const { code, stdout, stderr } = await runWithin(['find', '--json'], world.env)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('S3 refuses to write access/day=')
    expect(world.requests.filter(({ key }) => key.startsWith('catalog/'))).toEqual([])
  })

  it('has to say why where the deployment asks for it', async () => {
    const world = await startFilled()
    const { code, stdout, stderr } = await runWithin(['find', '--json'], {
      ...world.env,
      RETRIEVE_REASON_REQUIRED: 'true',
    })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('a reason is required here')
    expect(world.requests).toEqual([])
  })
})

describe('find with wrong arguments', { timeout: 120_000 }, () => {
  it('names every fault, repeats no telephone number, and asks nobody', async () => {
    const world = await startFilled()
    const { code, stdout, stderr } = await runWithin(
      'find --id x --number 030123456 --from 2024-02-30 --direction up --min-duration long --findings noise --call a --source-id b'.split(
        ' ',
      ),
      world.env,
    )
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    for (const fault of [
      '--id x is not a recording id (a UUID)',
      "--number has no country's code: write it as +49 30 123456, or name the country with --country",
      '--from 2024-02-30 is neither a day',
      '--direction is none of incoming, outgoing',
      '--min-duration is no duration',
      '--findings is none of any, none, no-frame',
      '--call and --source-id are the same: give one',
    ])
      expect(stderr).toContain(fault)
    expect(stderr).not.toContain('030123456')
    expect(world.requests).toEqual([])
  })

  it('takes the country of numbers from the environment', async () => {
    const { env } = await startFilled()
    const args = ['find', '--number', '030 123456', '--json']
    expect((await runWithin(args, { ...env, RETRIEVE_COUNTRY: 'DE' })).code).toBe(0)
    expect((await runWithin(args, { ...env, RETRIEVE_COUNTRY: 'XX' })).stderr).toContain(
      '--country is not the two letters of a country',
    )
  })
})
