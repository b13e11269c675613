import { ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3'
import type { Keys } from '../archive/keys.ts'
import { audioKey, createGrouping, emptyEntry, type Entry, type Listed } from '../verify/entry.ts'
import { StoreError } from '../errors.ts'
import { storeFailure } from './failure.ts'
import { listVersions } from './versions.ts'

/** An upload in parts that was begun and neither completed nor aborted. */
export interface UnfinishedUpload {
  readonly key: string
  readonly uploadId: string
  readonly initiated: Date | undefined
}

/**
 * Lists what the bucket holds of recordings, with all versions and delete markers: one request for 500 recordings.
 * @throws StoreError or ConfigurationError from each, if the bucket fails: what came before it is not all
 */
export interface Inventory {
  /** One recording after another, in the order of their ids. */
  walk(
    workspaceId: string,
    /** Only recordings behind this one. */
    after: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Listed, void, undefined>
  /** All of it, in no order: sixteen stretches at the same time, for archives of millions. */
  scan(workspaceId: string, see: (listed: Listed) => void, signal: AbortSignal): Promise<void>
  /** What there is of one recording, be it nothing. */
  find(workspaceId: string, recordingId: string, signal: AbortSignal): Promise<Entry>
  unfinishedUploads(
    workspaceId: string,
    signal: AbortSignal,
  ): AsyncGenerator<UnfinishedUpload, void, undefined>
}

/** Parts sixteen stretches from each other. */
const DIGITS = '123456789abcdef'.split('')

export function createInventory(client: S3Client, bucket: string, keys: Pick<Keys, 'recordings'>): Inventory {
  /** What lies behind one key, up to and with another. */
  async function* listBetween(
    prefix: string,
    from: string | undefined,
    through: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Listed, void, undefined> {
    const grouping = createGrouping(prefix)
    for await (const version of listVersions(client, bucket, prefix, signal, from)) {
      // A store that begins with the very key that it was to begin behind.
      if (from !== undefined && version.key <= from) continue
      if (through !== undefined && version.key > through) break
      yield* grouping.add(version)
    }
    yield* grouping.end()
  }

  return {
    async *walk(workspaceId, after, signal) {
      const prefix = keys.recordings(workspaceId)
      const from = after === undefined ? undefined : audioKey(prefix, after)
      yield* listBetween(prefix, from, undefined, signal)
    },
    async scan(workspaceId, see, signal) {
      const prefix = keys.recordings(workspaceId)
      // Ids begin with a hexadecimal digit; whatever else there is lies before, between or behind them.
      const bounds = [undefined, ...DIGITS.map((digit) => `${prefix}${digit}`), undefined]
      const stretches = bounds.slice(1).map(async (through, index) => {
        for await (const listed of listBetween(prefix, bounds[index], through, signal)) see(listed)
      })
      // None is left running when another fails.
      await Promise.allSettled(stretches)
      await Promise.all(stretches)
    },
    async find(workspaceId, recordingId, signal) {
      const prefix = keys.recordings(workspaceId)
      const grouping = createGrouping(prefix)
      const found: Listed[] = []
      for await (const version of listVersions(client, bucket, `${prefix}${recordingId}.`, signal))
        found.push(...grouping.add(version))
      found.push(...grouping.end())
      const recording = found.find(({ kind }) => kind === 'recording')
      return recording?.kind === 'recording' ? recording.entry : emptyEntry(prefix, recordingId)
    },
    async *unfinishedUploads(workspaceId, signal) {
      const Prefix = keys.recordings(workspaceId)
      let after: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}
      while (after !== undefined) {
        const page = await listUploads(client, { Bucket: bucket, Prefix, ...after }, signal)
        yield* page.uploads
        after = page.after
      }
    },
  }
}

async function listUploads(
  client: S3Client,
  input: ConstructorParameters<typeof ListMultipartUploadsCommand>[0],
  signal: AbortSignal,
): Promise<{
  readonly uploads: readonly UnfinishedUpload[]
  readonly after: { KeyMarker: string; UploadIdMarker?: string } | undefined
}> {
  try {
    const page = await client.send(new ListMultipartUploadsCommand(input), { abortSignal: signal })
    const { Uploads = [], IsTruncated = false, NextKeyMarker, NextUploadIdMarker } = page
    const uploads = Uploads.map(({ Key = '', UploadId = '', Initiated }) => ({
      key: Key,
      uploadId: UploadId,
      initiated: Initiated,
    }))
    if (!IsTruncated) return { uploads, after: undefined }
    if (NextKeyMarker === undefined)
      throw new StoreError('list unfinished uploads: S3 says that more follow, and not from where')
    const within = NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }
    return { uploads, after: { KeyMarker: NextKeyMarker, ...within } }
  } catch (error) {
    signal.throwIfAborted()
    throw storeFailure('list unfinished uploads of', input.Prefix ?? '', error)
  }
}
