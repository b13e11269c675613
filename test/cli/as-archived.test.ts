import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { asAnna } from '../helpers/kept-state.ts'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'

let world: VaultWorld
beforeAll(async () => {
  world = await startVaultWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

test('what was archived can be got although its sidecar was deleted, when it is asked for', async () => {
  const kept = await world.keep()
  const directory = await mkdtemp(join(tmpdir(), 'get-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await world.client.send(new DeleteObjectCommand({ Bucket: 'archive', Key: kept.sidecarKey }))
  const refused = await asAnna(world, 'get', kept.id, '-o', directory)
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('add --as-archived') })
  expect(readdirSync(directory)).toEqual([])
  const { code, stdout, stderr } = await asAnna(world, 'get', kept.id, '-o', directory, '--as-archived')
  expect([code, stdout]).toEqual([0, expect.stringContaining(`SHA-256 agrees: ${kept.sha256}`)])
  expect(stderr).toContain(`${kept.id}: this is what was archived, although it was deleted on `)
  const shown = await asAnna(world, 'show', kept.id, '--as-archived')
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining(kept.sha256) })
  expect(shown.stderr).toContain('although it was deleted on ')
})
