import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ArchiveConnection, connectArchive } from '../../lib/compose-retrieve.ts'
import { getRecording } from '../../lib/retrieve/retrieve.ts'
import { type Custody, createCustody } from '../../lib/s3/custody.ts'
import { refusal } from '../helpers/s3-sandbox.ts'
import { impatientClock, memoryDestination, NEVER, orderOf } from '../helpers/retrieve-run.ts'
import { type Kept, startVaultWorld, type VaultWorld } from '../helpers/vault-world.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

let world: VaultWorld
let archive: ArchiveConnection
let custody: Custody
beforeAll(async () => {
  world = await startVaultWorld()
  archive = connectArchive(world.config, impatientClock)
  custody = createCustody(archive.place)
})
afterAll(async () => {
  await archive.close()
  await world[Symbol.asyncDispose]()
})
beforeEach(() => {
  world.faults = () => undefined
  world.now = () => new Date()
  // What the SDK has learnt of a server whose clock was elsewhere.
  archive.place.client.config.systemClockOffset = 0
})

const inspect = ({ audioKey, versionId }: Kept) => archive.vault.inspectAudio(audioKey, versionId, NEVER)
const remove = ({ audioKey: Key, versionId: VersionId }: Kept) =>
  refusal(
    world.client.send(
      new DeleteObjectCommand({ Bucket: 'archive', Key, VersionId, BypassGovernanceRetention: true }),
    ),
  )
/** A moment from now, as exactly as S3 keeps it. */
const inDays = (days: number) => new Date(Math.ceil(Date.now() / 1000) * 1000 + days * DAY_MS)

describe('reading', () => {
  it('an object that is replaced meanwhile ends with an error, not with a mixture', async () => {
    const kept = await world.keep()
    let gets = 0
    world.faults = ({ operation }) =>
      operation === 'GetObject' && gets++ === 0 ? { kind: 'body', cutAfterBytes: 100_000 } : undefined
    const { body } = await archive.vault.openAudio(kept.audioKey, undefined, NEVER)
    await world.put(kept.audioKey, Buffer.alloc(kept.audio.length, 1))
    let bytes = 0
    const reading = (async () => {
      for await (const chunk of body) bytes += chunk.length
    })()
    await expect(reading).rejects.toThrow('changed while it was read')
    expect(bytes).toBeLessThanOrEqual(100_000)
    expect(gets).toBe(2)
  })

  it('ends when it is to be stopped, with the reason', async () => {
    const kept = await world.keep()
    world.faults = ({ operation }) =>
      operation === 'GetObject' ? { kind: 'body', stallAfterBytes: 1_000 } : undefined
    const controller = new AbortController()
    const { body } = await archive.vault.openAudio(kept.audioKey, kept.versionId, controller.signal)
    const reading = (async () => {
      for await (const chunk of body) controller.abort(new Error(`enough at ${chunk.length}`))
    })()
    await expect(reading).rejects.toThrow('enough at')
  })

  it('says of an object that is not there that it is not there', async () => {
    const kept = await world.keep()
    expect(await archive.vault.inspectAudio('recordings/ours/none.mp3', undefined, NEVER)).toBeUndefined()
    expect(await archive.vault.inspectAudio(kept.audioKey, 'no-such-version', NEVER)).toBeUndefined()
    expect(await archive.vault.readSidecar('ours', 'none', NEVER)).toBeUndefined()
  })
})

describe('what lies in Glacier', () => {
  const get = async ({ id }: Kept, restore?: { days: number; tier: 'Standard' }) => {
    const destination = memoryDestination()
    const end = await getRecording({ ...orderOf(id), restore }, async () => destination, archive, NEVER)
    return { end, bytes: destination.bytes() }
  }

  it('is asked for, takes its hours, and can then be got for some days', async () => {
    const kept = await world.keep({ storageClass: 'GLACIER' })
    const before = (await world.accessLines()).length
    expect(await get(kept)).toMatchObject({ end: { kind: 'to-restore', isUnderWay: false } })
    expect(await world.accessLines()).toHaveLength(before)

    const restore = { days: 2, tier: 'Standard' as const }
    expect(await get(kept, restore)).toMatchObject({ end: { kind: 'restore-started', tier: 'Standard' } })
    expect(await world.accessLines()).toContainEqual(
      expect.objectContaining({ recordingIds: [kept.id], detail: expect.stringContaining('restore') }),
    )
    expect(await get(kept, restore)).toMatchObject({ end: { kind: 'to-restore', isUnderWay: true } })

    world.now = () => new Date(Date.now() + 3 * HOUR_MS)
    const { end, bytes } = await get(kept)
    expect(end).toMatchObject({ kind: 'got', sha256: kept.sha256 })
    expect(bytes.equals(kept.audio)).toBe(true)
    const state = await inspect(kept)
    expect(state?.readable).toMatchObject({ until: expect.any(Date) })

    world.now = () => new Date(Date.now() + 4 * DAY_MS)
    expect(await get(kept)).toMatchObject({ end: { kind: 'to-restore', isUnderWay: false } })
  })

  it('is being restored already when two ask at once', async () => {
    const { audioKey, versionId } = await world.keep({ storageClass: 'DEEP_ARCHIVE' })
    const state = await archive.vault.inspectAudio(audioKey, versionId, NEVER)
    const order = { days: 1, tier: 'Bulk', storage: state ?? { archiveStatus: undefined } } as const
    expect(await archive.vault.restore(audioKey, versionId, order, NEVER)).toBe('started')
    expect(await archive.vault.restore(audioKey, versionId, order, NEVER)).toBe('already')
  })
})

describe('retention', () => {
  it('is set, extended, and never shortened nor weakened', async () => {
    const kept = await world.keep()
    const { audioKey, versionId } = kept
    const extend = (mode: 'GOVERNANCE' | 'COMPLIANCE', days: number) =>
      custody.extendRetention(audioKey, versionId, { mode, until: inDays(days) }, NEVER)
    expect(await extend('GOVERNANCE', 10)).toMatchObject({ outcome: 'extended', before: undefined })
    expect(await extend('GOVERNANCE', 20)).toMatchObject({ outcome: 'extended' })
    expect(await extend('GOVERNANCE', 5)).toMatchObject({ outcome: 'kept' })
    expect(await extend('COMPLIANCE', 5)).toMatchObject({ outcome: 'extended' })
    const { lock } = (await inspect(kept)) ?? {}
    expect(lock?.mode).toBe('COMPLIANCE')
    expect(lock?.until.getTime()).toBeGreaterThan(inDays(19).getTime())
    expect(await extend('GOVERNANCE', 30)).toMatchObject({ lock: { mode: 'COMPLIANCE' } })
    expect(await remove(kept)).toBe('403 AccessDenied')
    expect((await inspect(kept))?.lock?.until.getTime()).toBeGreaterThan(inDays(29).getTime())
  })

  it('that the bucket accepts and does not keep is no success', async () => {
    const { audioKey, versionId } = await world.keep()
    world.faults = ({ operation }) =>
      operation === 'PutObjectRetention' ? { kind: 'ignore-lock' } : undefined
    const wanted = { mode: 'GOVERNANCE', until: inDays(9) } as const
    await expect(custody.extendRetention(audioKey, versionId, wanted, NEVER)).rejects.toThrow(
      'does not show it',
    )
  })

  it('of an object that is not there is an error', async () => {
    const wanted = { mode: 'GOVERNANCE', until: inDays(9) } as const
    await expect(
      custody.extendRetention('recordings/ours/none.mp3', undefined, wanted, NEVER),
    ).rejects.toThrow('not there')
  })
})

describe('a legal hold', () => {
  it('keeps a version from being deleted, until it is released', async () => {
    const kept = await world.keep()
    const { audioKey, versionId } = kept
    expect(await custody.readLegalHold(audioKey, versionId, NEVER)).toBe(false)
    expect((await inspect(kept))?.legalHold).toBeUndefined()
    await custody.setLegalHold(audioKey, versionId, true, NEVER)
    expect((await inspect(kept))?.legalHold).toBe(true)
    expect(await remove(kept)).toBe('403 AccessDenied')
    await custody.setLegalHold(audioKey, versionId, false, NEVER)
    expect((await inspect(kept))?.legalHold).toBe(false)
    expect(await remove(kept)).toBe('accepted')
  })

  it('that the bucket accepts and does not keep is no success', async () => {
    const { audioKey, versionId } = await world.keep()
    world.faults = ({ operation }) =>
      operation === 'PutObjectLegalHold' ? { kind: 'ignore-lock' } : undefined
    await expect(custody.setLegalHold(audioKey, versionId, true, NEVER)).rejects.toThrow('does not show it')
  })

  it('whose answer is lost is placed all the same', async () => {
    const { audioKey, versionId } = await world.keep()
    let strikes = 1
    world.faults = ({ operation }) =>
      operation === 'PutObjectLegalHold' && strikes-- > 0 ? { kind: 'cut', after: true } : undefined
    await custody.setLegalHold(audioKey, versionId, true, NEVER)
    expect(await custody.readLegalHold(audioKey, versionId, NEVER)).toBe(true)
  })
})

it('lists every version and delete marker, over several pages', async () => {
  const kept = await world.keep()
  for (let extra = 0; extra < 3; extra++) await world.put(kept.audioKey, `version ${extra}`)
  await world.client.send(new DeleteObjectCommand({ Bucket: 'archive', Key: kept.audioKey }))
  const listed = []
  for await (const version of archive.vault.listVersions(`recordings/ours/${kept.id}`, NEVER))
    listed.push(version)
  expect(listed.filter(({ key }) => key === kept.sidecarKey)).toHaveLength(1)
  const audio = listed.filter(({ key }) => key === kept.audioKey)
  expect(audio).toHaveLength(5)
  expect(audio.filter(({ isLatest }) => isLatest)).toMatchObject([{ isDeleteMarker: true, bytes: 0 }])
  expect(audio.find(({ versionId }) => versionId === kept.versionId)).toMatchObject({
    bytes: kept.audio.length,
    isLatest: false,
    isDeleteMarker: false,
  })
})

it('nothing that serves recordings can delete, shorten or release', () => {
  expect(Object.keys(archive.vault).toSorted()).toEqual([
    'inspectAudio',
    'listVersions',
    'openAudio',
    'presign',
    'readSidecar',
    'restore',
  ])
})
