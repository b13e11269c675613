import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { runWithin } from '../helpers/run-within.ts'
import { run } from './command.ts'

vi.setConfig({ testTimeout: 120_000 })

let world: VaultWorld
beforeAll(async () => {
  world = await startVaultWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.faults = () => undefined
})

test('the link stands alone on standard output, works for the minutes asked for, and is in no log', async () => {
  const kept = await world.keep()
  const args = ['link', kept.id, '--minutes', '7', '--reason', 'complaint 4711', '--actor', 'anna']
  const { code, stdout, stderr } = await run(args, world.env)
  expect(code).toBe(0)
  expect(stdout.trim().split('\n')).toHaveLength(1)
  const url = new URL(stdout.trim())
  expect(url.searchParams.get('X-Amz-Expires')).toBe('420')
  const answer = await fetch(url)
  expect(Buffer.from(await answer.arrayBuffer()).equals(kept.audio)).toBe(true)
  expect(stderr).toContain('like a password')
  const signature = url.searchParams.get('X-Amz-Signature') ?? ''
  expect(signature).toMatch(/^[0-9a-f]{64}$/)
  const lines = await world.accessLines()
  expect(lines).toEqual([
    expect.objectContaining({
      action: 'link',
      actor: 'anna',
      reason: 'complaint 4711',
      recordingIds: [kept.id],
      detail: 'valid for 420 s',
    }),
  ])
  for (const text of [stderr, JSON.stringify(lines)]) {
    expect(text).not.toContain(signature)
    expect(text).not.toContain('X-Amz-')
  }
})

test('five minutes if nobody says otherwise', async () => {
  const kept = await world.keep()
  const { stdout } = await runWithin(['link', kept.id], world.env)
  expect(new URL(stdout.trim()).searchParams.get('X-Amz-Expires')).toBe('300')
})

test.each(['0', '61', '1.5', 'x'])('%s minutes are refused', async (minutes) => {
  const kept = await world.keep()
  const { code, stdout } = await runWithin(['link', kept.id, '--minutes', minutes], world.env)
  expect([code, stdout]).toEqual([2, ''])
})

test('no line in the access log, no link', async () => {
  const kept = await world.keep()
  world.faults = ({ operation, key }) =>
    operation === 'PutObject' && key.startsWith('access/')
      ? { kind: 'error', status: 403, code: 'AccessDenied' }
      : undefined
  const { code, stdout, stderr } = await runWithin(['link', kept.id], world.env)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('grant it')
})

test.each([
  ['is not archived', async () => 'b3b1b7c4-9b8a-4d52-8f0e-000000000000', 'not archived'],
  ['lies in Glacier', async () => (await world.keep({ storageClass: 'DEEP_ARCHIVE' })).id, '--restore'],
])('no link to what %s', async (_, id, said) => {
  const { code, stdout, stderr } = await runWithin(['link', await id()], world.env)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain(said)
})
