import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { remove, writeJson } from './disk.ts'
import type { Bucket, Upload, UploadConfig, UploadedPart } from './model.ts'
import { S3Error } from './s3-error.ts'

/** The directory that holds an upload's parts and what is known of them. */
export function uploadDirectory(bucket: Bucket, uploadId: string): string {
  return join(bucket.paths.uploads, uploadId)
}

/** Begins an upload; its `upload.json` is what makes it exist. */
export function startUpload(bucket: Bucket, config: Omit<UploadConfig, 'uploadId'>): Upload {
  const uploadId = randomBytes(24).toString('base64url')
  const upload: Upload = { config: { uploadId, ...config }, parts: new Map() }
  mkdirSync(uploadDirectory(bucket, uploadId))
  writeJson(join(uploadDirectory(bucket, uploadId), 'upload.json'), upload.config)
  bucket.uploads.set(uploadId, upload)
  return upload
}

/** @throws {S3Error} NoSuchUpload, also when the id belongs to another key */
export function findUpload(bucket: Bucket, key: string, uploadId: string): Upload {
  const upload = bucket.uploads.get(uploadId)
  if (upload?.config.key === key) return upload
  throw new S3Error(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: uploadId },
  )
}

/** Waits until no completion of the upload is under way, however it ends. */
export async function settled(bucket: Bucket, uploadId: string): Promise<void> {
  for (;;) {
    const completing = bucket.uploads.get(uploadId)?.completing
    if (!completing) return
    await completing.catch(() => undefined)
  }
}

/** Keeps a written part, in place of an earlier one of its number. */
export function savePart(bucket: Bucket, upload: Upload, part: UploadedPart): void {
  const directory = uploadDirectory(bucket, upload.config.uploadId)
  const before = upload.parts.get(part.partNumber)
  writeJson(join(directory, `${part.partNumber}.json`), part)
  upload.parts.set(part.partNumber, part)
  if (before) remove(join(directory, before.bodyId))
}

/** Forgets an upload and removes its parts. */
export function removeUpload(bucket: Bucket, upload: Upload): void {
  const { uploadId } = upload.config
  bucket.uploads.delete(uploadId)
  // Without its upload.json the rest is a leftover, should we be killed on the way.
  remove(join(uploadDirectory(bucket, uploadId), 'upload.json'))
  remove(uploadDirectory(bucket, uploadId))
}
