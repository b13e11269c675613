import { randomUUID } from 'node:crypto'
import { DeleteObjectCommand, GetObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import type { Context } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { composeArchiveFunction } from '../../lib/compose.ts'
import { deadLettersOf, expectArchivedOnce, rowsOf, versionsOf } from '../helpers/archived.ts'
import { buildLargeAudio } from '../helpers/large-audio.ts'
import { type MediaDouble, serveAudio, startMediaDouble } from '../helpers/media-double.ts'
import { addServed, expectRefused, type Served } from '../helpers/served.ts'
import { eventOf } from '../helpers/sqs-events.ts'
import { keysOf, startWorld, type World } from '../helpers/world.ts'
import type { WorldStore } from '../helpers/world-store.ts'
import { openGatewayStore } from './store.ts'

const MIB = 1024 * 1024
const large = buildLargeAudio(9, 1)
const otherLarge = buildLargeAudio(9, 2)
let store: WorldStore
let world: World
let media: MediaDouble
beforeAll(async () => {
  media = await startMediaDouble()
  store = await openGatewayStore(inject('gateway'))
  world = await startWorld({ store })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await media.close()
})

const run = (id: string, environment: Record<string, string> = {}, remainingMs = 60_000) =>
  world.run([{ body: id, messageId: id }], {
    environment: { MEDIA_ORIGINS: `${world.s3Url},${media.origin}`, ...environment },
    remainingMs,
  })
/** The forms in which audio comes; what has no length comes from a server of its own, the rest from the gateway. */
const FORMS: [string, (audio?: Uint8Array) => Promise<Served>][] = [
  ['a small one', (audio) => world.addRecording(audio === undefined ? {} : { audio })],
  ['a large one', (audio = large) => world.addRecording({ audio })],
  [
    'a large one of unknown length',
    (audio = large) =>
      addServed(
        world,
        media,
        (body) => [(request) => ({ ...serveAudio(body)(request), length: 'chunked' })],
        {
          audio,
        },
      ),
  ],
]

describe.for(FORMS)('on another S3: %s', ([name, add]) => {
  const other = name === 'a small one' ? Buffer.from('another body') : otherLarge

  it('is archived, read again to verify it, and found done on redelivery', async () => {
    const recording = await add()
    expect((await run(recording.id)).failed).toEqual([])
    const sidecar = await expectArchivedOnce(world, recording)
    expect(sidecar['audio']).toMatchObject({ verifiedBy: 'reading-again' })
    const again = await run(recording.id)
    expect(again.failed).toEqual([])
    expect(again.events).toContainEqual(expect.objectContaining({ event: 'recording.already-archived' }))
    await expectArchivedOnce(world, recording)
  })

  it.for(['GOVERNANCE', 'COMPLIANCE'])('is locked, and no version of it can be deleted: %s', async (mode) => {
    const recording = await add()
    const environment = { RETENTION_MODE: mode, RETENTION_DAYS: '2' }
    expect((await run(recording.id, environment)).failed).toEqual([])
    await expectArchivedOnce(world, recording)
    for (const key of Object.values(keysOf(recording.id))) {
      expect(await world.head(key)).toMatchObject({ lockMode: mode, lockUntil: expect.any(Date) as Date })
      await expect(deleteVersions(key)).rejects.toMatchObject({ name: 'AccessDenied' })
    }
    await expectArchivedOnce(world, recording)
  })

  it('that is there already is adopted when the bytes are the same', async () => {
    const recording = await add()
    await world.put(keysOf(recording.id).audio, recording.audio)
    expect((await run(recording.id)).failed).toEqual([])
    const sidecar = await expectArchivedOnce(world, recording)
    expect(sidecar['provenance']).toMatchObject({ adopted: true })
  })

  it('that is there already with other bytes is a conflict, and is left untouched', async () => {
    const { id } = await add()
    await world.put(keysOf(id).audio, other)
    expect((await run(id)).failed).toEqual([])
    expect(await versionsOf(world, id)).toEqual([keysOf(id).audio])
    expect((await world.get(keysOf(id).audio)).equals(other)).toBe(true)
    expect(await rowsOf(world, id)).toEqual([])
    expect(await world.unfinishedUploads()).toEqual([])
    expect((await deadLettersOf(world, id))[0]?.attributes['reason']).toBe('conflict')
  })

  it('that two functions archive at once loses nothing: each version is the recording, and is vouched for', async () => {
    const recording = await add()
    const { id, audio, sha256 } = recording
    const environment = { ...world.env, MEDIA_ORIGINS: `${world.s3Url},${media.origin}` }
    const quiet = { log: { event: () => {} }, writeMetrics: () => {} }
    const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 60_000 } as Context
    const answers = await Promise.all(
      [1, 2].map(() => composeArchiveFunction(environment, quiet)(eventOf([id]), context)),
    )
    expect(answers).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }])
    const bodies = await Promise.all((await versions(keysOf(id).audio)).map(getVersion))
    expect(bodies.length).toBeGreaterThan(0)
    expect(bodies.length).toBeLessThanOrEqual(2)
    for (const { body } of bodies) expect(body.equals(audio)).toBe(true)
    const vouched = await Promise.all((await versions(keysOf(id).sidecar)).map(getVersion))
    for (const { body } of vouched) {
      const sidecar = JSON.parse(body.toString()) as { audio: { sha256: string; versionId: string } }
      expect(sidecar.audio.sha256).toBe(sha256)
      expect(bodies.map(({ versionId }) => versionId)).toContain(sidecar.audio.versionId)
    }
    expect(await world.unfinishedUploads()).toEqual([])
    expect((await run(id)).failed).toEqual([])
  })
})

describe('on another S3', () => {
  it.for(['chunked', 'declared'])(
    'a deadline in mid-upload leaves no unfinished upload: %s',
    async (length) => {
      const recording = await addServed(
        world,
        media,
        (body) => [
          {
            body: body.subarray(0, 17 * MIB),
            length: length === 'chunked' ? 'chunked' : body.length,
            ending: 'stall',
          },
        ],
        { audio: buildLargeAudio(18, 3) },
      )
      const refused = await run(recording.id, {}, 4000)
      await expectRefused(world, refused, recording.id, 'out-of-time')
      media.serve(recording.id, [serveAudio(recording.audio)])
      expect((await run(recording.id)).failed).toEqual([])
      await expectArchivedOnce(world, recording)
    },
  )

  it('a presigned link with an Authorization header beside it is refused, without it is not', async () => {
    const { id, audio } = await world.addRecording()
    const link = world.link(id)
    const refused = await fetch(link, { headers: { authorization: `AccessKey ${randomUUID()}` } })
    expect([400, 403]).toContain(refused.status)
    const granted = await fetch(link)
    expect(Buffer.from(await granted.arrayBuffer()).equals(audio)).toBe(true)
  })

  it('a bucket without Object Lock cannot keep a lock: nothing counts as archived', async () => {
    const { id } = await world.addRecording({ audio: large })
    const environment = {
      RETENTION_MODE: 'COMPLIANCE',
      RETENTION_DAYS: '2',
      ARCHIVE_BUCKET: store.mediaBucket,
    }
    const { failed, events } = await run(id, environment)
    expect(failed).toEqual([id])
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'batch.stopped', level: 'error', reason: 'misconfigured' }),
    )
    expect(await versionsOf(world, id)).toEqual([])
  })
})

async function versions(key: string): Promise<{ key: string; versionId: string }[]> {
  const { Versions = [] } = await world.client.send(
    new ListObjectVersionsCommand({ Bucket: world.env['ARCHIVE_BUCKET'], Prefix: key }),
  )
  return Versions.map(({ VersionId = '' }) => ({ key, versionId: VersionId }))
}

async function getVersion({ key, versionId }: { key: string; versionId: string }) {
  const { Body } = await world.client.send(
    new GetObjectCommand({ Bucket: world.env['ARCHIVE_BUCKET'], Key: key, VersionId: versionId }),
  )
  return { versionId, body: Buffer.from((await Body?.transformToByteArray()) ?? []) }
}

async function deleteVersions(key: string): Promise<void> {
  for (const { versionId } of await versions(key))
    await world.client.send(
      new DeleteObjectCommand({ Bucket: world.env['ARCHIVE_BUCKET'], Key: key, VersionId: versionId }),
    )
}
