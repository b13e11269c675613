import { createDigests, writeBody } from './body-file.ts'
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
  const { bodyId, size, md5, checksum } = await writeBody(bucket.paths.bodies, async (write) => {
    const digests = createDigests('CRC64NVME')
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      digests.update(chunk)
      await write(chunk)
    }
    return digests.finish()
  })
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
