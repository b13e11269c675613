import type { Readable } from 'node:stream'
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3'
import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import { isAlreadyThere, statusOf, storeFailure } from './failure.ts'

/** An object that is being read. */
export interface OpenAudio {
  readonly bytes: number
  /** To be read once, to its end or until its reader gives up. */
  readonly body: AsyncIterable<Uint8Array>
}

interface Target {
  readonly Bucket: string
  readonly Key: string
  readonly VersionId?: string
}

/** Breaks in a row, without a byte between them, after which it is given up. */
const MAX_BREAKS = 5
const PAUSE_MS = 200

/**
 * Opens one version of an object. Where the transfer breaks, the rest is asked for from where it stopped, on the
 * condition that the object is still the same (`If-Match`), and only a 206 of exactly that range is taken.
 *
 * The bytes come as they are stored: the SDK does not compare them with S3's own checksum, so that the reader, who has
 * the digest of the evidence, can tell both.
 * @throws StoreError or ConfigurationError, from here and from the body, if the bucket fails for good
 */
export async function openAudio(
  client: S3Client,
  target: Target,
  clock: Clock,
  signal: AbortSignal,
): Promise<OpenAudio> {
  const fail = (error: unknown): never => {
    signal.throwIfAborted()
    if (isAlreadyThere(error))
      throw new StoreError(`read ${target.Key}: the object was changed while it was read`, { cause: error })
    throw storeFailure('read', target.Key, error)
  }
  const first = await get(client, target, {}, signal).catch(fail)
  const { ContentLength, ETag: etag } = first
  if (ContentLength === undefined || etag === undefined) {
    bodyOf(first).destroy()
    throw new StoreError(`read ${target.Key}: S3 named no length or ETag`)
  }
  const bytes: number = ContentLength

  /** Hands on what comes until it ends or breaks; tells why it broke. */
  async function* readOn(incoming: Readable, seen: { offset: number }) {
    try {
      for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
        seen.offset += chunk.length
        yield chunk
      }
      return undefined
    } catch (error) {
      signal.throwIfAborted()
      return error
    }
  }

  const resume = async (offset: number): Promise<Readable | { readonly failure: unknown }> => {
    try {
      const rest = await get(client, target, { Range: `bytes=${offset}-`, IfMatch: etag }, signal)
      if (rest.ContentRange === `bytes ${offset}-${bytes - 1}/${bytes}`) return bodyOf(rest)
      bodyOf(rest).destroy()
      throw new StoreError(
        `read ${target.Key}: S3 answered another range than bytes ${offset} to ${bytes - 1}`,
      )
    } catch (error) {
      if (signal.aborted || error instanceof StoreError || (statusOf(error) ?? 500) < 500) return fail(error)
      return { failure: error }
    }
  }

  async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
    const seen = { offset: 0 }
    let incoming: Awaited<ReturnType<typeof resume>> = bodyOf(first)
    for (let breaks = 0; ;) {
      const before = seen.offset
      const failure = 'failure' in incoming ? incoming.failure : yield* readOn(incoming, seen)
      if (seen.offset === bytes) return
      if (seen.offset > bytes)
        throw new StoreError(`read ${target.Key}: more came than the ${bytes} bytes that S3 had named`)
      breaks = seen.offset > before ? 1 : breaks + 1
      if (breaks >= MAX_BREAKS)
        fail(failure ?? new Error(`it ends at byte ${seen.offset} of ${bytes}, again and again`))
      await clock.pause(PAUSE_MS * 2 ** breaks * clock.random(), signal)
      incoming = await resume(seen.offset)
    }
  }
  return { bytes, body: read() }
}

/** GetObject without `x-amz-checksum-mode`, for which S3 leaves out what the SDK would compare the body with. */
async function get(
  client: S3Client,
  target: Target,
  part: { readonly Range?: string; readonly IfMatch?: string },
  signal: AbortSignal,
): Promise<GetObjectCommandOutput> {
  const command = new GetObjectCommand({ ...target, ...part })
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      delete headers['x-amz-checksum-mode']
      return next(args)
    },
    { step: 'build', name: 'leaveChecksumOut', priority: 'low' },
  )
  return await client.send(command, { abortSignal: signal })
}

function bodyOf(output: GetObjectCommandOutput): Readable {
  return output.Body as unknown as Readable
}
