import { GetObjectCommand, HeadObjectCommand, RestoreObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Keys } from '../archive/keys.ts'
import { readSidecarOf, type Sidecar } from '../archive/sidecar.ts'
import type { Clock } from '../deadline.ts'
import { type RestoreTier, type Storage, takesDays } from '../retrieve/restore.ts'
import { type AudioState, toAudioState } from './audio-state.ts'
import { isMissing, storeFailure } from './failure.ts'
import { type OpenAudio, openAudio } from './open-audio.ts'
import { listVersions, type ObjectVersion } from './versions.ts'

/** A sidecar as the bucket holds it, verbatim and read; `fault` where it is no sidecar of this recording. */
export type FoundSidecar =
  | { readonly text: string; readonly sidecar: Sidecar; readonly fault?: undefined }
  | { readonly text: string; readonly sidecar?: undefined; readonly fault: string }

/** Reads what is archived, and hands it out. Nothing in here can delete, shorten, or release anything. */
export interface Vault {
  /** The sidecar of a recording; undefined when there is none. */
  readSidecar(
    workspaceId: string,
    recordingId: string,
    signal: AbortSignal,
  ): Promise<FoundSidecar | undefined>
  /** Looks at one version of an object; undefined when it is not there. */
  inspectAudio(
    key: string,
    versionId: string | undefined,
    signal: AbortSignal,
  ): Promise<AudioState | undefined>
  /** Opens one version for reading; a broken transfer goes on where it stopped. */
  openAudio(key: string, versionId: string | undefined, signal: AbortSignal): Promise<OpenAudio>
  /**
   * Signs a link to one version, which whoever has it can download as `fileName` until it expires, or until the
   * credentials that signed it do.
   * @param seconds from 60 to 3600
   */
  presign(
    key: string,
    versionId: string | undefined,
    seconds: number,
    fileName: string,
  ): Promise<{ readonly url: string; readonly expiresAt: Date }>
  /**
   * Has S3 restore an archived version. Resolves to `already` while an earlier request is under way.
   * @param days how long the restored copy stays
   */
  restore(
    key: string,
    versionId: string | undefined,
    order: {
      readonly days: number
      readonly tier: RestoreTier
      readonly storage: Pick<Storage, 'archiveStatus'>
    },
    signal: AbortSignal,
  ): Promise<'started' | 'already'>
  /** All versions and delete markers under a prefix, in S3's order: by key, the newest first. */
  listVersions(prefix: string, signal: AbortSignal): AsyncGenerator<ObjectVersion, void, undefined>
}

const MIN_LINK_SECONDS = 60
const MAX_LINK_SECONDS = 3600

/** @throws StoreError or ConfigurationError from each, if the bucket fails */
export function createVault(
  client: S3Client,
  bucket: string,
  texts: { read(key: string, signal: AbortSignal): Promise<string | undefined> },
  keys: Keys,
  clock: Clock,
): Vault {
  const target = (key: string, versionId: string | undefined) => ({
    Bucket: bucket,
    Key: key,
    ...(versionId !== undefined && { VersionId: versionId }),
  })
  return {
    async readSidecar(workspaceId, recordingId, signal) {
      const key = keys.sidecar(workspaceId, recordingId)
      const text = await texts.read(key, signal)
      if (text === undefined) return undefined
      const read = readSidecarOf(text, workspaceId, recordingId, keys.audio(workspaceId, recordingId))
      return read.ok ? { text, sidecar: read.sidecar } : { text, fault: read.reason }
    },
    async inspectAudio(key, versionId, signal) {
      try {
        const command = new HeadObjectCommand({ ...target(key, versionId), ChecksumMode: 'ENABLED' })
        return toAudioState(await client.send(command, { abortSignal: signal }), versionId)
      } catch (error) {
        signal.throwIfAborted()
        if (isMissing(error)) return undefined
        throw storeFailure('inspect', key, error)
      }
    },
    openAudio: (key, versionId, signal) => openAudio(client, target(key, versionId), clock, signal),
    async presign(key, versionId, seconds, fileName) {
      if (!(seconds >= MIN_LINK_SECONDS && seconds <= MAX_LINK_SECONDS))
        throw new RangeError(`a link lasts from ${MIN_LINK_SECONDS} to ${MAX_LINK_SECONDS} s, not ${seconds}`)
      const command = new GetObjectCommand({
        ...target(key, versionId),
        ResponseContentDisposition: `attachment; filename="${fileName.replace(/[^A-Za-z0-9._-]/g, '_')}"`,
      })
      const signingDate = clock.now()
      try {
        const url = await getSignedUrl(client, command, { expiresIn: seconds, signingDate })
        return { url, expiresAt: new Date(signingDate.getTime() + seconds * 1000) }
      } catch (error) {
        throw storeFailure('sign a link to', key, error)
      }
    },
    async restore(key, versionId, { days, tier, storage }, signal) {
      const command = new RestoreObjectCommand({
        ...target(key, versionId),
        RestoreRequest: {
          ...(takesDays(storage) && { Days: days }),
          GlacierJobParameters: { Tier: tier },
        },
      })
      try {
        await client.send(command, { abortSignal: signal })
        return 'started'
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof Error && error.name === 'RestoreAlreadyInProgress') return 'already'
        throw storeFailure('restore', key, error)
      }
    },
    listVersions: (prefix, signal) => listVersions(client, bucket, prefix, signal),
  }
}
