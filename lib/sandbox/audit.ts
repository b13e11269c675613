import { createHash } from 'node:crypto'
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import { createKeys } from '../archive/keys.ts'
import { readSidecar } from '../archive/sidecar.ts'
import type { MediaFact } from './media.ts'
import type { SandboxReady } from './sandbox-ready.ts'

/** What an audit of the bucket has found, by asking S3 alone. */
export interface BucketAudit {
  /** One sentence for each thing that is not as it must be. */
  readonly violations: readonly string[]
  /** Recordings whose audio was read again and is what Bird has. */
  readonly proven: number
  readonly provenBytes: number
  readonly catalogRows: number
  /** Transfers that broke and went on where they had stopped, as the sidecars tell. */
  readonly resumptions: number
  /** Uploads that were begun and neither completed nor aborted; the auditor decides whether that is wrong. */
  readonly unfinishedUploads: readonly string[]
}

const READS_AT_ONCE = 8
/** Beside the recordings: rows to find them by, what sweeps have found, who has looked at them, what is held. */
const KEPT_BESIDE = /^(?:catalog|backfill|access|holds)\//

/**
 * Looks at an archive from outside: each expected recording is there, once, with the right bytes and a sidecar and a
 * catalog row that agree with them, and nothing else is there, but the archiver's own records. Reads every byte again.
 */
export async function auditBucket(ready: SandboxReady, expected: readonly MediaFact[]): Promise<BucketAudit> {
  const { s3, bird } = ready
  const { accessKeyId, secretAccessKey, endpoint, region, bucket } = s3
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  })
  const keys = createKeys('')
  const violations: string[] = []
  const limit = pLimit(READS_AT_ONCE)
  let [proven, provenBytes, resumptions] = [0, 0, 0]
  try {
    const versions = await listVersions(client, bucket, violations)
    const catalogKeys = [...versions.keys()].filter((key) => key.startsWith('catalog/'))
    const rows = await Promise.all(
      catalogKeys.map((key) => limit(async () => (await readText(client, bucket, key)).text)),
    )
    const catalog = readCatalog(rows.join(''))

    const checkOne = async ({ recordingId, bytes, sha256 }: MediaFact): Promise<void> => {
      const audioKey = keys.audio(bird.workspaceId, recordingId)
      const sidecarKey = keys.sidecar(bird.workspaceId, recordingId)
      const wrong = (what: string): void => void violations.push(`${recordingId}: ${what}`)
      const count = (key: string): number => versions.get(key)?.length ?? 0
      if (count(audioKey) !== 1) wrong(`${count(audioKey)} versions of the audio in place of 1`)
      if (count(sidecarKey) !== 1) wrong(`${count(sidecarKey)} versions of the sidecar in place of 1`)
      if (count(audioKey) === 0 || count(sidecarKey) === 0) return
      const stored = await digest(client, bucket, audioKey)
      if (stored.bytes !== bytes || stored.sha256 !== sha256)
        wrong(
          `the audio is ${stored.bytes} bytes with SHA-256 ${stored.sha256}, Bird's is ${bytes} with ${sha256}`,
        )
      const document = await readText(client, bucket, sidecarKey)
      const read = readSidecar(document.text)
      if (!read.ok) {
        wrong(read.reason)
        return
      }
      const { sidecar } = read
      if (sidecar.recordingId !== recordingId || sidecar.workspaceId !== bird.workspaceId)
        wrong('the sidecar names another recording')
      const { audio } = sidecar
      if (audio.key !== audioKey || audio.bytes !== stored.bytes || audio.sha256 !== stored.sha256)
        wrong('the sidecar describes other audio than is stored')
      if (audio.versionId !== versions.get(audioKey)?.[0])
        wrong('the sidecar names another version of the audio')
      if (sidecar.bird['url'] !== undefined || /X-Amz-Signature/i.test(document.text))
        wrong('the sidecar holds a live link')
      if (stored.lockedUntil !== document.lockedUntil || stored.lockedUntil !== sidecar.retention.lock?.until)
        wrong('audio, sidecar and what the sidecar says are not locked alike')
      if (catalog.get(recordingId) !== sha256) wrong('the catalog has no row that agrees')
      resumptions += readResumptions(document.text)
      proven += 1
      provenBytes += stored.bytes
    }
    await Promise.all(expected.map((fact) => limit(() => checkOne(fact))))

    const allowed = new Set(
      expected.flatMap(({ recordingId }) => [
        keys.audio(bird.workspaceId, recordingId),
        keys.sidecar(bird.workspaceId, recordingId),
      ]),
    )
    for (const key of versions.keys())
      if (!allowed.has(key) && !KEPT_BESIDE.test(key)) violations.push(`${key} should not be in the bucket`)
    const known = new Set(expected.map(({ recordingId }) => recordingId))
    for (const id of catalog.keys())
      if (!known.has(id)) violations.push(`the catalog has a row for ${id}, which was not to be archived`)
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
    const unfinishedUploads = Uploads.map(({ Key }) => Key ?? '')
    return { violations, proven, provenBytes, catalogRows: catalog.size, resumptions, unfinishedUploads }
  } finally {
    client.destroy()
  }
}

/** All versions of all keys, newest first; delete markers are violations. */
async function listVersions(
  client: S3Client,
  bucket: string,
  violations: string[],
): Promise<Map<string, string[]>> {
  const versions = new Map<string, string[]>()
  for (let page: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {}; page !== undefined;) {
    const answer: ListObjectVersionsCommandOutput = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, ...page }),
    )
    for (const { Key = '', VersionId = '' } of answer.Versions ?? [])
      versions.set(Key, [...(versions.get(Key) ?? []), VersionId])
    for (const { Key } of answer.DeleteMarkers ?? []) violations.push(`${Key ?? ''} was deleted`)
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = answer
    page =
      answer.IsTruncated === true && KeyMarker !== undefined
        ? { KeyMarker, ...(VersionIdMarker !== undefined && { VersionIdMarker }) }
        : undefined
  }
  return versions
}

async function digest(
  client: S3Client,
  bucket: string,
  key: string,
): Promise<{ bytes: number; sha256: string; lockedUntil: string | undefined }> {
  const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex'), lockedUntil: answer.ObjectLockRetainUntilDate?.toISOString() }
}

async function readText(
  client: S3Client,
  bucket: string,
  key: string,
): Promise<{ text: string; lockedUntil: string | undefined }> {
  const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  const text = (await answer.Body?.transformToString('utf8')) ?? ''
  return { text, lockedUntil: answer.ObjectLockRetainUntilDate?.toISOString() }
}

/** The audio's digest by recording id; rows of one recording are alike, however many there are. */
function readCatalog(ndjson: string): Map<string, string> {
  const rows = ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { recording_id: string; audio_sha256: string })
  return new Map(rows.map((row) => [row.recording_id, row.audio_sha256]))
}

function readResumptions(sidecar: string): number {
  const { provenance } = JSON.parse(sidecar) as { provenance: { resumptions?: number } }
  return provenance.resumptions ?? 0
}
