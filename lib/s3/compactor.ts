import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Compacted, Compactor } from '../catalog/compaction.ts'
import { type CatalogDay, describeReplaced, findReplaced, isCompact, membersOf } from '../catalog/coverage.ts'
import type { CatalogKeys, ListedSegment, LocalFile } from '../catalog/segments.ts'
import type { Clock } from '../deadline.ts'
import { describeError, StoreError } from '../errors.ts'
import { passOver } from './catalog-listing.ts'
import { createCompactObjects } from './compact-objects.ts'
import { isAlreadyThere, storeFailure } from './failure.ts'
import { createProgressReader, readRebuiltFrom } from './rebuild-progress.ts'
import type { Segments } from './segments.ts'
import type { Place } from './stored.ts'
import type { Texts } from './texts.ts'
import { putWhole } from './whole.ts'

/** Writes the rows of files, each once, to a Parquet file; resolves to their number. */
export type WriteParquet = (files: readonly LocalFile[], path: string, signal: AbortSignal) => Promise<number>

const REBUILD = 'bird-archive catalog rebuild writes the rows of all sidecars again'
const DIGEST_LENGTH = 24
const NAMES_TRIED = 9

interface Made {
  /** Undefined where there is nothing to put together. */
  readonly parquet?: { readonly body: Buffer; readonly rows: number }
  /** What it is made of. */
  readonly files: readonly LocalFile[]
  readonly broken: readonly LocalFile[]
}

export function createCompactor(options: {
  readonly place: Place
  readonly texts: Texts
  readonly segments: Segments
  readonly keys: CatalogKeys
  readonly writeParquet: WriteParquet
  readonly clock: Clock
  /** Where the Parquet file is written before it is sent. */
  readonly directory: string
}): Compactor {
  const { place, texts, segments, keys, writeParquet, clock, directory } = options
  const objects = createCompactObjects(place, texts, keys)
  const readProgress = createProgressReader(texts, keys)

  /** Leaves a file out that DuckDB gives up at, and tells it as `broken`; nothing is made of less than two. */
  const makeParquet = async (files: readonly LocalFile[], signal: AbortSignal): Promise<Made> => {
    if (files.length < 2) return { broken: [], files }
    const temporary = await mkdtemp(join(directory, 'compact-'))
    try {
      const path = join(temporary, 'rows.parquet')
      const rows = await writeParquet(files, path, signal)
      return { parquet: { body: await readFile(path), rows }, broken: [], files }
    } catch (error) {
      signal.throwIfAborted()
      const broken = files.find(({ path }) => error instanceof Error && error.message.includes(path))
      if (broken === undefined)
        throw new StoreError(`its rows cannot be put together: ${describeError(error)}`, { cause: error })
      const others = await makeParquet(
        files.filter((file) => file !== broken),
        signal,
      )
      return { ...others, broken: [broken, ...others.broken] }
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  }

  const putParquet = async (
    key: string,
    body: Buffer,
    sha256: string,
    signal: AbortSignal,
  ): Promise<void> => {
    const contentType = 'application/vnd.apache.parquet'
    try {
      await putWhole(place, { key, body, sha256, contentType, lock: undefined }, clock, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!isAlreadyThere(error)) throw storeFailure('write', key, error)
    }
  }

  /** Resolves to the Parquet file as it is listed: under the name of its digest, or, where something else has that, the next. */
  const keepParquet = async (
    workspaceId: string,
    day: string,
    body: Buffer,
    sha256: string,
    signal: AbortSignal,
  ): Promise<ListedSegment> => {
    const digest = sha256.slice(0, DIGEST_LENGTH)
    for (let at = 1; at <= NAMES_TRIED; at++) {
      const key = keys.compact(workspaceId, day, at === 1 ? digest : `${digest}-${at}`)
      await putParquet(key, body, sha256, signal)
      const { days } = await segments.list(workspaceId, { first: day, last: day }, signal)
      const file = days.flatMap((each) => each.files).find((each) => each.key === key)
      if (file === undefined) throw new StoreError(`${key} was written, and is not listed`)
      if ((await objects.digest(file, signal)) === sha256) return file
    }
    throw new StoreError(`what lies in the place of its compacts is not what was written there: move it away`)
  }

  const compactDay = async (
    workspaceId: string,
    listed: CatalogDay,
    rebuiltFrom: Date | undefined,
    signal: AbortSignal,
  ): Promise<Compacted> => {
    const day = await objects.renew(workspaceId, listed, signal)
    const strays = findReplaced(day).map(describeReplaced)
    if (isCompact(day)) return conclude(day, strays)
    const { files, reasons } = await segments.bring(workspaceId, day, rebuiltFrom, signal)
    // A line that cannot be read must not be forgotten: its file is left as it is.
    const whole = files.filter(({ unreadableLines }) => unreadableLines === 0)
    const torn = files.filter(({ unreadableLines }) => unreadableLines > 0)
    const made = await makeParquet(whole, signal)
    const faults = [
      ...strays,
      ...reasons,
      ...torn.map(({ key }) => `${key} has lines that cannot be read: ${REBUILD}`),
      ...made.broken.map(({ key }) => `${key} cannot be read: move it away`),
    ]
    if (made.parquet === undefined) return conclude(day, faults)
    const { body, rows } = made.parquet
    const sha256 = createHash('sha256').update(body).digest('hex')
    const { key, name, bytes, etag } = await keepParquet(workspaceId, day.day, body, sha256, signal)
    const names = made.files.map((file) => file.name)
    const members = membersOf(names, day).filter((member) => member !== name)
    // From here on the files are not read any more; until here the Parquet file is one more of them.
    const manifest = { files: [{ name, sha256, bytes, etag }], rows, members }
    await objects.keepManifest(workspaceId, day.day, manifest, signal)
    return { kind: 'compacted', day: day.day, keys: [key], files: names.length, rows, bytes, reasons: faults }
  }

  return {
    async *compact(workspaceId, days, signal) {
      const rebuiltFrom = await readRebuiltFrom(readProgress, workspaceId, signal)
      const listed = await segments.list(workspaceId, days, signal)
      for (const day of listed.days) {
        try {
          yield await compactDay(workspaceId, day, rebuiltFrom, signal)
        } catch (error) {
          passOver(error, signal)
          yield conclude(day, [describeError(error)])
        }
      }
    },
  }
}

/** Of a day of which nothing was put together. */
function conclude({ day }: CatalogDay, reasons: readonly string[]): Compacted {
  return reasons.length > 0 ? { kind: 'failed', day, reasons } : { kind: 'compact-already', day }
}
