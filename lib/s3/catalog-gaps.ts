import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Keys } from '../archive/keys.ts'
import { WORKSPACE_ID } from '../archive/message.ts'
import { describeGaps, readRebuild } from '../catalog/rebuild.ts'
import type { CatalogKeys } from '../catalog/segments.ts'
import type { Days } from '../catalog/sql.ts'
import { storeFailure } from './failure.ts'
import type { Place } from './stored.ts'
import type { Texts } from './texts.ts'

/**
 * Tells why the catalog of a workspace may lack rows without anything in it being broken: it is gone, is being made again, or
 * was made again without some. Empty where nothing speaks for that.
 * @throws StoreError or ConfigurationError where that cannot be told
 */
export type FindGaps = (workspaceId: string, signal: AbortSignal) => Promise<readonly string[]>

export interface GapOptions {
  readonly place: Place
  readonly texts: Texts
  readonly keys: Keys
  readonly catalogKeys: CatalogKeys
  /** Those that the archive is for: one of them may have no recording yet, any other is mistyped. */
  readonly workspaceIds: readonly string[]
}

export function createGapFinder(options: GapOptions): FindGaps {
  const { place, texts, keys, catalogKeys, workspaceIds } = options

  const hasAny = async (prefix: string, signal: AbortSignal): Promise<boolean> => {
    try {
      const command = new ListObjectsV2Command({ Bucket: place.bucket, Prefix: prefix, MaxKeys: 1 })
      const { Contents: contents = [] } = await place.client.send(command, { abortSignal: signal })
      return contents.length > 0
    } catch (error) {
      signal.throwIfAborted()
      throw storeFailure('list', prefix, error)
    }
  }

  const findRebuildGaps: FindGaps = async (workspaceId, signal) => {
    const key = catalogKeys.rebuild(workspaceId)
    const text = await texts.read(key, signal)
    if (text === undefined) return []
    const rebuild = readRebuild(text)
    if (rebuild !== undefined) return describeGaps(rebuild)
    return [
      `${key} does not say how far a rebuild of the catalog has come: bird-archive catalog rebuild --restart`,
    ]
  }

  const findLoss: FindGaps = async (workspaceId, signal) => {
    for (const prefix of [catalogKeys.segments(workspaceId), catalogKeys.compacts(workspaceId)])
      if (await hasAny(prefix, signal)) return []
    if (await hasAny(keys.recordings(workspaceId), signal))
      return [
        `workspace ${workspaceId} has recordings, and no catalog: bird-archive catalog rebuild makes it again`,
      ]
    return workspaceIds.includes(workspaceId) ? [] : [describeStranger(workspaceId)]
  }

  return async (workspaceId, signal) => {
    // It becomes part of a path, and there is no workspace of any other form.
    if (!WORKSPACE_ID.test(workspaceId)) return [describeStranger(workspaceId)]
    const gaps = await Promise.all([findLoss(workspaceId, signal), findRebuildGaps(workspaceId, signal)])
    return gaps.flat()
  }
}

function describeStranger(workspaceId: string): string {
  return `nothing of workspace ${workspaceId} is archived here, and it is none of this archive's: is the id right?`
}

/** Lists what a search is to read, and tells with it why the catalog may lack rows. */
export function withGaps<List extends { readonly reasons: readonly string[] }>(
  list: (workspaceId: string, days: Days, signal: AbortSignal) => Promise<List>,
  findGaps: FindGaps,
): (workspaceId: string, days: Days, signal: AbortSignal) => Promise<List> {
  return async (workspaceId, days, signal) => {
    // First: what a rebuild has written when it says that it has come to its end is in whatever is listed from then on.
    const gaps = await findGaps(workspaceId, signal)
    const listed = await list(workspaceId, days, signal)
    return { ...listed, reasons: [...gaps, ...listed.reasons] }
  }
}
