import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ALL_REFUSED, buryAndRead, tryToDelete } from '../helpers/delete-attempts.ts'
import { asAnna, versionsOf } from '../helpers/kept-state.ts'
import { refusal } from '../helpers/s3-sandbox.ts'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'

let world: VaultWorld
beforeAll(async () => {
  world = await startVaultWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const LONG_MS = 400 * 86_400_000

/** Sets the server's clock forward, and gives a client that signs by it. */
async function inTheFuture<T>(ms: number, work: (client: S3Client) => Promise<T>): Promise<T> {
  const client = new S3Client({ forcePathStyle: true, maxAttempts: 1, systemClockOffset: ms })
  world.now = () => new Date(Date.now() + ms)
  try {
    return await work(client)
  } finally {
    world.now = () => new Date()
    client.destroy()
  }
}

it('a held recording outlives every attempt to delete it, also after its retention has passed', async () => {
  const kept = await world.keep()
  await asAnna(world, 'retention', 'extend', kept.id, '--until', inDays(30), '--reason', 'audit')
  await asAnna(world, 'hold', 'place', kept.id, '--case', '4711', '--reason', 'court order')
  const [sidecarVersion = ''] = await versionsOf(world, kept.sidecarKey)
  const sidecar = Buffer.from(await world.text(kept.sidecarKey))
  const versions = [
    { Bucket: 'archive', Key: kept.audioKey, VersionId: kept.versionId, bytes: kept.audio },
    { Bucket: 'archive', Key: kept.sidecarKey, VersionId: sidecarVersion, bytes: sidecar },
  ]
  for (const ms of [0, LONG_MS])
    for (const { bytes, ...version } of versions)
      await inTheFuture(ms, async (client) => {
        expect(await tryToDelete(client, version)).toEqual(ALL_REFUSED)
        const left = await buryAndRead(client, version)
        expect(left.hold).toBe('ON')
        expect(left.bytes.equals(bytes)).toBe(true)
      })
})

it('a recording that was released can go once its retention has passed, and not before', async () => {
  const kept = await world.keep()
  await asAnna(world, 'retention', 'extend', kept.id, '--until', inDays(30), '--reason', 'audit')
  await asAnna(world, 'hold', 'place', kept.id, '--case', '4711', '--reason', 'court order')
  await asAnna(world, 'hold', 'release', kept.id, '--case', '4711', '--reason', 'settled')
  const [VersionId = ''] = await versionsOf(world, kept.sidecarKey)
  const version = { Bucket: 'archive', Key: kept.sidecarKey, VersionId }
  const remove = (client: S3Client) => refusal(client.send(new DeleteObjectCommand(version)))
  expect(await inTheFuture(0, remove)).toBe('403 AccessDenied')
  expect(await inTheFuture(LONG_MS, remove)).toBe('accepted')
  expect(await versionsOf(world, kept.sidecarKey)).toEqual([])
})

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
}
