import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import type { ExportedFile } from '../retrieve/manifest.ts'
import { giveName } from './get-file.ts'
import { explainUnwritable } from './unwritable.ts'
import { UsageError } from './usage-error.ts'

/** How one file goes into an archive. */
export interface ZipOptions {
  readonly modified: Date
  /** Audio is compressed already. */
  readonly compress: boolean
}

/** A ZIP archive that is being written: what has been added is on the disk, and nothing of it is kept in memory. */
export interface ZipWriter {
  /** Adds a file as it comes, one after the other. What is added stays: where `chunks` fails, there is no archive. */
  add(name: string, chunks: AsyncIterable<Uint8Array>, options: ZipOptions): Promise<ExportedFile>
  /** Ends the archive; resolves to its size. */
  finish(): Promise<number>
  /** Gives it its name. */
  keep(): Promise<void>
  /** Leaves nothing behind. */
  discard(): Promise<void>
}

/** Nobody else on the machine needs to hear recorded calls. */
const FILE_MODE = 0o600
const ENTRY_MODE = 0o100600

/** How a ZIP archive begins that has an entry. Source: APPNOTE.TXT 6.3.10, section 4.3.7, "Local file header". */
const ZIP_BEGINNING = Buffer.from('PK\u0003\u0004')

/**
 * Whether an archive may be written there; must be asked before anything else is done.
 * @throws UsageError if something is there already, or where the unfinished archive would be
 */
export async function checkZipPath(path: string, force: boolean): Promise<void> {
  if (path === '-')
    throw new UsageError('Where to?', [
      'an export gets its name when all of it is right, so it goes into a file: name one with -o, such as case.zip',
    ])
  if (path.trim() === '' || path.endsWith('/') || (await isThere(path, (found) => found.isDirectory())))
    throw new UsageError('Where to?', ['name a file with -o, such as case.zip'])
  if (!force && (await isThere(path)))
    throw new UsageError('It is there already.', [
      `${path} is left as it is: name another file with -o, or add --force`,
    ])
  await findLeftover(partOf(path))
}

function partOf(path: string): string {
  return `${path}.part`
}

/**
 * Whether an export that was killed has left something there.
 * @throws UsageError if it is something else: it may be somebody's, and would be lost
 */
async function findLeftover(part: string): Promise<boolean> {
  if (!(await isThere(part))) return false
  if (!(await isThere(part, (found) => found.isFile())) || !(await beginsAsZip(part)))
    throw new UsageError('Something is in the way.', [
      `${part} is nothing that an export leaves: move it away, or name another file with -o`,
    ])
  return true
}

/** An archive of which nothing has been written yet, or only its first bytes, does so, too. */
async function beginsAsZip(path: string): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined)
  if (file === undefined) return false
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(ZIP_BEGINNING.length))
    return ZIP_BEGINNING.subarray(0, bytesRead).equals(buffer.subarray(0, bytesRead))
  } finally {
    await file.close()
  }
}

/**
 * Begins an archive that bears its name once it is whole; until then it is called `NAME.part`, and can be read by its owner
 * alone. What an export that was killed has left under that name goes.
 * @param options.force what bears the name already is replaced in the end
 * @param options.forceZip64 writes as for what is larger than 4 GiB
 * @throws UsageError if something else has that name, or nothing can be written there
 */
export async function createZip(
  path: string,
  options: {
    readonly force: boolean
    readonly forceZip64?: boolean
    readonly onLeftover: (part: string) => void
  },
): Promise<ZipWriter> {
  const part = partOf(path)
  if (await findLeftover(part)) {
    options.onLeftover(part)
    await rm(part)
  }
  const file = await create(part)
  const { ino } = await file.stat()
  // What another export has put there meanwhile is none of ours.
  const isOurs = (): Promise<boolean> => isThere(part, (found) => found.ino === ino)
  const { force, forceZip64 = false } = options
  const zip = new ZipFile()
  const broken = new AbortController()
  const writing = writeTo(file, zip.outputStream as Readable)
  writing.catch((error: unknown) => broken.abort(error))
  zip.on('error', (error: unknown) => broken.abort(error))

  return {
    async add(name, chunks, { modified, compress }) {
      broken.signal.throwIfAborted()
      const watched = watch(chunks)
      const source = Readable.from(watched.chunks(), { objectMode: false })
      const onBroken = (): void => void source.destroy(broken.signal.reason as Error)
      broken.signal.addEventListener('abort', onBroken)
      try {
        await new Promise((resolve, reject) => {
          source.once('end', resolve).once('error', reject)
          zip.addReadStream(source, name, {
            mtime: modified,
            mode: ENTRY_MODE,
            compress,
            forceZip64Format: forceZip64,
          })
        })
      } finally {
        broken.signal.removeEventListener('abort', onBroken)
      }
      return { name, ...watched.digest() }
    },
    async finish() {
      zip.end({ forceZip64Format: forceZip64, comment: '' })
      await writing
      await file.sync()
      return (await file.stat()).size
    },
    async keep() {
      if (!(await isOurs()))
        throw new UsageError('Another export to the same file is under way.', [
          `${part} is no longer the one that was written here: name another file with -o`,
        ])
      await file.close()
      await giveName(part, path, force)
    },
    async discard() {
      broken.abort(new Error('given up'))
      ;(zip.outputStream as Readable).destroy()
      await writing.catch(() => undefined)
      await file.close().catch(() => undefined)
      if (await isOurs()) await rm(part)
    },
  }
}

async function writeTo(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks)
    for (let offset = 0; offset < chunk.length;) offset += (await file.write(chunk, offset)).bytesWritten
}

/** Counts and digests what passes. */
function watch(chunks: AsyncIterable<Uint8Array>) {
  const sha256 = createHash('sha256')
  let bytes = 0
  return {
    async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const chunk of chunks) {
        sha256.update(chunk)
        bytes += chunk.length
        yield chunk
      }
    },
    digest: () => ({ bytes, sha256: sha256.digest('hex') }),
  }
}

async function create(part: string): Promise<FileHandle> {
  try {
    return await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, FILE_MODE)
  } catch (error) {
    throw explainUnwritable(part, error)
  }
}

async function isThere(
  path: string,
  isMeant: (found: Awaited<ReturnType<typeof lstat>>) => boolean = () => true,
): Promise<boolean> {
  return await lstat(path).then(isMeant, () => false)
}

/** A text as a file's content. */
export async function* textOf(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(text)
}
