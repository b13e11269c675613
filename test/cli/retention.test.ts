import { PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { asAnna, catalogue, lockOf } from '../helpers/kept-state.ts'
import { type Kept, startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { jsonLines } from './command.ts'

let world: VaultWorld
beforeAll(async () => {
  world = await startVaultWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.faults = () => undefined
  world.requests.length = 0
  process.env['RETENTION_MODE'] = 'GOVERNANCE'
  process.env['RETENTION_DAYS'] = '365'
})

const UNTIL = new Date(Date.now() + 3_000 * 86_400_000).toISOString().slice(0, 10)
const END = `${UNTIL}T00:00:00.000Z`
const extend = (...args: string[]) =>
  asAnna(world, 'retention', 'extend', '--until', UNTIL, '--reason', 'audit 17', ...args)
const locksOf = async ({ audioKey, sidecarKey }: Kept) => [
  await lockOf(world, audioKey),
  await lockOf(world, sidecarKey),
]
const lock = async (Key: string, Mode: 'GOVERNANCE' | 'COMPLIANCE', days: number): Promise<string> => {
  const until = new Date(Math.floor(Date.now() / 1000) * 1000 + days * 86_400_000)
  const Retention = { Mode, RetainUntilDate: until }
  await world.client.send(new PutObjectRetentionCommand({ Bucket: 'archive', Key, Retention }))
  return `${Mode} ${until.toISOString()}`
}

describe('retention extend', () => {
  it("locks what has no lock in the policy's mode, after the line in the access log", async () => {
    const kept = await world.keep()
    const dry = await extend(kept.id, '--dry-run')
    expect(dry.stdout).toContain(`${kept.id}  would be extended: from no lock to ${UNTIL}`)
    expect(await locksOf(kept)).toEqual(['none', 'none'])
    expect(await world.accessLines()).toEqual([])
    expect((await extend(kept.id)).code).toBe(0)
    expect(await locksOf(kept)).toEqual([`GOVERNANCE ${END}`, `GOVERNANCE ${END}`])
    expect(await world.accessLines()).toEqual([
      expect.objectContaining({
        action: 'retention-extend',
        actor: 'anna',
        reason: 'audit 17',
        recordingIds: [kept.id],
        detail: expect.stringContaining(UNTIL),
      }),
    ])
    const operations = world.requests.map((request) => request.split(' ')[0])
    expect(operations.indexOf('PutObjectRetention')).toBeGreaterThan(operations.indexOf('PutObject'))
  })

  it('shortens nothing, keeps each mode, and does nothing twice', async () => {
    const kept = await world.keep()
    const longer = await lock(kept.audioKey, 'COMPLIANCE', 4_000)
    await lock(kept.sidecarKey, 'COMPLIANCE', 10)
    expect((await extend(kept.id)).stdout).toMatch(/ extended +1\n/)
    expect(await locksOf(kept)).toEqual([longer, `COMPLIANCE ${END}`])
    world.requests.length = 0
    const again = await extend(kept.id)
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/locked as long already +1\n/) })
    expect(world.requests.filter((request) => request.startsWith('Put'))).toEqual([])
  })

  it('refuses to guess a mode where there is no policy', async () => {
    const [bare, locked] = [await world.keep(), await world.keep()]
    await lock(locked.audioKey, 'GOVERNANCE', 10)
    await lock(locked.sidecarKey, 'GOVERNANCE', 10)
    delete process.env['RETENTION_MODE']
    delete process.env['RETENTION_DAYS']
    const { code, stdout } = await extend(bare.id, locked.id, '--json')
    expect(code).toBe(1)
    expect(jsonLines(stdout)).toMatchObject([
      {
        recordingId: bare.id,
        outcome: 'refused',
        detail: expect.stringContaining('set RETENTION_MODE to'),
        ok: false,
      },
      { recordingId: locked.id, outcome: 'extended', ok: true },
      { summary: { recordings: 2, outcomes: { refused: 1, extended: 1 }, left: 0 } },
    ])
    expect(await locksOf(bare)).toEqual(['none', 'none'])
    expect(await locksOf(locked)).toEqual([`GOVERNANCE ${END}`, `GOVERNANCE ${END}`])
  })

  it('takes what the criteria find', async () => {
    const [wanted, other] = [
      await world.keep({ metadata: { createdAt: '2025-03-01T09:00:00Z' } }),
      await world.keep({ metadata: { createdAt: '2025-03-02T09:00:00Z' } }),
    ]
    await catalogue(world, wanted, other)
    expect((await extend('--from', '2025-03-01', '--to', '2025-03-02')).code).toBe(0)
    expect(await locksOf(wanted)).toEqual([`GOVERNANCE ${END}`, `GOVERNANCE ${END}`])
    expect(await locksOf(other)).toEqual(['none', 'none'])
  })

  it('locks nothing where the line of the access log cannot be written', async () => {
    const kept = await world.keep()
    world.faults = ({ operation, key }) =>
      operation === 'PutObject' && key.startsWith('access/')
        ? { kind: 'error', status: 403, code: 'AccessDenied' }
        : undefined
    expect((await extend(kept.id)).code).toBe(2)
    expect(await locksOf(kept)).toEqual(['none', 'none'])
  })

  it('does not believe a bucket that accepts a lock without keeping it', async () => {
    const kept = await world.keep()
    world.faults = ({ operation }) =>
      operation === 'PutObjectRetention' ? { kind: 'ignore-lock' } : undefined
    expect(await extend(kept.id)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('does not show it'),
    })
  })

  it.each([['2020-01-01'], ['2999-01-01'], ['tomorrow']])('is refused until %s', async (until) => {
    const kept = await world.keep()
    const { code, stderr } = await asAnna(
      world,
      'retention',
      'extend',
      kept.id,
      '--until',
      until,
      '--reason',
      'a',
    )
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Until when?') })
    expect(await locksOf(kept)).toEqual(['none', 'none'])
  })
})
