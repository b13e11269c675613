import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import type { Keys } from '../archive/keys.ts'
import { readSidecarOf } from '../archive/sidecar.ts'
import { readCreatedAt } from '../backfill/listed.ts'
import { DeletedError, StoreError } from '../errors.ts'
import { storeFailure } from './failure.ts'
import type { Store } from './store.ts'

/** What a recording's sidecar says; `fault` where it is there and cannot be read. */
export type Found =
  | {
      readonly kind: 'read'
      readonly sha256: string
      readonly bytes: number
      /** Undefined where it tells no time of a call. */
      readonly createdAt: Date | undefined
    }
  | { readonly kind: 'listed' }
  | { readonly kind: 'unreadable'; readonly fault: string }

/** Tells which recordings are archived: have a sidecar in the bucket. */
export interface Sidecars {
  /**
   * Finds out which of the recordings have a sidecar, by reading each or by listing keys, whichever is cheaper.
   * @param ids lower-case UUIDs
   * @returns only those that have one, by id
   */
  find(workspaceId: string, ids: readonly string[], signal: AbortSignal): Promise<Map<string, Found>>
  /** Reads the sidecar of each; those that have none are not in the answer. */
  read(workspaceId: string, ids: readonly string[], signal: AbortSignal): Promise<Map<string, Found>>
  /** Requests made so far. */
  requests(): { readonly lists: number; readonly reads: number }
}

const READS_AT_ONCE = 32
/**
 * S3 asks $0.005 for a thousand LISTs and $0.0004 for a thousand GETs: a LIST, whose 1,000 keys are 500 recordings, pays if
 * it settles more than so many of those that are asked for. The ids of a window lie scattered among all that the bucket
 * holds, so that depends on how large a part of it the window is; the first LIST shows it.
 */
const READS_PER_LIST = 12.5

export function createSidecars(
  client: S3Client,
  bucket: string,
  store: Pick<Store, 'read'>,
  keys: Keys,
): Sidecars {
  let [lists, reads] = [0, 0]

  const readOne = async (
    workspaceId: string,
    id: string,
    found: Map<string, Found>,
    signal: AbortSignal,
  ): Promise<void> => {
    signal.throwIfAborted()
    reads += 1
    try {
      const text = await store.read(keys.sidecar(workspaceId, id), signal)
      if (text !== undefined) found.set(id, judgeSidecar(text, workspaceId, id))
    } catch (error) {
      if (!(error instanceof DeletedError)) throw error
      found.set(id, { kind: 'unreadable', fault: error.message })
    }
  }

  const readAll = async (
    workspaceId: string,
    ids: readonly string[],
    found: Map<string, Found>,
    signal: AbortSignal,
  ): Promise<void> => {
    const limit = pLimit(READS_AT_ONCE)
    try {
      await Promise.all(ids.map((id) => limit(() => readOne(workspaceId, id, found, signal))))
    } finally {
      limit.clearQueue()
    }
  }

  /** Lists from the sidecar of the first id on; resolves to the last key of the page, undefined where no more follow. */
  const listFrom = async (
    workspaceId: string,
    firstId: string,
    signal: AbortSignal,
  ): Promise<{ readonly keys: ReadonlySet<string>; readonly last: string | undefined }> => {
    lists += 1
    const prefix = keys.recordings(workspaceId)
    try {
      // The audio's key comes right behind the sidecar's in no order of ours: `StartAfter` the bare id is before both.
      const page = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, StartAfter: `${prefix}${firstId}` }),
        { abortSignal: signal },
      )
      const listed = (page.Contents ?? []).flatMap(({ Key }) => Key ?? [])
      if (page.IsTruncated === true && listed.length === 0)
        throw new StoreError(`list ${prefix}: S3 answered an empty page and says that more follow`)
      return { keys: new Set(listed), last: page.IsTruncated === true ? listed.at(-1) : undefined }
    } catch (error) {
      signal.throwIfAborted()
      throw storeFailure('list', prefix, error)
    }
  }

  return {
    async find(workspaceId, ids, signal) {
      const found = new Map<string, Found>()
      let left = ids.toSorted()
      while (left.length > READS_PER_LIST) {
        const page = await listFrom(workspaceId, left[0] ?? '', signal)
        const { last } = page
        // A key as long as the page's last one may lie behind it: only what is before it is settled.
        const settled = last === undefined ? left : left.filter((id) => keys.sidecar(workspaceId, id) <= last)
        for (const id of settled)
          if (page.keys.has(keys.sidecar(workspaceId, id))) found.set(id, { kind: 'listed' })
        left = left.slice(settled.length)
        if (settled.length < READS_PER_LIST) break
      }
      await readAll(workspaceId, left, found, signal)
      return found
    },
    async read(workspaceId, ids, signal) {
      const found = new Map<string, Found>()
      await readAll(workspaceId, ids, found, signal)
      return found
    },
    requests: () => ({ lists, reads }),
  }
}

function judgeSidecar(text: string, workspaceId: string, id: string): Found {
  const read = readSidecarOf(text, workspaceId, id)
  if (!read.ok) return { kind: 'unreadable', fault: read.reason }
  const { audio, bird } = read.sidecar
  const { sha256, bytes } = audio
  return { kind: 'read', sha256, bytes, createdAt: readCreatedAt(bird['createdAt']) }
}
