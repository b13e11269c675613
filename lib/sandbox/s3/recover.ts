import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { listNames, makeParents, move, readJson, remove, writeJson } from './disk.ts'
import { filePathOfKey, recordFileName } from './layout.ts'
import type { BucketPaths } from './layout.ts'
import type { Bucket, BucketConfig, KeyRecord, Upload, UploadConfig, UploadedPart } from './model.ts'
import { compareKeys } from './order.ts'

/** Reads a file that we wrote, so one look at its outline is enough. */
function read<T extends object>(path: string, member: keyof T): T {
  const value = readJson(path)
  const isOurs = (it: unknown): it is T => typeof it === 'object' && it !== null && member in it
  if (!isOurs(value)) throw new TypeError(`${path} was not written by this server`)
  return value
}

function removeLeftovers(directory: string): void {
  for (const name of listNames(directory)) if (name.endsWith('.tmp')) remove(join(directory, name))
}

/**
 * Rebuilds a bucket from disk. A record is the truth: a current body that had not yet been moved to its place in the folder is moved
 * now, bodies that no record names are uploads cut short and go, uploads whose object exists are finished and go.
 * Gives nothing for a bucket that was never finished or already deleted.
 */
export function recoverBucket(paths: BucketPaths): Bucket | undefined {
  if (!existsSync(paths.config)) {
    remove(paths.root)
    return undefined
  }
  for (const path of [paths.folder, paths.records, paths.bodies, paths.uploads])
    mkdirSync(path, { recursive: true })
  removeLeftovers(paths.root)
  removeLeftovers(paths.records)
  const records = new Map<string, KeyRecord>()
  for (const name of listNames(paths.records)) {
    const record = read<KeyRecord>(join(paths.records, name), 'versions')
    records.set(record.key, record)
  }
  const stray = new Set(listNames(paths.bodies))
  const completed = new Set<string>()
  for (const record of records.values()) {
    settle(paths, record, stray)
    for (const { bodyId, uploadId } of record.versions) {
      stray.delete(bodyId)
      if (uploadId !== undefined) completed.add(uploadId)
    }
  }
  for (const bodyId of stray) remove(join(paths.bodies, bodyId))
  return {
    paths,
    config: read<BucketConfig>(paths.config, 'documents'),
    records,
    keys: [...records.keys()].toSorted(compareKeys),
    uploads: recoverUploads(paths, completed),
    deletions: new Map(),
  }
}

function settle(paths: BucketPaths, record: KeyRecord, bodies: Set<string>): void {
  const current = record.versions[0]
  if (!record.inFolder || !current || !bodies.has(current.bodyId)) return
  const visible = join(paths.folder, filePathOfKey(record.key))
  if (makeParents(visible) && move(join(paths.bodies, current.bodyId), visible)) return
  record.inFolder = false
  writeJson(join(paths.records, recordFileName(record.key)), record)
}

function recoverUploads(paths: BucketPaths, completed: Set<string>): Map<string, Upload> {
  const uploads = new Map<string, Upload>()
  for (const uploadId of listNames(paths.uploads)) {
    const directory = join(paths.uploads, uploadId)
    const names = new Set(listNames(directory))
    if (completed.has(uploadId) || !names.delete('upload.json')) {
      remove(directory)
      continue
    }
    const parts = new Map<number, UploadedPart>()
    for (const name of names) {
      if (!name.endsWith('.json')) continue
      const part = read<UploadedPart>(join(directory, name), 'bodyId')
      parts.set(part.partNumber, part)
      names.delete(name)
    }
    for (const { bodyId } of parts.values()) names.delete(bodyId)
    for (const name of names) remove(join(directory, name))
    uploads.set(uploadId, { config: read<UploadConfig>(join(directory, 'upload.json'), 'uploadId'), parts })
  }
  return uploads
}
