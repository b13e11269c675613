import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type BackfillCommand, createBackfillCommand } from '../helpers/backfill-command.ts'
import { giveUp, idsOf, queuedIds } from '../helpers/backfill-run.ts'
import { type BackfillWorld, startBackfillWorld } from '../helpers/backfill-world.ts'
import { callAt } from '../helpers/listed-calls.ts'
import { jsonLines } from './command.ts'

vi.setConfig({ testTimeout: 180_000 })

const AT = '2024-03-01T10:00:00Z'

let directory: string
let world: BackfillWorld
let program: BackfillCommand
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'backfill-ids-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))
beforeEach(async () => {
  world = await startBackfillWorld()
  program = createBackfillCommand(world)
})
afterEach(() => world[Symbol.asyncDispose]())

const [missing, other] = [callAt(AT), callAt(AT)]
const ids = idsOf([missing, other])

describe('recordings are read from', () => {
  const inLines = ids.join('\n')
  test.each([
    [
      'a CSV file with a column of ids',
      'ids.csv',
      ['name,Recording ID', ...ids.map((id) => `"Ada, ${id.length}",${id}`)].join('\r\n'),
    ],
    ['JSON lines', 'ids.ndjson', ids.map((recordingId) => JSON.stringify({ recordingId })).join('\n')],
    ['a plain file', 'ids.txt', `# those of March\n\n${inLines}\n`],
    ['stdin', '-', inLines],
  ])('%s', async (_, name, text) => {
    world.setCalls([missing, other])
    const file = name === '-' ? name : join(directory, name)
    if (name !== '-') await writeFile(file, text)
    const { code, stdout } = await program.run(['backfill', '--ids', file], {
      input: name === '-' ? text : '',
    })
    expect({ code, first: stdout.split('\n')[0] }).toEqual({ code: 0, first: '2 recordings' })
    expect(stdout).toMatch(/^ {2}sent +2$/m)
    expect(await queuedIds(world)).toEqual(ids)
  })

  test('a list with lines that cannot be read: each is named, and nothing is done', async () => {
    const input = [ids[0], '+49 170 1234567', '{"id":1}'].join('\n')
    const { code, stdout, stderr } = await program.run(['backfill', '--ids', '-'], { input })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain("2 lines can't be read; nothing has been done:")
    expect(stderr).toContain('stdin:2: ')
    expect(stderr).toContain('stdin:3: the object has no recordingId')
    expect(stderr).not.toContain('1234567')
    expect([world.requests.bird, await world.queued()]).toEqual([[], []])
  })

  test('no lines at all', async () => {
    const { code, stderr } = await program.run(['backfill', '--ids', '-'], { input: '\n# nothing\n' })
    expect({ code, stderr: stderr.includes('- names none') }).toEqual({ code: 2, stderr: true })
  })
})

describe('each recording', () => {
  const archived = callAt(AT)
  const going = callAt(AT, { status: 'ongoing' })
  const absent = callAt(AT, { status: 'absent' })
  const [dead, droppedOne] = [callAt(AT), callAt(AT)]
  const unknown = randomUUID()
  const expected: readonly (readonly [id: string, outcome: string, reason: string])[] = [
    [archived.recordingId, 'archived', 'archived'],
    [missing.recordingId, 'sent', 'available'],
    // The archiver waits for it: no window is remembered for a list of ids.
    [going.recordingId, 'sent', 'ongoing'],
    [absent.recordingId, 'nothing-to-archive', 'absent'],
    [dead.recordingId, 'dead-lettered', 'conflict'],
    [droppedOne.recordingId, 'dead-lettered', 'given-up'],
    [unknown, 'refused', 'gone: Bird knows it no more'],
  ]
  const input = expected.map(([id]) => id.toUpperCase()).join('\n')

  beforeEach(async () => {
    world.setCalls([archived, missing, going, absent, dead, droppedOne])
    await world.archived(archived)
    await world.deadLetter(dead.recordingId, { reason: 'conflict' })
    await giveUp(world, droppedOne.recordingId)
  })

  test('ends in one line, as the bucket, Bird and the queues have it; what is missing is sent', async () => {
    const { code, stdout } = await program.runApart(['backfill', '--ids', '-', '--json'], { input })
    expect(code).toBe(1)
    const lines = jsonLines(stdout)
    const { workspaceId } = world
    expect(lines.slice(0, -1)).toEqual(
      expected.map(([recordingId, outcome, reason]) => ({ recordingId, workspaceId, outcome, reason })),
    )
    const counts = {
      archived: 1,
      sent: 2,
      'not-yet': 0,
      'nothing-to-archive': 1,
      'dead-lettered': 2,
      refused: 1,
    }
    expect(lines.at(-1)).toEqual({ summary: { recordings: 7, duplicates: 0, left: 0, ...counts } })
    expect(await queuedIds(world)).toEqual(idsOf([missing, going]))
    expect(world.requests.bird.map(({ recordingId }) => recordingId)).not.toContain(archived.recordingId)
    expect(await world.keys('backfill/windows/')).toEqual([])
  })

  test('that a person has to look at is named, and no other', async () => {
    const { code, stdout } = await program.run(['backfill', '--ids', '-'], { input: `${input}\n${unknown}` })
    expect(code).toBe(1)
    expect(stdout).toContain('7 recordings · 1 named more than once')
    expect(stdout).toMatch(new RegExp(`^ {2}${unknown} {2}refused: gone: Bird knows it no more$`, 'm'))
    expect(stdout).toMatch(new RegExp(`^ {2}${dead.recordingId} {2}dead-lettered: conflict$`, 'm'))
    for (const call of [archived, missing, going, absent, droppedOne])
      expect(stdout).not.toContain(call.recordingId)
  })
})

test('a workspace goes along with its recording; what is wrong with one keeps no other waiting', async () => {
  world.setCalls([missing, other])
  const lines = [
    { recordingId: randomUUID(), workspaceId: 'another-workspace' },
    { recordingId: missing.recordingId },
    { recordingId: other.recordingId, workspaceId: world.workspaceId },
  ].map((line) => JSON.stringify(line))
  const { code, stdout, stderr } = await program.run(['backfill', '--ids', '-'], { input: lines.join('\n') })
  expect(code).toBe(2)
  expect(stderr).toContain('workspace another-workspace: the configuration needs mending:')
  expect(stdout).toMatch(/^ {2}sent +2$/m)
  expect(stdout).toMatch(/^ {2}left +1$/m)
  expect(await queuedIds(world)).toEqual(ids)
})

test('Ctrl-C begins nothing new, tells what is left, and exits with 130', async () => {
  const many = Array.from({ length: 300 }, () => callAt(AT, { status: 'absent' }))
  world.setCalls([missing, ...many])
  const input = [missing, ...many].map(({ recordingId }) => recordingId).join('\n')
  const { child, done } = program.start(['backfill', '--ids', '-'], { input })
  world.birdFaults = () => {
    if (world.requests.bird.length === 100) child.kill('SIGINT')
    return undefined
  }
  const { code, stdout, stderr } = await done
  expect(code).toBe(130)
  expect(stderr).toContain('What has been begun comes to its end.')
  const [, looked, left] = /nothing-to-archive +(\d+)\n {2}left +(\d+)/.exec(stdout) ?? []
  expect(Number(looked)).toBeGreaterThanOrEqual(99)
  expect(Number(left)).toBeGreaterThan(0)
  expect(Number(looked) + Number(left)).toBe(300)
  // What Bird had answered for is not forgotten.
  expect(await queuedIds(world)).toEqual([missing.recordingId])
})
