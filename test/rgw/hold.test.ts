import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DeleteObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { writeSidecar } from '../../lib/archive/sidecar.ts'
import { jsonLines } from '../cli/command.ts'
import { ALL_REFUSED, buryAndRead, tryToDelete } from '../helpers/delete-attempts.ts'
import { asAnna, runHere } from '../helpers/kept-state.ts'
import { refusal } from '../helpers/s3-sandbox.ts'
import { AUDIO, MEDIA, POLICY, PROVENANCE, recordingOf, REQUEST } from '../helpers/sidecars.ts'
import { connectTo, openGatewayStore } from './store.ts'

let client: S3Client
let bucket: string
const world = { directory: '' }
beforeAll(async () => {
  const gateway = inject('gateway')
  const store = await openGatewayStore(gateway)
  await store.close()
  client = connectTo(gateway)
  ;({ bucket } = store)
  world.directory = await mkdtemp(join(tmpdir(), 'rgw-hold-'))
  Object.assign(process.env, {
    BIRD_WORKSPACE_ID: 'ours',
    ARCHIVE_BUCKET: bucket,
    RETENTION_MODE: 'GOVERNANCE',
    RETENTION_DAYS: '365',
    S3_FORCE_PATH_STYLE: 'true',
    AWS_REGION: gateway.region,
    AWS_ACCESS_KEY_ID: gateway.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: gateway.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: gateway.endpoint,
  })
})
afterAll(async () => {
  client.destroy()
  await rm(world.directory, { recursive: true, force: true })
})

/** A recording without any lock, as the archiver leaves it where there is no policy. */
async function keep() {
  const id = randomUUID()
  const key = `recordings/ours/${id}`
  const audio = Buffer.from(`the sound of ${id}`)
  const put = async (Key: string, Body: Buffer | string) => {
    const { VersionId = '' } = await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))
    return { Bucket: bucket, Key, VersionId }
  }
  const audioVersion = await put(`${key}.mp3`, audio)
  const sha256 = createHash('sha256').update(audio).digest('hex')
  const stored = { ...AUDIO, key: `${key}.mp3`, bytes: audio.length, versionId: audioVersion.VersionId }
  const text = writeSidecar(
    { ...REQUEST, recordingId: id },
    { ...recordingOf(), id },
    { ...MEDIA, bytes: audio.length, sha256 },
    stored,
    PROVENANCE,
    POLICY,
  )
  const sidecar = await put(`${key}.json`, text)
  return {
    id,
    versions: [
      { ...audioVersion, bytes: audio },
      { ...sidecar, bytes: Buffer.from(text) },
    ],
  }
}

const place = (caseNumber: string, id: string) =>
  asAnna(world, 'hold', 'place', id, '--case', caseNumber, '--reason', 'court order', '--json')
const release = (caseNumber: string, id: string) =>
  asAnna(world, 'hold', 'release', id, '--case', caseNumber, '--reason', 'settled', '--json')
const outcomeOf = async (running: ReturnType<typeof place>) =>
  jsonLines((await running).stdout)[0]?.['outcome']
const stateOf = async ({ Bucket, Key, VersionId }: Awaited<ReturnType<typeof keep>>['versions'][number]) =>
  (await client.send(new GetObjectLegalHoldCommand({ Bucket, Key, VersionId }))).LegalHold?.Status

it('on another S3 too, a held recording outlives every attempt to delete it, until its last case is released', async () => {
  const { id, versions } = await keep()
  expect(await outcomeOf(place('A', id))).toBe('held')
  expect(await outcomeOf(place('B', id))).toBe('held')
  expect(await outcomeOf(place('B', id))).toBe('held already')
  const checked = await runHere(world, 'hold', 'list', '--check', '--json')
  expect(checked.code).toBe(0)
  expect(jsonLines(checked.stdout)).toMatchObject([
    { recordingId: id, cases: [{ caseNumber: 'A' }, { caseNumber: 'B' }], faults: [] },
  ])
  for (const { bytes, ...version } of versions) {
    expect(await tryToDelete(client, version)).toEqual(ALL_REFUSED)
    const left = await buryAndRead(client, version)
    expect(left.hold).toBe('ON')
    expect(left.bytes.equals(bytes)).toBe(true)
  }
  expect(await outcomeOf(release('A', id))).toBe('stays held')
  for (const version of versions) expect(await stateOf(version)).toBe('ON')
  expect(await outcomeOf(release('B', id))).toBe('released')
  for (const { bytes: _, ...version } of versions)
    expect(await refusal(client.send(new DeleteObjectCommand(version)))).toBe('accepted')
})

it('on another S3 too, a held version that somebody has deleted is named, and keeps the other from nothing', async () => {
  const { id, versions } = await keep()
  expect(await outcomeOf(place('A', id))).toBe('held')
  const [audio, sidecar] = versions
  if (audio === undefined || sidecar === undefined) throw new Error('a recording has two objects')
  const { bytes: _, ...gone } = audio
  await client.send(new PutObjectLegalHoldCommand({ ...gone, LegalHold: { Status: 'OFF' } }))
  await client.send(new DeleteObjectCommand(gone))
  const placed = jsonLines((await place('B', id)).stdout)[0]
  expect(placed).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('is GONE') })
  expect(await stateOf(sidecar)).toBe('ON')
  expect(await outcomeOf(release('A', id))).toBe('stays held')
  expect(await outcomeOf(release('B', id))).toBe('released')
  expect(await stateOf(sidecar)).toBe('OFF')
})

it('on another S3 too, a lock is extended, and never shortened', async () => {
  const { id, versions } = await keep()
  const extend = (until: string) =>
    outcomeOf(asAnna(world, 'retention', 'extend', id, '--until', until, '--reason', 'audit', '--json'))
  const later = new Date(Date.now() + 2_000 * 86_400_000).toISOString().slice(0, 10)
  const sooner = new Date(Date.now() + 1_000 * 86_400_000).toISOString().slice(0, 10)
  expect(await extend(later)).toBe('extended')
  expect(await extend(sooner)).toBe('locked as long already')
  for (const { Bucket, Key, VersionId } of versions) {
    const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }))
    expect(Retention).toMatchObject({ Mode: 'GOVERNANCE', RetainUntilDate: new Date(later) })
  }
})
