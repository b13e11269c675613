import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload as LibStorageUpload } from '@aws-sdk/lib-storage'
import type { MediaFacts } from '../archive/media.ts'
import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import { abortUpload, HOUSEKEEPING_MS, type Upload } from './parts.ts'
import type { AudioOrder } from './audio-order.ts'
import { headObject, type Place } from './stored.ts'
import { lockParameters, repeatOnConflict } from './whole.ts'

/**
 * A body whose length nobody declared and which has outgrown one buffer: lib-storage cuts it into parts as it comes.
 *
 * Its queue is one, because then nothing of it runs on once `done()` has settled; its own abort is not used, because
 * that settles before its clean-up has ended. The judgement is part of the body: where `watch.finish()` throws, the
 * source fails, and the upload is never completed.
 *
 * @param head what was read before the body outgrew its buffer, watched already
 */
export async function uploadUnknownLength(
  place: Place,
  order: AudioOrder,
  partBytes: number,
  head: Buffer,
  rest: AsyncIterable<Uint8Array>,
  clock: Clock,
): Promise<Upload> {
  let media: MediaFacts | undefined
  let crc = crc32(head)
  async function* judged(): AsyncGenerator<Uint8Array> {
    yield head
    for await (const chunk of rest) {
      order.watch.update(chunk)
      crc = crc32(chunk, crc)
      yield chunk
    }
    media = order.watch.finish()
  }

  let uploadId: string | undefined
  // lib-storage passes no signal to its commands; this client does it in its place, and learns the upload's id.
  const client: S3Client = Object.create(place.client, {
    send: {
      value: async (command: Parameters<S3Client['send']>[0]) => {
        const send = (): Promise<unknown> => place.client.send(command, { abortSignal: order.signal })
        if (command instanceof CompleteMultipartUploadCommand) {
          await assertFree(place, order)
          return await repeatOnConflict(send, clock, order.signal)
        }
        if (!(command instanceof CreateMultipartUploadCommand)) return await send()
        const created = await place.client.send(command, {
          abortSignal: AbortSignal.timeout(HOUSEKEEPING_MS),
        })
        uploadId = created.UploadId
        return created
      },
    },
  }) as S3Client

  const target = { Bucket: place.bucket, Key: order.key }
  const body = Readable.from(judged())
  const upload = new LibStorageUpload({
    client,
    partSize: partBytes,
    queueSize: 1,
    leavePartsOnError: true,
    params: {
      ...target,
      Body: body,
      ContentType: order.contentType,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
      IfNoneMatch: '*',
      ...lockParameters(order.lock),
    },
  })
  try {
    const { VersionId } = await upload.done()
    if (media === undefined) throw new Error('the upload ended before its body')
    return { outcome: 'written', media, crc32: crc, versionId: VersionId }
  } catch (error) {
    if (uploadId !== undefined) await abortUpload(place, { ...target, UploadId: uploadId })
    order.signal.throwIfAborted()
    // Before the body was judged nothing can have been completed.
    if (media === undefined) throw error
    return { outcome: 'doubtful', media, crc32: crc, error }
  } finally {
    body.destroy()
  }
}

/** Some S3-compatible stores ignore the condition on a completion; asked beforehand, they tell the same. */
async function assertFree(place: Place, { key, signal }: AudioOrder): Promise<void> {
  if ((await headObject(place, key, undefined, signal)) !== undefined) throw new StoreError(`${key} is taken`)
}
