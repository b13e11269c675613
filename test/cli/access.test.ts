import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { connectArchive } from '../../lib/compose-retrieve.ts'
import type { AccessRecord } from '../../lib/retrieve/access.ts'
import { NEVER } from '../helpers/retrieve-run.ts'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { runWithin } from '../helpers/run-within.ts'
import { jsonLines, run } from './command.ts'

const IDS = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const

vi.setConfig({ testTimeout: 120_000 })

let world: VaultWorld
beforeAll(async () => {
  world = await startVaultWorld()
  const archive = connectArchive(world.config)
  const write = (at: string, more: Partial<AccessRecord>) =>
    archive.accessLog.write(
      {
        id: archive.newId(),
        at: new Date(at),
        action: 'get',
        actor: 'anna',
        reason: 'complaint 4711',
        via: 'terminal',
        workspaceId: 'ours',
        recordingIds: [IDS[0]],
        ...more,
      },
      NEVER,
    )
  await write('2026-03-01T10:00:00Z', {})
  await write('2026-03-02T10:00:00Z', {
    action: 'export',
    actor: 'bert',
    recordingIds: IDS,
    caseNumber: 'C-12',
  })
  await write('2026-03-03T10:00:00Z', {
    action: 'search',
    reason: undefined,
    recordingIds: [],
    criteria: { number: '+44 7700 900456' },
  })
  await write('2026-03-04T10:00:00Z', { reason: '=HYPERLINK("http://x","y"), "quoted"' })
  await archive.close()
})
afterAll(() => world[Symbol.asyncDispose]())
const access = (...args: readonly string[]) => runWithin(['access', ...args], world.env)
const daysOf = async (...args: readonly string[]) =>
  jsonLines((await access(...args, '--json')).stdout).map(({ at }) => String(at).slice(0, 10))

test('without options it is all of the log, in order of time, for people', async () => {
  const { code, stdout, stderr } = await run(['access'], world.env)
  expect(code).toBe(0)
  const [header, ...lines] = stdout.trimEnd().split('\n')
  expect(header).toMatch(/^when \(UTC\) +action +who +recording +why$/)
  expect(lines).toHaveLength(4)
  expect(lines[0]).toMatch(new RegExp(`^2026-03-01 10:00:00 +get +anna +${IDS[0]} +complaint 4711$`))
  expect(lines[1]).toMatch(/export +bert +2 recordings +complaint 4711 \[case C-12\]$/)
  expect(lines[2]).toMatch(/search .*…56.*\(no reason\)$/)
  expect(stderr).toContain('4 lines')
})

test('by recording, by person, by time', async () => {
  const days = [
    await daysOf('--id', IDS[1]),
    await daysOf('--actor', 'bert'),
    await daysOf('--from', '2026-03-03'),
    await daysOf('--to', '2026-03-02'),
    await daysOf('--from', '2026-03-02T11:00:00+01:00', '--to', '2026-03-03'),
    await daysOf('--actor', 'nobody'),
  ]
  expect(days).toEqual([
    ['2026-03-02'],
    ['2026-03-02'],
    ['2026-03-03', '2026-03-04'],
    ['2026-03-01'],
    ['2026-03-02'],
    [],
  ])
})

test('a spreadsheet gets cells, and no formula', async () => {
  const { stdout } = await access('--csv', '--from', '2026-03-04')
  const [header, line] = stdout.trimEnd().split('\n')
  expect(header).toBe('at,action,actor,reason,caseNumber,via,workspaceId,recordingIds,criteria,detail,id')
  expect(line).toContain(`,"'=HYPERLINK(""http://x"",""y""), ""quoted""",`)
})

test('no phone number that was searched for is in the log', async () => {
  const outputs: string[] = []
  for (const form of [[], ['--json'], ['--csv']]) outputs.push((await access(...form)).stdout)
  expect(outputs.filter((output) => output.includes('…56'))).toEqual(outputs)
  expect(outputs.join('')).not.toContain('900456')
})

test('a line that cannot be read is named, and then it was not all', async () => {
  await world.put('access/day=2026-03-05/000000.000Z-x.ndjson', 'scribble')
  const { code, stdout, stderr } = await access('--from', '2026-03-04')
  expect(code).toBe(1)
  expect(stdout).toContain('2026-03-04')
  expect(stderr).toContain('access/day=2026-03-05/000000.000Z-x.ndjson')
  expect(stderr).toContain('this is not all')
})

test.each([
  [['--json', '--csv'], 'exclude'],
  [['--id', 'x'], 'UUID'],
  [['--from', 'yesterday'], 'yesterday'],
  [['--from', '2026-03-02', '--to', '2026-03-01'], 'not after'],
])('%j is refused', async (args, said) => {
  const { code, stderr } = await access(...args)
  expect(code).toBe(2)
  expect(stderr).toContain(said)
})
