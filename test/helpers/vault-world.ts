import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { readRecording } from '../../lib/archive/recording.ts'
import { writeSidecar } from '../../lib/archive/sidecar.ts'
import { type ArchiveConfig, readArchiveConfig } from '../../lib/archive-config.ts'
import type { S3Fault, S3Request } from '../../lib/sandbox/s3-server.ts'
import { startS3Server } from '../../lib/sandbox/s3-server.ts'
import { exampleMetadata } from './recordings.ts'
import { AUDIO, MP3, PROVENANCE } from './sidecars.ts'

export const VAULT_WORKSPACE = 'ours'
const BUCKET = 'archive'
const OURS = 'vault-world'

/** A recording that was put into the bucket as the archiver does. */
export interface Kept {
  readonly id: string
  readonly audio: Buffer
  readonly sha256: string
  readonly audioKey: string
  readonly sidecarKey: string
  readonly versionId: string
}

/** The archive's bucket, and what retrieves from it. */
export interface VaultWorld extends AsyncDisposable {
  /** Where the sandbox's S3 keeps objects as files. */
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  readonly config: ArchiveConfig
  readonly client: S3Client
  /** What the server was asked by others than this world, in order: `GetObject recordings/ours/….mp3`. */
  readonly requests: string[]
  /** How a request goes wrong. */
  faults: (request: S3Request) => S3Fault | undefined
  /** The server's clock. */
  now: () => Date
  keep(options?: {
    id?: string
    audio?: Buffer
    storageClass?: 'GLACIER' | 'DEEP_ARCHIVE'
    workspaceId?: string
    metadata?: Record<string, unknown>
    /** Changes the sidecar before it is written. */
    falsify?: (written: string) => string
  }): Promise<Kept>
  put(key: string, body: string | Uint8Array): Promise<void>
  text(key: string): Promise<string>
  /** All versions and delete markers in the bucket. */
  keys(prefix?: string): Promise<string[]>
  /** Lines of the access log, parsed. */
  accessLines(): Promise<Record<string, unknown>[]>
}

/** Starts S3 on 127.0.0.1; AWS's own variables stand in this process's environment, too: one world at a time in a file. */
export async function startVaultWorld(
  options: { objectLock?: boolean; environment?: Record<string, string> } = {},
): Promise<VaultWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'vault-'))
  const { objectLock = true } = options
  const requests: string[] = []
  const script: { faults: VaultWorld['faults']; now: () => Date } = {
    faults: () => undefined,
    now: () => new Date(),
  }
  const credentials = { accessKeyId: 'TESTKEYID', secretAccessKey: 'test-secret-access-key' }
  const s3 = await startS3Server({
    directory,
    credentials,
    region: 'eu-west-1',
    now: () => script.now(),
    faults(request) {
      if (String(request.headers['user-agent']).includes(OURS)) return undefined
      requests.push(`${request.operation} ${request.key}`)
      return script.faults(request)
    },
  })
  await s3.createBucket(BUCKET, { objectLock, versioning: true })
  const env = {
    BIRD_WORKSPACE_ID: VAULT_WORKSPACE,
    ARCHIVE_BUCKET: BUCKET,
    ...(objectLock && { RETENTION_MODE: 'GOVERNANCE', RETENTION_DAYS: '365' }),
    S3_FORCE_PATH_STYLE: 'true',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: s3.url,
    ...options.environment,
  }
  Object.assign(process.env, env)
  const client = new S3Client({ forcePathStyle: true, customUserAgent: OURS })
  const text = async (key: string): Promise<string> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))
    return (await Body?.transformToString()) ?? ''
  }
  const keys = async (prefix = ''): Promise<string[]> => {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: prefix }))
    return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key = '' }) => Key).toSorted()
  }
  const world: VaultWorld = {
    directory,
    env,
    config: readArchiveConfig(env),
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
    async keep({
      id = randomUUID(),
      audio = soundOf(id),
      storageClass,
      workspaceId = VAULT_WORKSPACE,
      metadata,
      falsify = (written: string) => written,
    } = {}) {
      const key = `recordings/${workspaceId}/${id}`
      const sha256 = createHash('sha256').update(audio).digest('hex')
      const checksum = Buffer.from(sha256, 'hex').toString('base64')
      const { VersionId: versionId = '' } = await client.send(
        new PutObjectCommand({
          Bucket: BUCKET,
          Key: `${key}.mp3`,
          Body: audio,
          ContentType: 'audio/mpeg',
          ChecksumSHA256: checksum,
          ...(storageClass !== undefined && { StorageClass: storageClass }),
        }),
      )
      const read = readRecording({ ...exampleMetadata(id), ...metadata }, id, new Date())
      if (!read.ok) throw new Error(read.reason)
      const sidecar = writeSidecar(
        { recordingId: id, workspaceId, firstSeenAt: new Date(), deferrals: 0 },
        read.recording,
        { bytes: audio.length, sha256, mp3: MP3, contentType: 'audio/mpeg' },
        {
          ...AUDIO,
          key: `${key}.mp3`,
          bytes: audio.length,
          versionId,
          checksum: { algorithm: 'SHA256', value: checksum },
          lock: undefined,
        },
        PROVENANCE,
        { mode: 'off' },
      )
      await world.put(`${key}.json`, falsify(sidecar))
      return { id, audio, sha256, audioKey: `${key}.mp3`, sidecarKey: `${key}.json`, versionId }
    },
    async put(key, body) {
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }))
    },
    text,
    keys,
    async accessLines() {
      const texts = await Promise.all((await keys('access/')).map(text))
      return texts.map((line) => JSON.parse(line) as Record<string, unknown>)
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
      await s3.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return world
}

/** Bytes that only this recording has, more than a socket takes at once. */
function soundOf(id: string): Buffer {
  const block = createHash('sha512').update(id).digest()
  return Buffer.concat(
    Array.from({ length: 5_000 }, (_, index) => Buffer.concat([block, Buffer.from([index % 251])])),
  )
}
