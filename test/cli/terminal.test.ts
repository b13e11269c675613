import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { ACCESS_SCHEMA } from '../../lib/retrieve/access.ts'
import { asAnna, catalogue, runHere } from '../helpers/kept-state.ts'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { jsonLines } from './command.ts'

/** Sets the window's title, clears the screen, turns the text round, and begins a line that was never printed. */
const NASTY = 'in\u001b]0;pwned\u0007\u001b[2K\u009b2J\u202e\nbird-archive: all is well\r'
const SHOWN = 'in\ufffd]0;pwned\ufffd\ufffd[2K\ufffd2J\ufffd bird-archive: all is well'
/** What a key may hold of it: the rest is no text in S3's listings. */
const NASTY_KEY = 'a\u009b2J\u202eb'

let world: VaultWorld
beforeAll(async () => {
  world = await startVaultWorld()
})
afterEach(() => vi.unstubAllEnvs())
afterAll(() => world[Symbol.asyncDispose]())

function expectHarmless(...outputs: readonly string[]): void {
  for (const output of outputs)
    expect(output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
}

test('metadata as Bird gives it steers no terminal, and is exact in JSON and CSV', async () => {
  const metadata = { createdAt: '2026-03-01T09:00:00Z', direction: NASTY, channelId: NASTY }
  const kept = await world.keep({ metadata })
  await catalogue(world, kept)
  const shown = await asAnna(world, 'show', kept.id)
  expect(shown.code).toBe(0)
  expectHarmless(shown.stdout, shown.stderr)
  for (const name of ['direction', 'channel'])
    expect(shown.stdout.split('\n').find((line) => line.trimStart().startsWith(name))).toContain(SHOWN)

  const json = await asAnna(world, 'show', kept.id, '--json')
  expectHarmless(json.stdout)
  expect(jsonLines(json.stdout)).toMatchObject([{ sidecar: { bird: metadata } }])

  const day = ['find', '--from', '2026-03-01', '--to', '2026-03-02']
  const [found, csv] = [await asAnna(world, ...day), await asAnna(world, ...day, '--csv')]
  expectHarmless(found.stdout)
  expect(csv.stdout).toContain(`"${NASTY}"`)
})

test('CSV that goes to a terminal is printed like any other line', async () => {
  const wasTerminal = process.stdout.isTTY
  process.stdout.isTTY = true
  vi.stubEnv('NO_COLOR', '1')
  try {
    const { stdout } = await asAnna(world, 'find', '--from', '2026-03-01', '--to', '2026-03-02', '--csv')
    expectHarmless(stdout)
    expect(stdout).toContain(SHOWN)
  } finally {
    process.stdout.isTTY = wasTerminal
  }
})

test('our own colours reach a terminal, and no others do', async () => {
  vi.stubEnv('FORCE_COLOR', '1')
  const kept = await world.keep({ metadata: { direction: 'in\u001b[8mhidden' } })
  const { stdout } = await asAnna(world, 'show', kept.id)
  expect(stdout).toContain(`\u001b[1m${kept.id}\u001b[22m`)
  expect(stdout).toContain('in\ufffd[8mhidden')
})

test('a line of the access log that is not plain is shown, on one line', async () => {
  const line = {
    schema: ACCESS_SCHEMA,
    id: randomUUID(),
    at: '2020-01-01T00:00:00.000Z',
    action: 'get',
    actor: NASTY,
    reason: NASTY,
    caseNumber: null,
    via: 'terminal',
    workspaceId: NASTY,
    recordingIds: [NASTY],
    criteria: null,
    detail: NASTY,
  }
  await world.put(`access/day=2020-01-01/000000.000Z-${line.id}.ndjson`, `${JSON.stringify(line)}\n`)
  const range = ['access', '--from', '2020-01-01', '--to', '2020-01-02']
  const { code, stdout, stderr } = await runHere(world, ...range)
  expect([code, stdout.trimEnd().split('\n').length]).toEqual([0, 2])
  expectHarmless(stdout, stderr)
  const json = await runHere(world, ...range, '--json')
  expectHarmless(json.stdout)
  expect(jsonLines(json.stdout)).toMatchObject([{ actor: NASTY, reason: NASTY }])
})

test('the name of an object that should not be there steers no terminal', async () => {
  const name = `${NASTY_KEY}-${randomUUID()}`
  const shown = name.replaceAll(/[\u009b\u202e]/g, '\ufffd')
  await world.put(`holds/ours/${name}.json`, '{}')
  const held = await runHere(world, 'hold', 'list')
  expect(held.code).toBe(1)
  expect(held.stderr).toContain(shown)
  expectHarmless(held.stdout, held.stderr)

  await world.put(`recordings/ours/${name}.wav`, 'x')
  const verified = await runHere(world, 'verify', '--all')
  expect(verified.code).toBe(1)
  expect(verified.stdout).toContain(shown)
  expectHarmless(verified.stdout, verified.stderr)
})

test('a sidecar that names an object of its own choice is refused, and the name is not repeated', async () => {
  const [kept, id] = [await world.keep(), randomUUID()]
  const sidecar = JSON.parse(await world.text(kept.sidecarKey)) as { audio: object }
  const foreign = { ...sidecar, recordingId: id, audio: { ...sidecar.audio, key: `${NASTY}.mp3` } }
  await world.put(`recordings/ours/${id}.json`, JSON.stringify(foreign))
  for (const command of ['get', 'link']) {
    const { code, stdout, stderr } = await asAnna(world, command, id)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('unknown form at audio.key')
    expectHarmless(stderr)
  }
})
