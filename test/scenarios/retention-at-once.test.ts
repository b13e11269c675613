import { PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { asAnna, lockOf } from '../helpers/kept-state.ts'
import { type GateRequest, type S3Gate, startS3Gate } from '../helpers/s3-gate.ts'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'

let world: VaultWorld
let gate: S3Gate
beforeAll(async () => {
  world = await startVaultWorld()
  gate = await startS3Gate()
})
afterAll(async () => {
  await gate[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})
beforeEach(() => {
  world.faults = () => undefined
})

/** Midnight (UTC), so many days from now. */
const inDays = (days: number): string =>
  `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)}T00:00:00.000Z`
const extend = (...ids: string[]) =>
  asAnna(world, 'retention', 'extend', '--until', inDays(3_000), '--reason', 'audit 17', ...ids)
const lock = (Key: string, Mode: 'GOVERNANCE' | 'COMPLIANCE', until: string) =>
  world.client.send(
    new PutObjectRetentionCommand({
      Bucket: 'archive',
      Key,
      Retention: { Mode, RetainUntilDate: new Date(until) },
    }),
  )
const isRetentionOf =
  (wanted: string) =>
  ({ method, key, query }: GateRequest): boolean =>
    method === 'PUT' && key === wanted && query.has('retention')

it('a lock that is longer by the time it is to be extended is kept, and the others are extended', async () => {
  const [kept, other] = [await world.keep(), await world.keep()]
  const isLocked = gate.before(isRetentionOf(kept.audioKey), () =>
    lock(kept.audioKey, 'GOVERNANCE', inDays(5_000)),
  )
  expect(await extend(kept.id, other.id)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/ extended +2\n/),
  })
  expect(isLocked()).toBe(true)
  expect(await lockOf(world, kept.audioKey)).toBe(`GOVERNANCE ${inDays(5_000)}`)
  for (const key of [kept.sidecarKey, other.audioKey, other.sidecarKey])
    expect(await lockOf(world, key)).toBe(`GOVERNANCE ${inDays(3_000)}`)
})

it('a lock whose mode is stronger by the time it is to be extended is extended in that mode', async () => {
  const kept = await world.keep()
  await lock(kept.audioKey, 'GOVERNANCE', inDays(10))
  const isLocked = gate.before(isRetentionOf(kept.audioKey), () =>
    lock(kept.audioKey, 'COMPLIANCE', inDays(20)),
  )
  expect((await extend(kept.id)).code).toBe(0)
  expect(isLocked()).toBe(true)
  expect(await lockOf(world, kept.audioKey)).toBe(`COMPLIANCE ${inDays(3_000)}`)
})

it('a right that is missing is named as before', async () => {
  const kept = await world.keep()
  await lock(kept.audioKey, 'GOVERNANCE', inDays(10))
  world.faults = ({ operation }) =>
    operation === 'PutObjectRetention' ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined
  expect(await extend(kept.id)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('S3 refuses to extend the retention of'),
  })
  expect(await lockOf(world, kept.audioKey)).toBe(`GOVERNANCE ${inDays(10)}`)
})
