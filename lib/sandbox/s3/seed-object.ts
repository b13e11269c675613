import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDigests, writeBody } from './body-file.ts'
import type { WrittenBody } from './body-file.ts'
import type { Bucket } from './model.ts'
import { commitVersion, newVersionId } from './write-version.ts'

/** Puts an object into a bucket without a request, as if it had always been there. */
export async function seedObject(
  bucket: Bucket,
  key: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  contentType: string,
  now: Date,
): Promise<void> {
  const { bodyId, size, md5, checksum } =
    body instanceof Uint8Array ? writeWhole(bucket, body) : await writePieces(bucket, body)
  commitVersion(
    bucket,
    key,
    {
      versionId: newVersionId(bucket),
      modified: now.toISOString(),
      deleteMarker: false,
      size,
      etag: md5,
      bodyId,
      headers: { 'content-type': contentType, 'x-amz-server-side-encryption': 'AES256' },
      tags: [],
      checksum,
    },
    () => undefined,
  )
}

/** In one go: tens of thousands of small objects take seconds so, and a minute otherwise. */
function writeWhole(bucket: Bucket, body: Uint8Array): WrittenBody {
  const bodyId = randomUUID()
  writeFileSync(join(bucket.paths.bodies, bodyId), body)
  const digests = createDigests('CRC64NVME')
  digests.update(body)
  return { bodyId, ...digests.finish() }
}

async function writePieces(bucket: Bucket, body: AsyncIterable<Uint8Array>): Promise<WrittenBody> {
  return await writeBody(bucket.paths.bodies, async (write) => {
    const digests = createDigests('CRC64NVME')
    for await (const chunk of body) {
      digests.update(chunk)
      await write(chunk)
    }
    return digests.finish()
  })
}
