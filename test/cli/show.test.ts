import { randomUUID } from 'node:crypto'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { connectArchive } from '../../lib/compose-retrieve.ts'
import { createCustody } from '../../lib/s3/custody.ts'
import { NEVER } from '../helpers/retrieve-run.ts'
import { startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'
import { runWithin } from '../helpers/run-within.ts'
import { jsonLines, run } from './command.ts'

vi.setConfig({ testTimeout: 120_000 })

let world: VaultWorld
beforeAll(async () => {
  world = await startVaultWorld({ environment: { BACKFILL_WORKSPACE_IDS: 'ours,theirs' } })
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.faults = () => undefined
})
const show = (...args: readonly string[]) => runWithin(['show', ...args], world.env)

test('a person reads who called whom, when and how long, the digest, the lock and the hold', async () => {
  const kept = await world.keep({ metadata: { createdAt: '2026-03-01T09:08:07Z', direction: 'incoming' } })
  const archive = connectArchive(world.config)
  const custody = createCustody(archive.place)
  const until = new Date('2099-01-02T03:04:05Z')
  await custody.extendRetention(kept.audioKey, kept.versionId, { mode: 'GOVERNANCE', until }, NEVER)
  await custody.setLegalHold(kept.audioKey, kept.versionId, true, NEVER)
  await archive.close()
  const { code, stdout, stderr } = await run(
    ['show', kept.id, '--reason', 'complaint 4711', '--actor', 'anna'],
    world.env,
  )
  expect([code, stderr]).toEqual([0, ''])
  const rows = new Map(stdout.split('\n').map((line) => [line.slice(2, 17).trim(), line.slice(18).trim()]))
  expect(Object.fromEntries(rows)).toMatchObject({
    created: '2026-03-01 09:08:07 UTC',
    from: '+15550100123',
    to: '+447700900456',
    direction: 'incoming',
    channel: '880d8171-cbab-47bb-81b6-b1a0902da136',
    findings: 'none',
    audio: `s3://archive/${kept.audioKey}`,
    version: kept.versionId,
    'SHA-256': kept.sha256,
    'locked until': '2099-01-02 03:04:05 UTC (GOVERNANCE)',
    'legal hold': 'YES',
    storage: 'STANDARD',
  })
  expect(stdout).toContain('sha256sum -c')
  expect(await world.accessLines()).toEqual([
    expect.objectContaining({
      action: 'show',
      actor: 'anna',
      reason: 'complaint 4711',
      recordingIds: [kept.id],
    }),
  ])
  expect(world.requests).not.toContain(`GetObject ${kept.audioKey}`)
})

test('--json is the sidecar, verbatim, and the state of the object', async () => {
  const kept = await world.keep()
  const { code, stdout } = await show(kept.id, '--json')
  expect(code).toBe(0)
  expect(stdout.trim().split('\n')).toHaveLength(1)
  const [shown] = jsonLines(stdout)
  expect(shown).toMatchObject({
    workspaceId: 'ours',
    finding: null,
    state: { bytes: kept.audio.length, readable: 'not-needed' },
  })
  expect(shown?.['sidecar']).toEqual(JSON.parse(await world.text(kept.sidecarKey)))
})

/** Another recording, whose sidecar was another one from the start; it has no audio. */
async function keepSidecar(change: (sidecar: string) => string): Promise<string> {
  const [kept, id] = [await world.keep(), randomUUID()]
  const sidecar = await world.text(kept.sidecarKey)
  await world.put(kept.sidecarKey.replace(kept.id, id), change(sidecar.replaceAll(kept.id, id)))
  return id
}

test('numbers that JavaScript would round come out as they are stored', async () => {
  const id = await keepSidecar((sidecar) =>
    sidecar.replace('"status":', '"exact": 12345678901234567890.10,\n    "status":'),
  )
  expect((await show(id, '--json')).stdout).toContain('"exact": 12345678901234567890.10')
})

test('a lock that is weaker than the one that was recorded shows, and is a failure', async () => {
  const kept = await world.keep({
    falsify: (sidecar) =>
      sidecar.replace(
        '"lock": null',
        '"lock": { "mode": "GOVERNANCE", "until": "2099-01-02T00:00:00.000Z" }',
      ),
  })
  const lock = async (until: string) => {
    const archive = connectArchive(world.config)
    const wanted = { mode: 'GOVERNANCE', until: new Date(until) } as const
    await createCustody(archive.place).extendRetention(kept.audioKey, kept.versionId, wanted, NEVER)
    await archive.close()
  }
  await lock('2098-01-02T00:00:00Z')
  const { code, stdout, stderr } = await show(kept.id)
  expect([code, stdout]).toEqual([1, expect.stringContaining('2098-01-02 00:00:00 UTC (GOVERNANCE)')])
  expect(stderr).toContain(
    'its lock is weaker than it was when it was archived: until 2099-01-02T00:00:00.000Z',
  )
  expect(jsonLines((await show(kept.id, '--json')).stdout)).toMatchObject([
    { finding: { kind: 'lock-weaker' } },
  ])
  await lock('2099-01-02T00:00:00Z')
  expect(await show(kept.id)).toMatchObject({ code: 0, stderr: '' })
})

test('audio that is gone shows, and is a failure', async () => {
  const [kept, sound] = [await world.keep(), await world.keep()]
  const { audioKey: Key, versionId: VersionId } = kept
  await world.client.send(new DeleteObjectCommand({ Bucket: 'archive', Key, VersionId }))
  const { code, stdout, stderr } = await show(kept.id, sound.id)
  expect(code).toBe(1)
  expect(stdout).toContain(sound.sha256)
  expect(stderr).toContain('its audio is not')
  const json = jsonLines((await show(kept.id, '--json')).stdout)
  expect(json).toMatchObject([{ state: null, finding: { kind: 'no-audio' } }])
})

test('a recording is found in whichever of the configured workspaces it is, or in the named one alone', async () => {
  const kept = await world.keep({ workspaceId: 'theirs' })
  expect((await show(kept.id)).stdout).toContain('theirs')
  expect((await show(kept.id, '--workspace', 'theirs')).code).toBe(0)
  const wrong = await show(kept.id, '--workspace', 'ours')
  expect([wrong.code, wrong.stdout]).toEqual([1, ''])
  expect(wrong.stderr).toContain('not archived in workspace ours')
})

test('nothing is shown where the access log cannot be written', async () => {
  const kept = await world.keep()
  world.faults = ({ operation, key }) =>
    operation === 'PutObject' && key.startsWith('access/') ? { kind: 'cut' } : undefined
  const { code, stdout, stderr } = await show(kept.id)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).not.toContain('15550100123')
})

test('a sidecar whose digest is none is relied on for nothing, and none of it becomes a command', async () => {
  const id = await keepSidecar((sidecar) => sidecar.replace(/(?<="sha256": ")\w+/, '$(touch /tmp/x)'))
  const { code, stdout, stderr } = await show(id)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain('unknown form at audio.sha256')
  expect(stderr).not.toContain('touch')
})
