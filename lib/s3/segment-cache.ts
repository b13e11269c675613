import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { countUnreadable } from '../catalog/entry.ts'
import type { ListedSegment } from '../catalog/segments.ts'
import { StoreError } from '../errors.ts'
import { storeFailure } from './failure.ts'
import type { Place } from './stored.ts'

/** A fetched object: where it lies, and how many of its lines are no rows. */
export interface Cached {
  readonly path: string
  readonly unreadableLines: number
}

/** Copies of the catalog's objects on this machine. They never change, so one that has been fetched stays. */
export interface SegmentCache {
  /**
   * Resolves to the copy of an object, which is fetched if it is not here.
   * @param sha256 of the object, where it is known
   * @throws StoreError or ConfigurationError if it cannot be fetched, or is not what it should be
   */
  bring(
    workspaceId: string,
    segment: ListedSegment,
    sha256: string | undefined,
    signal: AbortSignal,
  ): Promise<Cached>
}

/** Telephone numbers are in it: for nobody but its owner. */
const [DIRECTORY_MODE, FILE_MODE] = [0o700, 0o600]
/** Up to this length an object is taken in one piece. */
const WHOLE_MAX_BYTES = 8 * 1024 * 1024
const ID_LENGTH = 32
const NAME = new RegExp(`^[0-9a-f]{${ID_LENGTH}}-(\\d+)\\.(?:ndjson|parquet|json)$`)
const EXTENSIONS = { ndjson: 'ndjson', parquet: 'parquet', manifest: 'json' } as const

/**
 * A copy has the digest of its object's name and ETag in its name, and how many of its lines are unreadable, so that it is
 * judged once: `workspace=<id>/day=<day>/<digest>-<lines>.ndjson`.
 * @param directory for the objects of one bucket; it is made where it is not there
 * @param newId gives a name that no other download has
 */
export function createSegmentCache(place: Place, directory: string, newId: () => string): SegmentCache {
  const homes = new Map<string, Promise<Map<string, string>>>()

  /** Makes a day's directory; resolves to the names in it, by the digests that they begin with. */
  const openHome = (home: string): Promise<Map<string, string>> => {
    const opened = homes.get(home) ?? open(home)
    homes.set(home, opened)
    return opened
  }
  const open = async (home: string): Promise<Map<string, string>> => {
    await mkdir(home, { recursive: true, mode: DIRECTORY_MODE })
    // It may have been there before, for everybody to read.
    await chmod(directory, DIRECTORY_MODE)
    const names = await readdir(home)
    return new Map(names.filter((name) => NAME.test(name)).map((name) => [name.slice(0, ID_LENGTH), name]))
  }

  return {
    async bring(workspaceId, segment, sha256, signal) {
      const { key, day, bytes, etag, format } = segment
      const home = join(directory, `workspace=${workspaceId}`, `day=${day}`)
      const names = await openHome(home)
      const id = createHash('sha256').update(`${key}\n${etag}`).digest('hex').slice(0, ID_LENGTH)
      const held = names.get(id)
      if (held !== undefined) {
        const path = join(home, held)
        const size = await stat(path).then(
          (found) => found.size,
          () => undefined,
        )
        if (size === bytes) return { path, unreadableLines: Number(NAME.exec(held)?.[1]) }
      }
      // Two searches may fetch it at once, also in one process: neither must meet the other's half of it.
      const temporary = join(home, `${id}.${newId()}.part`)
      try {
        await download(place, segment, temporary, signal)
        await check(segment, temporary, sha256)
        const unreadableLines = format === 'ndjson' ? countUnreadable(await readFile(temporary)) : 0
        const name = `${id}-${unreadableLines}.${EXTENSIONS[format]}`
        await rename(temporary, join(home, name))
        names.set(id, name)
        return { path: join(home, name), unreadableLines }
      } finally {
        await rm(temporary, { force: true })
      }
    },
  }
}

async function download(
  place: Place,
  { key, bytes }: ListedSegment,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const answer =
      bytes <= WHOLE_MAX_BYTES ? await place.direct.send({ method: 'GET', key }, signal) : undefined
    if (answer?.status === 200) {
      await writeFile(path, answer.body, { mode: FILE_MODE })
      return
    }
    const command = new GetObjectCommand({ Bucket: place.bucket, Key: key })
    const { Body } = await place.client.send(command, { abortSignal: signal })
    await pipeline(Body as Readable, createWriteStream(path, { mode: FILE_MODE }), { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw storeFailure('read', key, error)
  }
}

async function check({ key, bytes }: ListedSegment, path: string, sha256: string | undefined): Promise<void> {
  const { size } = await stat(path)
  if (size !== bytes) throw new StoreError(`${key} was listed with ${bytes} bytes and came with ${size}`)
  if (sha256 === undefined) return
  const digest = createHash('sha256')
  await pipeline(createReadStream(path), digest)
  if (digest.digest('hex') !== sha256) throw new StoreError(`${key} is not what was written there`)
}
