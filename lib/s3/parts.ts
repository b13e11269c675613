import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { MediaFacts } from '../archive/media.ts'
import { type Clock, followSignal } from '../deadline.ts'
import { MediaError } from '../errors.ts'
import type { Room } from '../memory.ts'
import { crc32 } from 'node:zlib'
import type { AudioOrder } from './audio-order.ts'
import { combineCrc32 } from './crc32.ts'
import { isAlreadyThere } from './failure.ts'
import { crc32Base64, headObject, type Place } from './stored.ts'
import { lockParameters, repeatOnConflict } from './whole.ts'

/** S3 User Guide, "Amazon S3 multipart upload limits": at most 10,000 parts, each of at least 5 MiB but the last. */
const MAX_PARTS = 10_000
const MIN_PART_BYTES = 5 * 1024 * 1024
const MIB = 1024 * 1024
/** S3's largest object until 2025, and still that of other stores; of MP3 it would be years. */
const MAX_OBJECT_BYTES = 5 * 1024 ** 4
/** Opening and aborting an upload are not under the recording's signal, so they get a short limit of their own. */
export const HOUSEKEEPING_MS = 5_000

/**
 * The size of a part for a body of known length: as preferred, larger only where 10,000 parts would not do.
 * @throws MediaError `too-large` for a length that no object has
 */
export function partBytesFor(totalBytes: number, preferredBytes: number): number {
  if (totalBytes > MAX_OBJECT_BYTES)
    throw new MediaError(
      'too-large',
      `${totalBytes} bytes were declared, and an object holds ${MAX_OBJECT_BYTES} at most`,
    )
  return Math.max(MIN_PART_BYTES, preferredBytes, Math.ceil(totalBytes / MAX_PARTS / MIB) * MIB)
}

/** How a body was sent, and what it is. */
export type Upload = {
  readonly media: MediaFacts
  /** CRC-32 of the whole body, unsigned: the full-object checksum of a multipart upload. Undefined for one that was sent whole. */
  readonly crc32?: number
} & (
  | { readonly outcome: 'written'; readonly versionId: string | undefined }
  | { readonly outcome: 'doubtful'; readonly error: unknown }
)

/**
 * A large body in parts: one buffer is filled while the other is sent. Each part carries its CRC-32, the completion
 * the CRC-32 and the size of the whole, and the condition that the key is free. The upload is completed only once
 * `order.watch` has found the whole body good; on every other way out it is aborted, and that is waited for.
 *
 * Resolves to `doubtful` when the completion was refused or unanswered: the object may be there all the same
 * (an answer that got lost, a 200 with an error inside, a 412), which only a look at the key can tell.
 */
export async function uploadParts(
  place: Place,
  order: AudioOrder,
  partBytes: number,
  room: Room,
  clock: Clock,
): Promise<Upload> {
  const target = { Bucket: place.bucket, Key: order.key }
  // Not under the signal: an upload whose id we never learn could not be aborted.
  const { UploadId } = await place.client.send(
    new CreateMultipartUploadCommand({
      ...target,
      ContentType: order.contentType,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
      ...lockParameters(order.lock),
    }),
    { abortSignal: AbortSignal.timeout(HOUSEKEEPING_MS) },
  )
  const upload = { ...target, UploadId }
  using ours = followSignal(order.signal)
  const { signal } = ours
  const parts: CompletedPart[] = []
  const inFlight: Promise<void>[] = room.buffers.map(() => Promise.resolve())
  let completed = false
  let firstFailure: unknown

  const sendPart = async (body: Buffer, number: number, crc: number): Promise<void> => {
    const checksum = crc32Base64(crc)
    const etag =
      (await sendPartDirectly(body, number, checksum)) ?? (await sendPartBySdk(body, number, checksum))
    parts[number - 1] = { PartNumber: number, ETag: etag, ChecksumCRC32: checksum }
  }

  const sendPartDirectly = async (
    body: Buffer,
    number: number,
    checksum: string,
  ): Promise<string | undefined> => {
    if (UploadId === undefined) return undefined
    const query = { partNumber: String(number), uploadId: UploadId }
    const headers = { 'x-amz-checksum-crc32': checksum }
    const answer = await place.direct.send({ method: 'PUT', key: order.key, query, headers, body }, signal)
    return answer?.status === 200 ? answer.headers.etag : undefined
  }

  const sendPartBySdk = async (
    body: Buffer,
    number: number,
    checksum: string,
  ): Promise<string | undefined> => {
    const command = new UploadPartCommand({
      ...upload,
      PartNumber: number,
      Body: body,
      ContentLength: body.length,
      ChecksumCRC32: checksum,
    })
    return (await place.client.send(command, { abortSignal: signal })).ETag
  }

  try {
    signal.throwIfAborted()
    let slot = 0
    let number = 0
    let filled = 0
    let crc = 0
    let crcOfParts = 0
    const send = async (): Promise<void> => {
      const body = (room.buffers[slot] as Buffer).subarray(0, filled)
      number += 1
      const sending = sendPart(body, number, crc)
      // A failure surfaces where the buffer is needed next; until then it must not count as unhandled.
      sending.catch((error: unknown) => {
        firstFailure ??= error
        ours.abort()
      })
      inFlight[slot] = sending
      slot = (slot + 1) % room.buffers.length
      crcOfParts = combineCrc32(crcOfParts, crc, filled)
      crc = 0
      filled = 0
      await inFlight[slot]
    }

    await order.receive({
      room: () => (room.buffers[slot] as Buffer).subarray(filled, partBytes),
      landed(bytes) {
        const came = (room.buffers[slot] as Buffer).subarray(filled, filled + bytes)
        order.watch.update(came)
        crc = crc32(came, crc)
        filled += bytes
        return filled === partBytes ? send() : undefined
      },
    })
    const media = order.watch.finish()
    if (filled > 0) await send()
    await Promise.all(inFlight)

    // Some S3-compatible stores ignore the condition on a completion; asked beforehand, they tell the same.
    if ((await headObject(place, order.key, undefined, signal)) !== undefined)
      return { outcome: 'doubtful', media, crc32: crcOfParts, error: undefined }
    try {
      const command = new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts: parts },
        ChecksumType: 'FULL_OBJECT',
        ChecksumCRC32: crc32Base64(crcOfParts),
        MpuObjectSize: media.bytes,
        IfNoneMatch: '*',
      })
      const { VersionId } = await repeatOnConflict(
        () => place.client.send(command, { abortSignal: signal }),
        clock,
        signal,
      )
      completed = true
      return { outcome: 'written', media, crc32: crcOfParts, versionId: VersionId }
    } catch (error) {
      if (!isAlreadyThere(error)) order.signal.throwIfAborted()
      return { outcome: 'doubtful', media, crc32: crcOfParts, error }
    }
  } catch (error) {
    order.signal.throwIfAborted()
    throw firstFailure ?? error
  } finally {
    ours.abort()
    await Promise.allSettled(inFlight)
    if (!completed) await abortUpload(place, upload)
  }
}

/** Leaves nothing behind that is billed for ever. Never rejects: an upload that is gone already is as good. */
export async function abortUpload(
  place: Place,
  upload: { Bucket: string; Key: string; UploadId: string | undefined },
): Promise<void> {
  try {
    await place.client.send(new AbortMultipartUploadCommand(upload), {
      abortSignal: AbortSignal.timeout(HOUSEKEEPING_MS),
    })
  } catch {
    // The failure that led here must not be hidden by this one: the bucket's lifecycle rule ends what is left.
  }
}
