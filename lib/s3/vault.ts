import { GetObjectCommand, HeadObjectCommand, RestoreObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Keys } from '../archive/keys.ts'
import { readSidecarOf, type Sidecar } from '../archive/sidecar.ts'
import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import { type RestoreTier, type Storage, takesDays } from '../retrieve/restore.ts'
import { type AudioState, toAudioState } from './audio-state.ts'
import { isMissing, storeFailure } from './failure.ts'
import { isWrittenOver, listHistories, versionIdOf } from './histories.ts'
import { type OpenAudio, openAudio } from './open-audio.ts'
import type { Texts } from './texts.ts'
import { listVersions, type ObjectVersion } from './versions.ts'

/**
 * A sidecar as the bucket holds it, verbatim and read. It is its key's oldest version: what was written once, whatever somebody
 * has put on top of it since.
 */
export type FoundSidecar =
  | (SidecarVersion & { readonly sidecar: Sidecar; readonly fault?: undefined })
  /** Where it is no sidecar of this recording, or was deleted or written over; `original` where it can be read for all that. */
  | (SidecarVersion & {
      readonly sidecar?: undefined
      readonly fault: string
      readonly original?: Sidecar | undefined
    })

interface SidecarVersion {
  readonly text: string
  /** Undefined for the present object of a bucket that keeps no versions. */
  readonly versionId: string | undefined
}

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
const NOTHING_LEFT = 'it was deleted, and no version of it is left'

function describeDeletion({ versionId = 'null', lastModified }: ObjectVersion): string {
  return `it was deleted ${onDay(lastModified)}: without the delete marker (version ${versionId}) it is there again`
}

function describeOverwriting({ versionId = 'null', lastModified }: ObjectVersion): string {
  return `it was written over by one that says otherwise: what was archived is version ${versionId}, of ${onDay(lastModified).slice(3)}`
}

function onDay(moment: Date | undefined): string {
  return `on ${moment?.toISOString().slice(0, 10) ?? 'an unknown day'}`
}

/** @throws StoreError or ConfigurationError from each, if the bucket fails */
export function createVault(
  client: S3Client,
  bucket: string,
  texts: Pick<Texts, 'read'>,
  keys: Keys,
  clock: Clock,
): Vault {
  const target = (key: string, versionId: string | undefined) => ({
    Bucket: bucket,
    Key: key,
    ...(versionId !== undefined && { VersionId: versionId }),
  })
  const readSidecar: Vault['readSidecar'] = async (workspaceId, recordingId, signal) => {
    const key = keys.sidecar(workspaceId, recordingId)
    const read = (text: string) =>
      readSidecarOf(text, workspaceId, recordingId, keys.audio(workspaceId, recordingId))
    const { value: history } = await listHistories(client, bucket, key, signal).next()
    if (history?.key !== key) return undefined
    const { original, marker } = history
    if (original === undefined) return { text: '', versionId: undefined, fault: NOTHING_LEFT }
    const text = await texts.read(key, signal, versionIdOf(original))
    if (text === undefined) throw new StoreError(`${key} was listed, and is gone`)
    const found = { text, versionId: versionIdOf(original) }
    const judged = read(text)
    const deleted = marker && describeDeletion(marker)
    if (!judged.ok) return { ...found, fault: deleted ?? judged.reason }
    const { sidecar } = judged
    const agrees = (other: string): boolean => {
      const later = read(other)
      return later.ok && later.sidecar.audio.sha256 === sidecar.audio.sha256
    }
    const isOverwritten = await isWrittenOver(history, agrees, texts, signal)
    const fault = deleted ?? (isOverwritten ? describeOverwriting(original) : undefined)
    return fault === undefined ? { ...found, sidecar } : { ...found, fault, original: sidecar }
  }

  return {
    readSidecar,
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
      // By S3's clock, which the SDK has learnt where this machine's is wrong.
      const signingDate = new Date(clock.now().getTime() + client.config.systemClockOffset)
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
