import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Keys } from '../archive/keys.ts'
import { WORKSPACE_ID } from '../archive/message.ts'
import { describeGaps, rebuiltFrom } from '../catalog/rebuild.ts'
import type { CatalogKeys } from '../catalog/segments.ts'
import type { Days } from '../catalog/sql.ts'
import { storeFailure } from './failure.ts'
import { createProgressReader } from './rebuild-progress.ts'
import type { Place } from './stored.ts'
import type { Texts } from './texts.ts'

/** What is to be known of a catalog before it is listed. */
export interface Gaps {
  /**
   * Why it may lack rows without anything in it being broken: it is gone, is being made again, or was made again without some.
   * Empty where nothing speaks for that.
   */
  readonly reasons: readonly string[]
  /** What was written before is in rows that a rebuild has written since. */
  readonly rebuiltFrom: Date | undefined
}

/** @throws StoreError or ConfigurationError where that cannot be told */
export type FindGaps = (workspaceId: string, signal: AbortSignal) => Promise<Gaps>

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

  const readProgress = createProgressReader(texts, catalogKeys)
  const findRebuildGaps: FindGaps = async (workspaceId, signal) => {
    const progress = await readProgress(workspaceId, signal)
    if (progress === undefined) return { reasons: [], rebuiltFrom: undefined }
    const { key, rebuild } = progress
    if (rebuild !== undefined) return { reasons: describeGaps(rebuild), rebuiltFrom: rebuiltFrom(rebuild) }
    const doubt = `${key} does not say how far a rebuild of the catalog has come: bird-archive catalog rebuild --restart`
    return { reasons: [doubt], rebuiltFrom: undefined }
  }

  const findLoss = async (workspaceId: string, signal: AbortSignal): Promise<readonly string[]> => {
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
    if (!WORKSPACE_ID.test(workspaceId))
      return { reasons: [describeStranger(workspaceId)], rebuiltFrom: undefined }
    const [loss, gaps] = await Promise.all([
      findLoss(workspaceId, signal),
      findRebuildGaps(workspaceId, signal),
    ])
    return { ...gaps, reasons: [...loss, ...gaps.reasons] }
  }
}

function describeStranger(workspaceId: string): string {
  return `nothing of workspace ${workspaceId} is archived here, and it is none of this archive's: is the id right?`
}

/** Lists what a search is to read, and tells with it why the catalog may lack rows. */
export function withGaps<List extends { readonly reasons: readonly string[] }>(
  list: (
    workspaceId: string,
    days: Days,
    rebuiltFrom: Date | undefined,
    signal: AbortSignal,
  ) => Promise<List>,
  findGaps: FindGaps,
): (workspaceId: string, days: Days, signal: AbortSignal) => Promise<List & Pick<Gaps, 'rebuiltFrom'>> {
  return async (workspaceId, days, signal) => {
    // First: what a rebuild has written when it says that it has come to its end is in whatever is listed from then on.
    const { reasons, rebuiltFrom: from } = await findGaps(workspaceId, signal)
    const listed = await list(workspaceId, days, from, signal)
    return { ...listed, reasons: [...reasons, ...listed.reasons], rebuiltFrom: from }
  }
}
