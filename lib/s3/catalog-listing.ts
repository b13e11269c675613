import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { utcDay } from '../archive/keys.ts'
import { WORKSPACE_ID } from '../archive/message.ts'
import { type CatalogDay, describeLost } from '../catalog/coverage.ts'
import { type Manifest, readManifest } from '../catalog/manifest.ts'
import {
  type CatalogKeys,
  divideDays,
  isWithinDays,
  type ListedSegment,
  readSegmentKey,
} from '../catalog/segments.ts'
import type { Days } from '../catalog/sql.ts'
import { ConfigurationError, StoreError } from '../errors.ts'
import { storeFailure } from './failure.ts'
import type { Place } from './stored.ts'

/** What lies in the bucket of the catalog, without reading its rows. */
export interface CatalogListing {
  /**
   * The days of which there is anything, in their order.
   * @throws StoreError where they cannot be listed, ConfigurationError where they may not be
   */
  list(workspaceId: string, days: Days, signal: AbortSignal): Promise<CatalogList>
}

export interface CatalogList {
  readonly days: readonly CatalogDay[]
  /** What is not among them although it lies there, or of which that cannot be said. */
  readonly reasons: readonly string[]
}

/** Reads a manifest; rejects where it cannot be had. */
export type ReadText = (workspaceId: string, manifest: ListedSegment, signal: AbortSignal) => Promise<string>

/** Lists at once: a year of calls that came one by one is some two hundred pages of a listing. */
const LISTS_AT_ONCE = 16

/** @param now tells which days there can be recordings of */
export function createCatalogListing(
  place: Place,
  keys: CatalogKeys,
  readText: ReadText,
  now: () => Date,
): CatalogListing {
  const listAll = async (
    prefix: string,
    kind: 'segments' | 'compacts',
    days: Days,
    signal: AbortSignal,
  ): Promise<{ readonly found: ListedSegment[]; readonly strange: string[] }> => {
    const [found, strange]: [ListedSegment[], string[]] = [[], []]
    const take = ({ contents }: Listed, isOurs: (key: string) => boolean): void => {
      for (const { Key: key = '', Size: bytes = -1, ETag: etag = '', LastModified: writtenAt } of contents) {
        const named = readSegmentKey(prefix, key, kind)
        if (!isOurs(key)) continue
        if (named === undefined) strange.push(key)
        else if (isWithinDays(named.day, days)) found.push({ ...named, key, bytes, etag, writtenAt })
      }
    }
    // Days sort by their names: S3 itself skips what is before the first, and what is behind the last ends the listing.
    const end = `${prefix}day=${days.last}0`
    const page = await listPage(place, prefix, `${prefix}day=${days.first}`, signal)
    take(page, () => true)
    if (page.last === undefined || page.last >= end) return { found, strange }
    const starts = splitListing(
      prefix,
      page.last,
      readSegmentKey(prefix, page.last, kind)?.day,
      days.last,
      now(),
    )
    await Promise.all(
      starts.map(async (start, index) => {
        const next = starts[index + 1]
        let after: string | undefined = start
        while (after !== undefined && after < (next ?? end)) {
          const more: Listed = await listPage(place, prefix, after, signal)
          take(more, (key) => next === undefined || key <= next)
          after = more.last
        }
      }),
    )
    return { found, strange }
  }

  const bringManifest = async (
    workspaceId: string,
    segment: ListedSegment,
    signal: AbortSignal,
  ): Promise<Manifest | undefined> => {
    try {
      return readManifest(await readText(workspaceId, segment, signal))
    } catch (error) {
      // Without it more has to be read than need be, and nothing is missed.
      return passOver(error, signal)
    }
  }

  return {
    async list(workspaceId, days, signal) {
      // It becomes part of a path, and there is no workspace of any other form.
      if (!WORKSPACE_ID.test(workspaceId)) return { days: [], reasons: [] }
      const [segments, compacts] = await Promise.all([
        listAll(keys.segments(workspaceId), 'segments', days, signal),
        listAll(keys.compacts(workspaceId), 'compacts', days, signal),
      ])
      const byDay = Map.groupBy([...segments.found, ...compacts.found], ({ day }) => day)
      const listed = [...byDay].toSorted(([one], [other]) => (one < other ? -1 : 1))
      const known = listed.map(async ([day, found]): Promise<CatalogDay> => {
        const manifests = found
          .filter(({ format }) => format === 'manifest')
          .map((segment) => bringManifest(workspaceId, segment, signal))
        return {
          day,
          files: found.filter(({ format }) => format !== 'manifest'),
          manifests: (await Promise.all(manifests)).filter((manifest) => manifest !== undefined),
        }
      })
      const found = await Promise.all(known)
      const strange = segments.strange.map((key) => `${key} is no segment of the catalog, and was not read`)
      return { days: found, reasons: [...strange, ...found.flatMap(describeLost)] }
    },
  }
}

/** One object that cannot be had is no reason to give up the others; what only a person can mend is. */
export function passOver(error: unknown, signal: AbortSignal): undefined {
  signal.throwIfAborted()
  if (error instanceof ConfigurationError || !(error instanceof StoreError)) throw error
}

/** Where the rest of a listing is gone on with, in several places at once: the days until today are divided among them. */
function splitListing(
  prefix: string,
  after: string,
  day: string | undefined,
  lastDay: string,
  now: Date,
): readonly string[] {
  const today = utcDay(now)
  const inner = day === undefined ? [] : divideDays(day, lastDay < today ? lastDay : today, LISTS_AT_ONCE)
  return [after, ...inner.map((each) => `${prefix}day=${each}`)]
}

interface Listed {
  readonly contents: readonly {
    readonly Key?: string | undefined
    readonly Size?: number | undefined
    readonly ETag?: string | undefined
    readonly LastModified?: Date | undefined
  }[]
  /** Undefined where no more follow. */
  readonly last: string | undefined
}

async function listPage(place: Place, prefix: string, after: string, signal: AbortSignal): Promise<Listed> {
  try {
    const command = new ListObjectsV2Command({ Bucket: place.bucket, Prefix: prefix, StartAfter: after })
    const { Contents: contents = [], IsTruncated = false } = await place.client.send(command, {
      abortSignal: signal,
    })
    const last = contents.at(-1)?.Key
    if (IsTruncated && (last === undefined || last <= after))
      throw new StoreError(`list ${prefix}: S3 says that more follow, and does not go on`)
    return { contents, last: IsTruncated ? last : undefined }
  } catch (error) {
    signal.throwIfAborted()
    throw storeFailure('list', prefix, error)
  }
}
