import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { createMediaWatch } from '../../lib/archive/media.ts'
import { readRecording } from '../../lib/archive/recording.ts'
import type { Lock, RetentionPolicy } from '../../lib/archive/retention.ts'
import { writeSidecar } from '../../lib/archive/sidecar.ts'
import { lockParameters } from '../../lib/s3/whole.ts'
import type { S3Faults } from '../../lib/sandbox/s3-server.ts'
import { startS3Server } from '../../lib/sandbox/s3-server.ts'
import { buildFrame } from './mp3-files.ts'
import { exampleMetadata } from './recordings.ts'
import { AUDIO, PROVENANCE } from './sidecars.ts'

export const VERIFY_WORKSPACE = '8bc02f53-87ac-48d2-b4fd-c2cf856a305f'
export const BUCKET = 'archive'
const OURS = 'verify-world'
const FRAMES = 20

/** A recording that lies in the bucket as the archiver leaves it. */
export interface Kept {
  readonly id: string
  readonly audio: Buffer
  readonly sha256: string
  readonly audioKey: string
  readonly sidecarKey: string
  readonly versionId: string
  readonly sidecar: string
}

export interface KeepOptions {
  readonly id?: string
  readonly workspaceId?: string
  readonly createdAt?: string
  readonly audio?: Buffer
  /** What lies there in the place of the audio that the sidecar describes. */
  readonly stored?: Buffer
  /** What the sidecar says that both objects carry. */
  readonly lock?: Lock
  /** What they really carry; `lock` if not given. */
  readonly storedLock?: Lock | 'none'
  /** Changes the sidecar before it is written. */
  readonly edit?: (sidecar: string) => string
  readonly storageClass?: 'GLACIER'
}

/** The archive's bucket, real MP3s in it. */
export interface VerifyWorld extends AsyncDisposable {
  /** Where the server keeps objects as files: `<directory>/archive/<key>`. */
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  readonly client: S3Client
  /** What the server was asked by others than this world: `GetObject recordings/….mp3`. */
  readonly requests: string[]
  faults: S3Faults
  /** The server's clock. */
  now: () => Date
  keep(options?: KeepOptions): Promise<Kept>
  put(key: string, body: string | Uint8Array, more?: object): Promise<string>
  json(key: string): Promise<Record<string, ReturnType<typeof JSON.parse>>>
  /** Keys of all versions and delete markers under a prefix. */
  keys(prefix?: string): Promise<string[]>
  /** Ids of the versions of a key, the newest first; delete markers are none. */
  versionsOf(key: string): Promise<string[]>
  lockOf(key: string): Promise<{ readonly mode: string | undefined; readonly until: Date | undefined }>
  /** The reports that were written, in their order. */
  reports(): Promise<Record<string, ReturnType<typeof JSON.parse>>[]>
}

/** A real MP3 that only this seed has: whole frames with true headers. */
export function buildAudio(seed: string, frames = FRAMES): Buffer {
  return Buffer.concat(
    Array.from({ length: frames }, (_, index) => {
      const frame = buildFrame()
      createHash('sha256').update(`${seed} ${index}`).digest().copy(frame, 40)
      return frame
    }),
  )
}

/** Starts S3 on 127.0.0.1; AWS's own variables stand in this process's environment, too: one world at a time in a file. */
export async function startVerifyWorld(
  options: { objectLock?: boolean; versioning?: boolean; environment?: Record<string, string> } = {},
): Promise<VerifyWorld> {
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'verify-'))
  const { objectLock = true, versioning = true } = options
  const requests: string[] = []
  const script: { faults: S3Faults; now: () => Date } = { faults: () => undefined, now: () => new Date() }
  const credentials = { accessKeyId: 'TESTKEYID', secretAccessKey: 'test-secret-access-key' }
  const s3 = await startS3Server({
    directory,
    credentials,
    region: 'eu-west-1',
    now: () => script.now(),
    faults(request) {
      if (request.headers['user-agent']?.includes(OURS)) return undefined
      requests.push(`${request.operation} ${request.key}`)
      return script.faults(request)
    },
  })
  await s3.createBucket(BUCKET, { objectLock, versioning })
  const env = {
    BIRD_WORKSPACE_ID: VERIFY_WORKSPACE,
    ARCHIVE_BUCKET: BUCKET,
    S3_FORCE_PATH_STYLE: 'true',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: s3.url,
    ...options.environment,
  }
  Object.assign(process.env, env)
  const client = new S3Client({ forcePathStyle: true, customUserAgent: OURS })
  const put: VerifyWorld['put'] = async (key, body, more) => {
    const { VersionId = 'null' } = await client.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body, ...more }),
    )
    return VersionId
  }
  const json: VerifyWorld['json'] = async (key) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))
    return JSON.parse((await Body?.transformToString()) ?? '') as Awaited<ReturnType<VerifyWorld['json']>>
  }
  const keys: VerifyWorld['keys'] = async (prefix = '') => {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: prefix }))
    return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key = '' }) => Key).toSorted()
  }
  return {
    directory,
    env,
    client,
    requests,
    get faults() {
      return script.faults
    },
    set faults(faults) {
      script.faults = faults
    },
    get now() {
      return script.now
    },
    set now(now) {
      script.now = now
    },
    async keep(recording = {}) {
      const { id = randomUUID(), workspaceId = VERIFY_WORKSPACE, createdAt, lock, storageClass } = recording
      const audio = recording.audio ?? buildAudio(id)
      const key = `recordings/${workspaceId}/${id}`
      const watch = createMediaWatch(audio.length, 'audio/mpeg')
      watch.update(audio)
      const media = watch.finish()
      const { storedLock = lock, edit = (text) => text } = recording
      const locked = lockParameters(storedLock === 'none' ? undefined : storedLock)
      const versionId = await put(`${key}.mp3`, recording.stored ?? audio, {
        ContentType: 'audio/mpeg',
        ...locked,
        ...(storageClass !== undefined && { StorageClass: storageClass }),
      })
      const read = readRecording(
        { ...exampleMetadata(id), ...(createdAt !== undefined && { createdAt }) },
        id,
        new Date(),
      )
      if (!read.ok) throw new Error(read.reason)
      const policy: RetentionPolicy = lock === undefined ? { mode: 'off' } : { mode: lock.mode, days: 365 }
      const written = writeSidecar(
        { recordingId: id, workspaceId, firstSeenAt: new Date(), deferrals: 0 },
        read.recording,
        media,
        {
          ...AUDIO,
          key: `${key}.mp3`,
          bytes: audio.length,
          versionId: versionId === 'null' ? undefined : versionId,
          lock,
        },
        PROVENANCE,
        policy,
      )
      const sidecar = edit(written)
      await put(`${key}.json`, sidecar, locked)
      const { sha256 } = media
      return { id, audio, sha256, audioKey: `${key}.mp3`, sidecarKey: `${key}.json`, versionId, sidecar }
    },
    put,
    json,
    keys,
    async versionsOf(key) {
      const page = await client.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: key }))
      return (page.Versions ?? []).flatMap(({ VersionId }) => VersionId ?? [])
    },
    async lockOf(key) {
      const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }))
      return { mode: head.ObjectLockMode, until: head.ObjectLockRetainUntilDate }
    },
    async reports() {
      const names = (await keys('verify/')).filter((key) => !key.startsWith('verify/marks/'))
      return await Promise.all(names.map(async (key) => ({ ...(await json(key)), key })))
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
      await s3.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
