import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Compacted, Compactor } from '../catalog/compaction.ts'
import { writeManifest } from '../catalog/manifest.ts'
import {
  type CatalogDay,
  type CatalogKeys,
  isCompact,
  type LocalFile,
  membersOf,
} from '../catalog/segments.ts'
import type { Clock } from '../deadline.ts'
import { describeError, StoreError } from '../errors.ts'
import { passOver } from './catalog-listing.ts'
import { isAlreadyThere, storeFailure } from './failure.ts'
import type { Segments } from './segments.ts'
import type { Place } from './stored.ts'
import type { Texts } from './texts.ts'
import { putWhole } from './whole.ts'

/** Writes the rows of files, each once, to a Parquet file; resolves to their number. */
export type WriteParquet = (files: readonly LocalFile[], path: string, signal: AbortSignal) => Promise<number>

interface Made {
  /** Undefined where there is nothing to put together. */
  readonly parquet?: { readonly body: Buffer; readonly rows: number }
  /** What it is made of. */
  readonly files: readonly LocalFile[]
  readonly broken: readonly LocalFile[]
}

export function createCompactor(options: {
  readonly place: Place
  readonly texts: Pick<Texts, 'writeOnce'>
  readonly segments: Segments
  readonly keys: CatalogKeys
  readonly writeParquet: WriteParquet
  readonly clock: Clock
  /** Where the Parquet file is written before it is sent. */
  readonly directory: string
}): Compactor {
  const { place, texts, segments, keys, writeParquet, clock, directory } = options

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
      // Its name has its digest, so what is there are the same bytes.
      if (!isAlreadyThere(error)) throw storeFailure('write', key, error)
    }
  }

  const compactDay = async (
    workspaceId: string,
    day: CatalogDay,
    signal: AbortSignal,
  ): Promise<Compacted> => {
    if (isCompact(day)) return { kind: 'compact-already', day: day.day }
    const { files, reasons } = await segments.bring(workspaceId, day, signal)
    // A line that cannot be read must not be forgotten: its file is left as it is.
    const whole = files.filter(({ unreadableLines }) => unreadableLines === 0)
    const torn = files.filter(({ unreadableLines }) => unreadableLines > 0)
    const made = await makeParquet(whole, signal)
    const faults = [
      ...reasons,
      ...torn.map(({ key }) => `${key} has lines that cannot be read`),
      ...made.broken.map(({ key }) => `${key} cannot be read: move it away`),
    ]
    if (made.parquet === undefined)
      return faults.length > 0
        ? { kind: 'failed', day: day.day, reasons: faults }
        : { kind: 'compact-already', day: day.day }
    const { body, rows } = made.parquet
    const sha256 = createHash('sha256').update(body).digest('hex')
    const digest = sha256.slice(0, 24)
    const key = keys.compact(workspaceId, day.day, digest)
    const parquet = key.slice(key.lastIndexOf('/') + 1)
    await putParquet(key, body, sha256, signal)
    const names = made.files.map(({ name }) => name)
    const members = membersOf(names, day).filter((name) => name !== parquet)
    // From here on the files are not read any more; until here the Parquet file is one more of them.
    const { id, text } = writeManifest({ files: [{ name: parquet, sha256 }], rows, members })
    const manifestKey = keys.manifest(workspaceId, day.day, id)
    await texts.writeOnce(manifestKey, text, 'application/json', undefined, signal)
    const { length: bytes } = body
    return { kind: 'compacted', day: day.day, keys: [key], files: names.length, rows, bytes, reasons: faults }
  }

  return {
    async *compact(workspaceId, days, signal) {
      const listed = await segments.list(workspaceId, days, signal)
      for (const day of listed.days) {
        try {
          yield await compactDay(workspaceId, day, signal)
        } catch (error) {
          passOver(error, signal)
          yield { kind: 'failed', day: day.day, reasons: [describeError(error)] }
        }
      }
    },
  }
}
