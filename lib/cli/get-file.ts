import { constants } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sidecar } from '../archive/sidecar.ts'
import { nameFile } from '../retrieve/file-name.ts'
import type { Destination } from '../retrieve/retrieve.ts'
import { explainUnwritable } from './unwritable.ts'
import { UsageError } from './usage-error.ts'

/** Told of each piece, with all that has come so far. */
export type OnBytes = (done: number, total: number) => void

/** Nobody else on the machine needs to hear a recorded call. */
const FILE_MODE = 0o600

/**
 * Where a recording goes that is to be kept at `output`: a file's name, or a directory, in which it gets its own name.
 * @param output undefined: the working directory
 */
export async function chooseFile(sidecar: Sidecar, output: string | undefined): Promise<string> {
  if (output === undefined) return nameFile(sidecar)
  return (await isDirectory(output)) ? join(output, nameFile(sidecar)) : output
}

export async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** @throws UsageError where it cannot be made */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw explainUnwritable(path, error)
  }
}

/**
 * A file that bears its name once its content has been found right; until then it is called `NAME.part`. Both can be read
 * by their owner alone.
 * @param force what is there already, even an unfinished download, may be replaced
 * @throws UsageError if something is there already
 */
export async function openFile(path: string, force: boolean, onBytes: OnBytes): Promise<Destination> {
  const part = `${path}.part`
  if (!force && (await exists(path)))
    throw new UsageError('It is there already.', [
      `${path} is left as it is: name another file with -o, or add --force`,
    ])
  if (force) await rm(part, { force: true })
  const file = await create(part)
  return {
    async write(chunks, bytes) {
      let done = 0
      for await (const chunk of chunks) {
        await writeAll(file, chunk)
        done += chunk.length
        onBytes(done, bytes)
      }
    },
    async keep() {
      await file.sync()
      await file.close()
      await giveName(part, path, force)
    },
    async discard() {
      await file.close().catch(() => undefined)
      await rm(part, { force: true })
    },
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, offset)
    offset += bytesWritten
  }
}

async function create(part: string): Promise<FileHandle> {
  try {
    return await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, FILE_MODE)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new UsageError('Another download is under way, or one was killed.', [
        `${part} is there: remove it if nobody writes to it, or add --force`,
      ])
    throw explainUnwritable(part, error)
  }
}

/**
 * Gives a finished file its name. A link, unlike a rename, replaces nothing that has come there meanwhile; not every file
 * system has it.
 * @throws UsageError if something has come there, unless `force`
 */
export async function giveName(part: string, path: string, force: boolean): Promise<void> {
  if (!force) {
    try {
      await link(part, path)
      await rm(part, { force: true })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' || (await exists(path)))
        throw new UsageError('It is there already.', [
          `${path} has come there meanwhile and is left as it is`,
        ])
    }
  }
  await rename(part, path)
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}

/** Standard output: what has been written cannot be taken back, so its reader has to look at the exit code. */
export function openStdout(onBytes: OnBytes): Destination {
  return {
    async write(chunks, bytes) {
      let done = 0
      for await (const chunk of chunks) {
        await new Promise<void>((resolve, reject) => {
          process.stdout.write(chunk, (error) => (error ? reject(error) : resolve()))
        })
        done += chunk.length
        onBytes(done, bytes)
      }
    },
    keep: async () => undefined,
    discard: async () => undefined,
  }
}
