import { readFile } from 'node:fs/promises'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import { WORKSPACE_ID } from '../archive/message.ts'
import {
  type CatalogDay,
  type CatalogKeys,
  dropCovered,
  isWithinDays,
  type ListedSegment,
  type LocalFile,
  type LocalFiles,
  type Manifest,
  readManifest,
  readSegmentKey,
} from '../catalog/segments.ts'
import type { Days } from '../catalog/sql.ts'
import { ConfigurationError, describeError, StoreError } from '../errors.ts'
import { storeFailure } from './failure.ts'
import type { SegmentCache } from './segment-cache.ts'
import type { Place } from './stored.ts'

/** The catalog's objects in the bucket. */
export interface Segments {
  /** The days of which there is anything, in their order. */
  list(workspaceId: string, days: Days, signal: AbortSignal): Promise<CatalogList>
  /** Brings here what has to be read of a day. Where a compact cannot be had, what it was made of is. */
  bring(workspaceId: string, day: CatalogDay, signal: AbortSignal): Promise<LocalFiles>
  /**
   * Both, for all of the days.
   * @throws StoreError where they cannot be listed, ConfigurationError where they may not be read
   */
  fetch(workspaceId: string, days: Days, signal: AbortSignal): Promise<LocalFiles>
}

export interface CatalogList {
  readonly days: readonly CatalogDay[]
  /** What is not among them although it lies there, or of which that cannot be said. */
  readonly reasons: readonly string[]
}

const FETCHES_AT_ONCE = 32

export function createSegments(place: Place, keys: CatalogKeys, cache: SegmentCache): Segments {
  const limit = pLimit(FETCHES_AT_ONCE)

  const listAll = async (
    prefix: string,
    kind: 'segments' | 'compacts',
    days: Days,
    signal: AbortSignal,
  ): Promise<{ readonly found: ListedSegment[]; readonly strange: string[] }> => {
    const [found, strange]: [ListedSegment[], string[]] = [[], []]
    // Days sort by their names: S3 itself skips what is before the first, and what is behind the last ends the listing.
    let after: string | undefined = `${prefix}day=${days.first}`
    while (after !== undefined) {
      const page: Listed = await listPage(place, prefix, after, signal)
      for (const { Key: key = '', Size: bytes = -1, ETag: etag = '' } of page.contents) {
        const named = readSegmentKey(prefix, key, kind)
        if (named === undefined) strange.push(key)
        else if (isWithinDays(named.day, days)) found.push({ ...named, key, bytes, etag })
      }
      after = page.last !== undefined && page.last < `${prefix}day=${days.last}0` ? page.last : undefined
    }
    return { found, strange }
  }

  const bringManifest = async (
    workspaceId: string,
    segment: ListedSegment,
    signal: AbortSignal,
  ): Promise<Manifest | undefined> => {
    try {
      const { path } = await limit(() => cache.bring(workspaceId, segment, undefined, signal))
      return readManifest(await readFile(path, 'utf8'))
    } catch (error) {
      // Without it more has to be read than need be, and nothing is missed.
      return passOver(error, signal)
    }
  }

  const list: Segments['list'] = async (workspaceId, days, signal) => {
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
    return {
      days: await Promise.all(known),
      reasons: segments.strange.map((key) => `${key} is no segment of the catalog, and was not read`),
    }
  }

  const bring: Segments['bring'] = async (workspaceId, day, signal) => {
    const wanted = dropCovered(day)
    const failed = new Map<string, string>()
    const brought = await Promise.all(
      wanted.map(async (segment): Promise<LocalFile | undefined> => {
        const { key, name } = segment
        const format = segment.format === 'parquet' ? 'parquet' : 'ndjson'
        const sha256 = digestOf(name, day)
        try {
          const cached = await limit(() => cache.bring(workspaceId, segment, sha256, signal))
          return { key, name, format, ...cached }
        } catch (error) {
          passOver(error, signal)
          failed.set(name, `${key} could not be read: ${describeError(error)}`)
          return undefined
        }
      }),
    )
    const files = brought.filter((file) => file !== undefined)
    if (failed.size === 0) return { files, reasons: [] }
    const left = day.files.filter(({ name }) => !failed.has(name))
    // A compact that cannot be had takes nothing with it if all that it was made of is there.
    const isReplaced = (name: string): boolean =>
      day.manifests.some(
        (manifest) =>
          isOf(name, manifest) &&
          manifest.members.every((member) => left.some((file) => file.name === member)),
      )
    const lost = [...failed].filter(([name]) => !isReplaced(name))
    const reasons = lost.map(([, reason]) => reason)
    const isMissed = [...failed.keys()].some((name) => day.manifests.some((manifest) => isOf(name, manifest)))
    if (!isMissed) return { files, reasons }
    const rest = await bring(workspaceId, { ...day, files: left }, signal)
    return { files: rest.files, reasons: [...reasons, ...rest.reasons] }
  }

  return {
    list,
    bring,
    async fetch(workspaceId, days, signal) {
      const listed = await list(workspaceId, days, signal)
      const brought = await Promise.all(listed.days.map((day) => bring(workspaceId, day, signal)))
      return {
        files: brought.flatMap(({ files }) => files),
        reasons: [...listed.reasons, ...brought.flatMap(({ reasons }) => reasons)],
      }
    },
  }
}

function isOf(name: string, { files }: Manifest): boolean {
  return files.some((file) => file.name === name)
}

function digestOf(name: string, { manifests }: CatalogDay): string | undefined {
  const files = manifests.flatMap((manifest) => manifest.files)
  return files.find((file) => file.name === name)?.sha256 ?? undefined
}

/** One object that cannot be had is no reason to give up the others; what only a person can mend is. */
function passOver(error: unknown, signal: AbortSignal): undefined {
  signal.throwIfAborted()
  if (error instanceof ConfigurationError || !(error instanceof StoreError)) throw error
}

interface Listed {
  readonly contents: readonly {
    readonly Key?: string | undefined
    readonly Size?: number | undefined
    readonly ETag?: string | undefined
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
