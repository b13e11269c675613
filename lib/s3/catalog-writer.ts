import type { Keys } from '../archive/keys.ts'
import { toSegments } from '../catalog/entry.ts'
import { describeError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Store } from './store.ts'

/** Writes a batch's rows; resolves to the positions of those sidecars whose row is not in the catalog. */
export type WriteCatalog = (
  sidecars: readonly string[],
  batchId: string,
  signal: AbortSignal,
) => Promise<readonly number[]>

/** One object per batch, workspace and day. A key that is taken holds the same rows already: its name has their digest. */
export function createCatalogWriter(store: Store, keys: Keys, log: Log): WriteCatalog {
  return async (sidecars, batchId, signal) => {
    const missing = new Set(sidecars.keys())
    await Promise.all(
      toSegments(sidecars).map(async ({ workspaceId, day, ndjson, digest, members }) => {
        const key = keys.catalog(workspaceId, day, `${batchId}-${digest.slice(0, 12)}`)
        try {
          await store.writeOnce(key, ndjson, 'application/x-ndjson', undefined, signal)
          for (const member of members) missing.delete(member)
        } catch (error) {
          log.event('catalog.failed', { key, detail: describeError(error) })
        }
      }),
    )
    return [...missing]
  }
}
