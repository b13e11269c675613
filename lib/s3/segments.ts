import { readFile } from 'node:fs/promises'
import pLimit from 'p-limit'
import { type CatalogDay, dropCovered, isMadeUpFor, isOf } from '../catalog/coverage.ts'
import { isRewritten } from '../catalog/rebuild.ts'
import type { CatalogKeys, LocalFile, LocalFiles } from '../catalog/segments.ts'
import type { Days } from '../catalog/sql.ts'
import { describeError } from '../errors.ts'
import { type CatalogListing, createCatalogListing, passOver, type ReadText } from './catalog-listing.ts'
import type { SegmentCache } from './segment-cache.ts'
import type { Place } from './stored.ts'

/** The catalog's objects in the bucket. */
export interface Segments extends CatalogListing {
  /**
   * Brings here what has to be read of a day. Where a compact cannot be had, what it was made of is.
   * @param rebuiltFrom lines that cannot be read are not told of what was written before, for a rebuild has written all rows since
   */
  bring(
    workspaceId: string,
    day: CatalogDay,
    rebuiltFrom: Date | undefined,
    signal: AbortSignal,
  ): Promise<LocalFiles>
  /**
   * Both, for all of the days.
   * @param onFetch told how many of the objects are here, of how many; first when they have been listed
   * @throws StoreError where they cannot be listed, ConfigurationError where they may not be read
   */
  fetch(
    workspaceId: string,
    ranges: readonly Days[],
    rebuiltFrom: Date | undefined,
    signal: AbortSignal,
    onFetch?: OnFetch,
  ): Promise<LocalFiles>
}

export type OnFetch = (done: number, total: number) => void

const FETCHES_AT_ONCE = 32
const LISTINGS_AT_ONCE = 8

export function createSegments(
  place: Place,
  keys: CatalogKeys,
  cache: SegmentCache,
  now: () => Date,
): Segments {
  const limit = pLimit(FETCHES_AT_ONCE)
  // Apart from the fetches: a listing waits for those of its manifests.
  const listings = pLimit(LISTINGS_AT_ONCE)

  const readText: ReadText = async (workspaceId, manifest, signal) => {
    const { path } = await limit(() => cache.bring(workspaceId, manifest, undefined, signal))
    return await readFile(path, 'utf8')
  }
  const listing = createCatalogListing(place, keys, readText, now)

  const bring = async (
    workspaceId: string,
    day: CatalogDay,
    rebuiltFrom: Date | undefined,
    signal: AbortSignal,
    onBrought?: () => void,
  ): Promise<LocalFiles> => {
    const wanted = dropCovered(day)
    const failed = new Map<string, string>()
    const brought = await Promise.all(
      wanted.map(async (segment): Promise<LocalFile | undefined> => {
        const { key, name } = segment
        const format = segment.format === 'parquet' ? 'parquet' : 'ndjson'
        const sha256 = digestOf(name, day)
        try {
          const { path, ...cached } = await limit(() => cache.bring(workspaceId, segment, sha256, signal))
          const unreadableLines = isRewritten(segment, rebuiltFrom) ? 0 : cached.unreadableLines
          return { key, name, format, path, unreadableLines }
        } catch (error) {
          passOver(error, signal)
          failed.set(name, `${key} could not be read: ${describeError(error)}`)
          return undefined
        } finally {
          onBrought?.()
        }
      }),
    )
    const files = brought.filter((file) => file !== undefined)
    if (failed.size === 0) return { files, reasons: [] }
    const left = { ...day, files: day.files.filter(({ name }) => !failed.has(name)) }
    // A compact that cannot be had takes nothing with it if all that it was made of is there.
    const lost = [...failed].filter(([name]) => !isMadeUpFor(name, left))
    const reasons = lost.map(([, reason]) => reason)
    const isMissed = [...failed.keys()].some((name) => day.manifests.some((manifest) => isOf(name, manifest)))
    if (!isMissed) return { files, reasons }
    const rest = await bring(workspaceId, left, rebuiltFrom, signal, onBrought)
    return { files: rest.files, reasons: [...reasons, ...rest.reasons] }
  }

  return {
    ...listing,
    bring: (workspaceId, day, rebuiltFrom, signal) => bring(workspaceId, day, rebuiltFrom, signal),
    async fetch(workspaceId, ranges, rebuiltFrom, signal, onFetch) {
      const lists = await Promise.all(
        ranges.map((range) => listings(() => listing.list(workspaceId, range, signal))),
      )
      const days = lists.flatMap((list) => list.days)
      const total = days.reduce((sum, day) => sum + dropCovered(day).length, 0)
      let done = 0
      onFetch?.(done, total)
      // What a compact that cannot be had was made of comes on top of what was to be read.
      const count = (): void => onFetch?.(Math.min((done += 1), total), total)
      const brought = await Promise.all(
        days.map((day) => bring(workspaceId, day, rebuiltFrom, signal, count)),
      )
      return {
        files: brought.flatMap(({ files }) => files),
        reasons: [...new Set([...lists, ...brought].flatMap(({ reasons }) => reasons))],
      }
    },
  }
}

function digestOf(name: string, { manifests }: CatalogDay): string | undefined {
  const files = manifests.flatMap((manifest) => manifest.files)
  return files.find((file) => file.name === name)?.sha256
}
