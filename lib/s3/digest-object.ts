import { createHash } from 'node:crypto'
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'

/**
 * Reads a whole object again and digests it; `bytes` are counted, not believed, and `sha256` is in hex.
 * @throws the SDK's exception
 */
export async function digestObject(
  { client, bucket }: { readonly client: S3Client; readonly bucket: string },
  key: string,
  versionId: string | undefined,
  signal: AbortSignal,
): Promise<{ sha256: string; bytes: number }> {
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(versionId !== undefined && { VersionId: versionId }),
  })
  const { Body } = await client.send(command, { abortSignal: signal })
  const sha256 = createHash('sha256')
  let bytes = 0
  for await (const chunk of Body as AsyncIterable<Uint8Array>) {
    sha256.update(chunk)
    bytes += chunk.length
  }
  return { sha256: sha256.digest('hex'), bytes }
}
