import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSidecar } from '../../lib/archive/sidecar.ts'
import { type ArchiveConnection, connectArchive } from '../../lib/compose-retrieve.ts'
import { getRecording, linkRecording, showRecording } from '../../lib/retrieve/retrieve.ts'
import { findKeptObjects } from '../../lib/s3/kept-objects.ts'
import { impatientClock, memoryDestination, NEVER, orderOf } from '../helpers/retrieve-run.ts'
import { type Kept, startVaultWorld, VAULT_WORKSPACE, type VaultWorld } from '../helpers/vault-world.ts'

let world: VaultWorld
let archive: ArchiveConnection
beforeAll(async () => {
  world = await startVaultWorld()
  archive = connectArchive(world.config, impatientClock)
})
afterAll(async () => {
  await archive.close()
  await world[Symbol.asyncDispose]()
})

const remove = (Key: string) => world.client.send(new DeleteObjectCommand({ Bucket: 'archive', Key }))
const read = ({ id }: Kept) => archive.vault.readSidecar(VAULT_WORKSPACE, id, NEVER)
const never = () => Promise.reject(new Error('nothing is handed out'))
const get = async ({ id }: Kept) => {
  const destination = memoryDestination()
  const end = await getRecording(orderOf(id), async () => destination, archive, NEVER)
  return { end, bytes: destination.bytes().length }
}

/** Other audio on top of a recording's, and a sidecar that vouches for it: Object Lock keeps nobody from that. */
async function forge(kept: Kept, change: (sidecar: string) => string = (text) => text): Promise<void> {
  const other = await world.keep({ audio: Buffer.from(kept.audio.toReversed()) })
  await world.put(kept.audioKey, other.audio)
  const forged = (await world.text(kept.sidecarKey)).replaceAll(kept.sha256, other.sha256)
  await world.put(kept.sidecarKey, change(forged))
}

describe('a sidecar that somebody has written over', () => {
  it.each([
    ['with one that says otherwise', forge],
    ['with what is none', (kept: Kept) => world.put(kept.sidecarKey, 'nothing')],
    [
      'again and again, whatever it says',
      async (kept: Kept) => {
        const text = await world.text(kept.sidecarKey)
        for (let time = 0; time < 5; time++) await world.put(kept.sidecarKey, text)
      },
    ],
  ])('%s: nothing is handed out, and what was archived is named', async (_, overwrite) => {
    const kept = await world.keep()
    const before = await read(kept)
    await overwrite(kept)
    const fault = expect.stringMatching(
      `^it was written over by one that says otherwise: what was archived is version ${String(before?.versionId)}, of [-0-9]{10}$`,
    ) as string
    expect(await read(kept)).toEqual({
      text: before?.text,
      versionId: before?.versionId,
      fault,
      original: before?.sidecar,
    })
    const refusal = { kind: 'unreadable-sidecar', key: kept.sidecarKey, fault, hasOriginal: true }
    const lines = (await world.accessLines()).length
    expect(await get(kept)).toEqual({ end: refusal, bytes: 0 })
    expect(await linkRecording({ ...orderOf(kept.id), seconds: 60 }, archive, NEVER)).toEqual(refusal)
    expect(await showRecording(orderOf(kept.id), archive, NEVER)).toEqual(refusal)
    expect(await world.accessLines()).toHaveLength(lines)
  })

  it.each([
    ['written over', forge],
    ['deleted', (kept: Kept) => remove(kept.sidecarKey)],
  ])(
    'is handed out as it was archived where that is asked for, and the log says so: %s',
    async (what, tamper) => {
      const kept = await world.keep()
      const before = await read(kept)
      await tamper(kept)
      const order = { ...orderOf(kept.id), asArchived: true }
      const destination = memoryDestination()
      const tampering = expect.stringContaining(`it was ${what}`) as string
      expect(await getRecording(order, async () => destination, archive, NEVER)).toEqual({
        kind: 'got',
        bytes: kept.audio.length,
        sha256: kept.sha256,
        tampering,
      })
      expect(destination.bytes().equals(kept.audio)).toBe(true)
      expect(await showRecording(order, archive, NEVER)).toMatchObject({
        kind: 'shown',
        located: { text: before?.text, tampering },
      })
      const lines = (await world.accessLines()).filter(({ recordingIds }) => String(recordingIds) === kept.id)
      expect(lines.map(({ action, detail }) => [action, detail])).toEqual([
        ['get', expect.stringContaining(`as it was archived, although it was ${what}`)],
        ['show', expect.stringContaining(`as it was archived, although it was ${what}`)],
      ])
    },
  )

  it('of which the first version is no sidecar has nothing to hand out, whatever is asked for', async () => {
    const kept = await world.keep({ falsify: () => 'nothing' })
    await world.put(kept.sidecarKey, 'something')
    const end = await getRecording({ ...orderOf(kept.id), asArchived: true }, never, archive, NEVER)
    expect(end).toMatchObject({ kind: 'unreadable-sidecar', hasOriginal: false })
  })

  it('keeps what was archived, not what lies on top of it, when it is to be kept', async () => {
    const kept = await world.keep()
    const before = await read(kept)
    await forge(kept)
    const found = await findKeptObjects(archive, [VAULT_WORKSPACE], kept.id, NEVER)
    expect(found?.objects.map(({ versionId }) => versionId)).toEqual([kept.versionId, before?.versionId])
    expect(found?.fault).toMatch(/^its sidecar cannot be relied on: it was written over/)
  })

  it('is what it was where that tells of the same bytes, as two deliveries at once leave it on some stores', async () => {
    const kept = await world.keep()
    const before = await read(kept)
    const later = (before?.text ?? '').replace(
      /"archivedAt": ?"[^"]+"/,
      '"archivedAt":"2031-01-01T00:00:00.000Z"',
    )
    expect(later).not.toBe(before?.text)
    await world.put(kept.sidecarKey, later)
    expect(await read(kept)).toEqual(before)
    expect(await get(kept)).toMatchObject({ end: { kind: 'got' }, bytes: kept.audio.length })
  })
})

describe('a sidecar that somebody has deleted', () => {
  it('is not taken for one that never was: it says so, and how it comes back', async () => {
    const kept = await world.keep()
    const { VersionId: marker } = await remove(kept.sidecarKey)
    const { end } = await get(kept)
    const fault = expect.stringMatching(
      `^it was deleted on [-0-9]{10}: without the delete marker .version ${String(marker)}. it is there again$`,
    ) as string
    expect(end).toEqual({
      kind: 'unreadable-sidecar',
      key: kept.sidecarKey,
      fault,
      hasOriginal: true,
    })
    await world.client.send(
      new DeleteObjectCommand({ Bucket: 'archive', Key: kept.sidecarKey, VersionId: marker }),
    )
    expect(await get(kept)).toMatchObject({ end: { kind: 'got' } })
  })

  it('is told, too, where another was written since, or nothing of it is left', async () => {
    const kept = await world.keep()
    const text = await world.text(kept.sidecarKey)
    await remove(kept.sidecarKey)
    await world.put(kept.sidecarKey, text.replaceAll(kept.sha256, '0'.repeat(64)))
    expect(await read(kept)).toMatchObject({ text, fault: expect.stringContaining('written over') })
    const nothing = 'aaaaaaaa-0000-4000-8000-000000000000'
    await remove(`recordings/${VAULT_WORKSPACE}/${nothing}.json`)
    expect(await archive.vault.readSidecar(VAULT_WORKSPACE, nothing, NEVER)).toMatchObject({
      fault: 'it was deleted, and no version of it is left',
    })
  })

  it('is no sidecar of a key that only begins like it', async () => {
    const id = 'bbbbbbbb-0000-4000-8000-000000000000'
    await world.put(`recordings/${VAULT_WORKSPACE}/${id}.json.copy`, 'nothing')
    expect(await archive.vault.readSidecar(VAULT_WORKSPACE, id, NEVER)).toBeUndefined()
  })
})

it('a sidecar that is as it was written is given as it is', async () => {
  const kept = await world.keep()
  const found = await read(kept)
  expect(found?.text).toBe(await world.text(kept.sidecarKey))
  expect(readSidecar(found?.text ?? '')).toMatchObject({ ok: true, sidecar: found?.sidecar })
})
