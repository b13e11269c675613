import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync, statSync } from 'node:fs'
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
/** Up to this length a copy is read at once, without promises: many small ones take a quarter of the time. */
const SMALL_MAX_BYTES = 256 * 1024
const ID_LENGTH = 32
const NAME = new RegExp(`^([0-9a-f]{${ID_LENGTH}})-(\\d+)-([0-9a-f]{64})\\.(?:ndjson|parquet|json)$`)
const EXTENSIONS = { ndjson: 'ndjson', parquet: 'parquet', manifest: 'json' } as const

/** A copy that is here, as its name tells of it. */
interface Copy {
  readonly name: string
  readonly sha256: string
  readonly unreadableLines: number
  /** The state in which its bytes were found to be those of its name. */
  stamp?: string
}

/**
 * A copy has three things in its name: the digest of its object's name and ETag; how many of its lines are unreadable, so that
 * it is judged once; and the digest of what came, which it is compared with before it is used. Whatever else is there, such as
 * what a crash has left of a copy, is fetched again. `workspace=<id>/day=<day>/<digest>-<lines>-<SHA-256>.ndjson`.
 * @param directory for the objects of one bucket; it is made where it is not there
 * @param newId gives a name that no other download has
 */
export function createSegmentCache(place: Place, directory: string, newId: () => string): SegmentCache {
  const homes = new Map<string, Promise<Map<string, Copy>>>()

  /** Makes a day's directory; resolves to the copies in it, by the digests that their names begin with. */
  const openHome = (home: string): Promise<Map<string, Copy>> => {
    const opened = homes.get(home) ?? open(home)
    homes.set(home, opened)
    return opened
  }
  const open = async (home: string): Promise<Map<string, Copy>> => {
    await mkdir(home, { recursive: true, mode: DIRECTORY_MODE })
    // It may have been there before, for everybody to read.
    await chmod(directory, DIRECTORY_MODE)
    return new Map((await readdir(home)).flatMap(readName))
  }

  return {
    async bring(workspaceId, segment, sha256, signal) {
      const { key, day, bytes, etag, format } = segment
      const home = join(directory, `workspace=${workspaceId}`, `day=${day}`)
      const copies = await openHome(home)
      const id = createHash('sha256').update(`${key}\n${etag}`).digest('hex').slice(0, ID_LENGTH)
      const held = copies.get(id)
      if (held !== undefined && (await isWhole(home, held, bytes, sha256)))
        return { path: join(home, held.name), unreadableLines: held.unreadableLines }
      // Two searches may fetch it at once, also in one process: neither must meet the other's half of it.
      const temporary = join(home, `${id}.${newId()}.part`)
      try {
        const came = await download(place, segment, temporary, signal)
        await check(segment, temporary, came, sha256)
        const unreadableLines = format === 'ndjson' ? countUnreadable(await readFile(temporary)) : 0
        const name = `${id}-${unreadableLines}-${came}.${EXTENSIONS[format]}`
        await rename(temporary, join(home, name))
        copies.set(id, { name, sha256: came, unreadableLines })
        return { path: join(home, name), unreadableLines }
      } finally {
        await rm(temporary, { force: true })
      }
    },
  }
}

function readName(name: string): readonly (readonly [string, Copy])[] {
  const [, id = '', lines = '', sha256 = ''] = NAME.exec(name) ?? []
  return id === '' ? [] : [[id, { name, sha256, unreadableLines: Number(lines) }]]
}

/** Whether a copy has the bytes that came: all of them are read, once as long as nobody writes to it. */
async function isWhole(
  home: string,
  copy: Copy,
  bytes: number,
  expected: string | undefined,
): Promise<boolean> {
  if (expected !== undefined && expected !== copy.sha256) return false
  const path = join(home, copy.name)
  try {
    const { size, ino, ctimeNs } = statSync(path, { bigint: true })
    const stamp = `${size} ${ino} ${ctimeNs}`
    if (stamp === copy.stamp) return true
    if (size !== BigInt(bytes) || (await digestFile(path, bytes)) !== copy.sha256) return false
    copy.stamp = stamp
    return true
  } catch {
    return false
  }
}

async function digestFile(path: string, bytes: number): Promise<string> {
  const digest = createHash('sha256')
  if (bytes <= SMALL_MAX_BYTES) digest.update(readFileSync(path))
  else await pipeline(createReadStream(path), digest)
  return digest.digest('hex')
}

/** Resolves to the SHA-256 (hex) of what came. */
async function download(
  place: Place,
  { key, bytes }: ListedSegment,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  const digest = createHash('sha256')
  try {
    const answer =
      bytes <= WHOLE_MAX_BYTES ? await place.direct.send({ method: 'GET', key }, signal) : undefined
    if (answer?.status === 200) {
      await writeFile(path, answer.body, { mode: FILE_MODE })
      return digest.update(answer.body).digest('hex')
    }
    const command = new GetObjectCommand({ Bucket: place.bucket, Key: key })
    const { Body } = await place.client.send(command, { abortSignal: signal })
    const digested = async function* (body: AsyncIterable<Buffer>) {
      for await (const chunk of body) {
        digest.update(chunk)
        yield chunk
      }
    }
    await pipeline(Body as Readable, digested, createWriteStream(path, { mode: FILE_MODE }), { signal })
    return digest.digest('hex')
  } catch (error) {
    signal.throwIfAborted()
    throw storeFailure('read', key, error)
  }
}

async function check(
  { key, bytes }: ListedSegment,
  path: string,
  came: string,
  sha256: string | undefined,
): Promise<void> {
  const { size } = await stat(path)
  if (size !== bytes) throw new StoreError(`${key} was listed with ${bytes} bytes and came with ${size}`)
  if (sha256 !== undefined && came !== sha256) throw new StoreError(`${key} is not what was written there`)
}
