import { createHash, randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { createChecksum } from './checksums.ts'
import { remove } from './disk.ts'
import type { S3Fault } from './faults.ts'
import type { Checksum, ChecksumAlgorithm } from './model.ts'

/** A body on disk under its own name, to which no record points yet. */
export interface WrittenBody {
  bodyId: string
  size: number
  /** hex */
  md5: string
  checksum: Checksum
}

type Write = (chunk: Uint8Array) => Promise<unknown>

/**
 * Writes a new body into `directory`. `produce` gives its bytes to `write` and says in the end what they were; when it throws, the
 * file is gone.
 */
export async function writeBody(
  directory: string,
  produce: (write: Write) => Promise<Omit<WrittenBody, 'bodyId'>>,
  fault?: S3Fault,
): Promise<WrittenBody> {
  const bodyId = randomUUID()
  const path = join(directory, bodyId)
  try {
    const file = await open(path, 'wx+')
    try {
      const written = await produce((chunk) => writeAll(file, chunk))
      return { bodyId, ...(await tamper(file, written, fault)) }
    } finally {
      await file.close()
    }
  } catch (error) {
    remove(path)
    throw error
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten
}

/** Damages what was written in the way that a fault asks for, and describes it anew. */
async function tamper(
  file: FileHandle,
  written: Omit<WrittenBody, 'bodyId'>,
  fault: S3Fault | undefined,
): Promise<Omit<WrittenBody, 'bodyId'>> {
  if (fault?.kind === 'truncate-stored') await file.truncate(Math.min(fault.bytes, written.size))
  else if (fault?.kind === 'corrupt' && written.size > 0) {
    const at = written.size >>> 1
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
    await file.write(Buffer.of((buffer[0] ?? 0) ^ 0xff), 0, 1, at)
  } else return written
  const digests = createDigests(written.checksum.algorithm)
  await readFileThrough(file, (chunk) => {
    digests.update(chunk)
    return Promise.resolve()
  })
  return digests.finish()
}

/** Hands a file's bytes on, piece by piece. */
export async function readFileThrough(file: FileHandle, write: Write): Promise<void> {
  const buffer = Buffer.allocUnsafe(1 << 18)
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return
    await write(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}

/** Size, MD5 and one checksum over bytes that come piece by piece. */
export function createDigests(algorithm: ChecksumAlgorithm): {
  update: (chunk: Uint8Array) => void
  finish: () => Omit<WrittenBody, 'bodyId'>
} {
  const md5 = createHash('md5')
  const checksum = createChecksum(algorithm)
  let size = 0
  return {
    update(chunk) {
      size += chunk.length
      md5.update(chunk)
      checksum.update(chunk)
    },
    finish: () => ({
      size,
      md5: md5.digest('hex'),
      checksum: { algorithm, type: 'FULL_OBJECT', value: checksum.digest().toString('base64') },
    }),
  }
}
