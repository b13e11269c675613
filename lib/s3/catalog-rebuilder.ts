import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import type { Keys } from '../archive/keys.ts'
import { readSidecar } from '../archive/sidecar.ts'
import { type CatalogEntry, sortEntries, toEntry } from '../catalog/entry.ts'
import { advanceRebuild, openRebuild, readRebuild, type Rebuild, writeRebuild } from '../catalog/rebuild.ts'
import type { CatalogKeys } from '../catalog/segments.ts'
import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import type { Documents, Version } from './documents.ts'
import { storeFailure } from './failure.ts'
import type { Place } from './stored.ts'
import type { Texts } from './texts.ts'

/**
 * Writes the rows of all sidecars of a workspace into the catalog again, beside whatever is there. A run that was killed is
 * gone on with. Resolves to what has been done in all.
 * @throws StoreError or ConfigurationError if the bucket fails; what has been done by then is kept
 */
export type RebuildCatalog = (
  workspaceId: string,
  options: {
    /** Whether to begin at the first sidecar although an earlier run can be gone on with. */
    readonly anew: boolean
    /** Is told up to which recording sidecars have been read, and how many in all. */
    readonly onProgress: (recordingId: string, recordings: number) => void
  },
  signal: AbortSignal,
) => Promise<Rebuild>

export interface RebuilderOptions {
  readonly place: Place
  readonly texts: Texts
  readonly documents: Documents
  readonly keys: Keys
  readonly catalogKeys: CatalogKeys
  readonly clock: Clock
  /** Rows that are held until they are written, so that a day gets few objects; a killed run reads so many again. */
  readonly rowsHeld?: number
}

const READS_AT_ONCE = 32
const WRITES_AT_ONCE = 16
const ROWS_HELD = 50_000

export function createCatalogRebuilder(options: RebuilderOptions): RebuildCatalog {
  const { place, texts, documents, keys, catalogKeys, clock, rowsHeld = ROWS_HELD } = options

  /** A page of a workspace's keys: which sidecars it names, and where it ends. */
  const listPage = async (
    prefix: string,
    after: string,
    signal: AbortSignal,
  ): Promise<{ readonly ids: readonly string[]; readonly last: string | undefined }> => {
    try {
      const { Contents = [], IsTruncated } = await place.client.send(
        new ListObjectsV2Command({
          Bucket: place.bucket,
          Prefix: prefix,
          ...(after !== '' && { StartAfter: after }),
        }),
        { abortSignal: signal },
      )
      const listed = Contents.map(({ Key = '' }) => Key)
      const last = listed.at(-1)
      if (IsTruncated === true && (last === undefined || last <= after))
        throw new StoreError(`list ${prefix}: S3 says that more follow, and does not go on`)
      const ids = listed
        .filter((key) => key.endsWith('.json'))
        .map((key) => key.slice(prefix.length, -'.json'.length))
      return { ids, last: IsTruncated === true ? last : undefined }
    } catch (error) {
      signal.throwIfAborted()
      throw storeFailure('list', prefix, error)
    }
  }

  const readRows = async (
    workspaceId: string,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly entries: readonly CatalogEntry[]; readonly unreadable: readonly string[] }> => {
    const limit = pLimit(READS_AT_ONCE)
    const read = await Promise.all(
      ids.map((id) =>
        limit(async () => {
          signal.throwIfAborted()
          const key = keys.sidecar(workspaceId, id)
          return { key, entry: toRow(await texts.read(key, signal), workspaceId, id) }
        }),
      ),
    )
    return {
      entries: read.flatMap(({ entry }) => (typeof entry === 'object' ? entry : [])),
      unreadable: read.filter(({ entry }) => entry === 'unreadable').map(({ key }) => key),
    }
  }

  const writeRows = async (entries: readonly CatalogEntry[], signal: AbortSignal): Promise<number> => {
    const limit = pLimit(WRITES_AT_ONCE)
    const segments = sortEntries(entries)
    await Promise.all(
      segments.map(({ workspaceId, day, ndjson, digest }) =>
        limit(() => {
          // The same rows have the same name: what a killed run has written is not written twice.
          const key = keys.catalog(workspaceId, day, `rebuild-${digest.slice(0, 24)}`)
          return texts.writeOnce(key, ndjson, 'application/x-ndjson', undefined, signal)
        }),
      ),
    )
    return segments.length
  }

  return async (workspaceId, { anew, onProgress }, signal) => {
    const key = catalogKeys.rebuild(workspaceId)
    const prefix = keys.recordings(workspaceId)
    let version = await documents.read(key, signal)
    const former = anew || version === undefined ? undefined : readRebuild(version.text)
    let rebuild = openRebuild(former, workspaceId, clock.now())

    const save = async (next: Rebuild): Promise<void> => {
      const saved: Version | undefined = await documents.replace(key, version, writeRebuild(next), signal)
      if (saved === undefined)
        throw new StoreError(`another rebuild of ${workspaceId} is under way: wait for its end (${key})`)
      version = saved
      rebuild = next
    }

    // Searches know from now on that rows may be missing.
    if (rebuild !== former) await save(rebuild)
    let after = rebuild.after
    let [held, unreadable]: [CatalogEntry[], string[]] = [[], []]
    let isLast = false
    while (!isLast) {
      const page = await listPage(prefix, after, signal)
      const read = await readRows(workspaceId, page.ids, signal)
      held.push(...read.entries)
      unreadable.push(...read.unreadable)
      const lastId = page.ids.at(-1)
      if (lastId !== undefined) onProgress(lastId, rebuild.recordings + held.length)
      isLast = page.last === undefined
      after = page.last ?? after
      if (!isLast && held.length < rowsHeld) continue
      const segments = await writeRows(held, signal)
      const came = advanceRebuild(rebuild, { after, recordings: held.length, segments, unreadable })
      await save(isLast ? { ...came, finishedAt: clock.now().toISOString() } : came)
      held = []
      unreadable = []
    }
    return rebuild
  }
}

/** A sidecar that has gone since it was listed needs no row; one of another recording is no sidecar of this one. */
function toRow(
  text: string | undefined,
  workspaceId: string,
  id: string,
): CatalogEntry | 'gone' | 'unreadable' {
  if (text === undefined) return 'gone'
  const read = readSidecar(text)
  if (!read.ok || read.sidecar.recordingId !== id || read.sidecar.workspaceId !== workspaceId)
    return 'unreadable'
  return toEntry(read.sidecar)
}
