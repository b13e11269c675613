import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { readArchiveConfig } from '../../lib/archive-config.ts'
import { type ArchiveConnection, connectArchive } from '../../lib/compose-retrieve.ts'
import { getRecording, linkRecording } from '../../lib/retrieve/retrieve.ts'
import { createCustody } from '../../lib/s3/custody.ts'
import { memoryDestination, NEVER, orderOf } from '../helpers/retrieve-run.ts'
import { refusal } from '../helpers/s3-sandbox.ts'
import { keysOf, startWorld, WORKSPACE, type World } from '../helpers/world.ts'
import { openGatewayStore } from './store.ts'

const RETENTION = { RETENTION_MODE: 'GOVERNANCE', RETENTION_DAYS: '30' }

let world: World
let archive: ArchiveConnection
beforeAll(async () => {
  world = await startWorld({ store: await openGatewayStore(inject('gateway')) })
  archive = connectArchive(readArchiveConfig({ ...world.env, ...RETENTION }))
})
afterAll(async () => {
  await archive.close()
  await world[Symbol.asyncDispose]()
})

/** Archives a recording with the real handler; no lock, so that what follows can place its own. */
async function archived() {
  const recording = await world.addRecording()
  const { failed } = await world.run([{ body: recording.id }])
  expect(failed).toEqual([])
  const { audio: key } = keysOf(recording.id)
  const found = await archive.vault.readSidecar(WORKSPACE, recording.id, NEVER)
  return { ...recording, key, versionId: found?.sidecar?.audio.versionId ?? undefined }
}
const order = (id: string) => orderOf(id, { workspaceIds: [WORKSPACE] })

it('on another S3 too, a recording is got and compared, a link opens it, and the access log is locked', async () => {
  const { id, audio, sha256 } = await archived()
  const destination = memoryDestination()
  const end = await getRecording(order(id), async () => destination, archive, NEVER)
  expect(end).toEqual({ kind: 'got', bytes: audio.length, sha256 })
  expect(destination.bytes().equals(audio)).toBe(true)

  const link = await linkRecording({ ...order(id), seconds: 60 }, archive, NEVER)
  if (link.kind !== 'linked') throw new Error(link.kind)
  const answer = await fetch(link.url)
  expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(audio))).toBe(true)
  expect(answer.headers.get('content-disposition')).toContain(`${id}.mp3`)
  expect((await fetch(link.url.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).status).not.toBe(200)

  const lines = []
  for await (const found of archive.accessLog.read({ recordingId: id }, NEVER)) lines.push(found)
  expect(lines).toMatchObject([{ record: { action: 'get' } }, { record: { action: 'link' } }])
  for (const { key } of lines) expect(await world.head(key)).toMatchObject({ lockMode: 'GOVERNANCE' })
})

it('on another S3 too, a hold keeps a version, and retention is extended and never shortened', async () => {
  const { key, versionId } = await archived()
  const custody = createCustody(archive.place)
  const remove = () =>
    refusal(
      world.client.send(
        new DeleteObjectCommand({
          Bucket: archive.place.bucket,
          Key: key,
          VersionId: versionId,
          BypassGovernanceRetention: true,
        }),
      ),
    )
  expect(await custody.readLegalHold(key, versionId, NEVER)).toBe(false)
  await custody.setLegalHold(key, versionId, true, NEVER)
  expect((await archive.vault.inspectAudio(key, versionId, NEVER))?.legalHold).toBe(true)
  expect(await remove()).toMatch(/^403/)
  await custody.setLegalHold(key, versionId, false, NEVER)

  const inDays = (days: number) => new Date(Math.ceil(Date.now() / 1000) * 1000 + days * 86_400_000)
  const [long, short] = [inDays(20), inDays(10)]
  const extend = (until: Date) =>
    custody.extendRetention(key, versionId, { mode: 'GOVERNANCE', until }, NEVER)
  expect(await extend(short)).toMatchObject({ outcome: 'extended' })
  expect(await extend(long)).toMatchObject({ outcome: 'extended' })
  expect(await extend(short)).toMatchObject({ outcome: 'kept' })
  expect((await archive.vault.inspectAudio(key, versionId, NEVER))?.lock?.until).toEqual(long)
})

it('on another S3 too, what somebody has deleted or written over is not handed out', async () => {
  const deleted = await archived()
  await world.remove(keysOf(deleted.id).sidecar)
  const forged = await archived()
  const sidecar = (await world.get(keysOf(forged.id).sidecar)).toString()
  await world.put(keysOf(forged.id).sidecar, sidecar.replaceAll(forged.sha256, deleted.sha256))
  for (const [{ id }, fault] of [
    [deleted, /^it was deleted on/],
    [forged, /^it was written over/],
  ] as const) {
    const end = await getRecording(order(id), async () => memoryDestination(), archive, NEVER)
    expect(end).toMatchObject({ kind: 'unreadable-sidecar', fault: expect.stringMatching(fault) })
  }
})
