import { createHash } from 'node:crypto'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { CatalogDay } from '../catalog/coverage.ts'
import { type WrittenManifest, writeManifest } from '../catalog/manifest.ts'
import { findDoubtful, renewManifests } from '../catalog/renewal.ts'
import type { CatalogKeys, ListedSegment } from '../catalog/segments.ts'
import { StoreError } from '../errors.ts'
import { storeFailure } from './failure.ts'
import type { Place } from './stored.ts'
import type { Texts } from './texts.ts'

/** What a compaction asks of the bucket to vouch for what it has written. */
export interface CompactObjects {
  /**
   * SHA-256 (hex) of an object as it was listed.
   * @throws StoreError where another one lies there by now, or it cannot be read
   */
  digest(this: void, file: ListedSegment, signal: AbortSignal): Promise<string>
  /**
   * Writes a manifest, if it is not there yet.
   * @throws StoreError where something else lies there, or it cannot be written
   */
  keepManifest(
    this: void,
    workspaceId: string,
    day: string,
    manifest: WrittenManifest,
    signal: AbortSignal,
  ): Promise<void>
  /**
   * Looks again at what lies in the place of compacts: where it is what was written, a manifest more tells its size and ETag.
   * Resolves to the day as it is then.
   * @throws StoreError or ConfigurationError if that cannot be read or written
   */
  renew(this: void, workspaceId: string, day: CatalogDay, signal: AbortSignal): Promise<CatalogDay>
}

export function createCompactObjects(
  { client, bucket }: Place,
  texts: Texts,
  keys: CatalogKeys,
): CompactObjects {
  const digest: CompactObjects['digest'] = async ({ key, etag }, signal) => {
    const sha256 = createHash('sha256')
    try {
      const command = new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag })
      const { Body } = await client.send(command, { abortSignal: signal })
      for await (const chunk of Body as AsyncIterable<Uint8Array>) sha256.update(chunk)
    } catch (error) {
      signal.throwIfAborted()
      throw storeFailure('read', key, error)
    }
    return sha256.digest('hex')
  }

  const keepManifest: CompactObjects['keepManifest'] = async (workspaceId, day, manifest, signal) => {
    const { id, text } = writeManifest(manifest)
    const key = keys.manifest(workspaceId, day, id)
    const isWritten = await texts.writeOnce(key, text, 'application/json', undefined, signal)
    if (!isWritten && (await texts.read(key, signal)) !== text)
      throw new StoreError(`${key} is not what was written there: move it away`)
  }

  return {
    digest,
    keepManifest,
    async renew(workspaceId, day, signal) {
      const digests = new Map<string, string>()
      for (const file of findDoubtful(day)) digests.set(file.name, await digest(file, signal))
      const renewed = renewManifests(day, digests)
      for (const manifest of renewed) await keepManifest(workspaceId, day.day, manifest, signal)
      return { ...day, manifests: [...day.manifests, ...renewed] }
    },
  }
}
