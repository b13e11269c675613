import { readRebuild, rebuiltFrom, type Rebuild } from '../catalog/rebuild.ts'
import type { CatalogKeys } from '../catalog/segments.ts'
import type { Texts } from './texts.ts'

/** How far a rebuild of a workspace's catalog has come, if there was one; `rebuild` is undefined where that cannot be told. */
export type ReadProgress = (
  workspaceId: string,
  signal: AbortSignal,
) => Promise<{ readonly key: string; readonly rebuild: Rebuild | undefined } | undefined>

/** @throws StoreError or ConfigurationError if it cannot be read */
export function createProgressReader(texts: Pick<Texts, 'read'>, keys: CatalogKeys): ReadProgress {
  return async (workspaceId, signal) => {
    const key = keys.rebuild(workspaceId)
    const text = await texts.read(key, signal)
    return text === undefined ? undefined : { key, rebuild: readRebuild(text) }
  }
}

/** Since when all that was archived before is in the catalog for sure; see {@link rebuiltFrom}. Ask before listing it. */
export async function readRebuiltFrom(
  readProgress: ReadProgress,
  workspaceId: string,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const { rebuild } = (await readProgress(workspaceId, signal)) ?? {}
  return rebuild && rebuiltFrom(rebuild)
}
