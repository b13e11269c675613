import { openSync } from 'node:fs'
import { join } from 'node:path'
import { isTaken, makeParents, move, remove, removeEmptyParents, writeJson } from './disk.ts'
import { filePathOfKey, recordFileName } from './layout.ts'
import type { Bucket, KeyRecord, Version } from './model.ts'
import { insertOrdered, removeOrdered } from './order.ts'
import { S3Error } from './s3-error.ts'

/** The version that a GET without a version id means; undefined when there is none or it is a delete marker. */
export function currentVersion(bucket: Bucket, key: string): Version | undefined {
  const newest = bucket.records.get(key)?.versions[0]
  return newest?.deleteMarker ? undefined : newest
}

function storedPath(bucket: Bucket, bodyId: string): string {
  return join(bucket.paths.bodies, bodyId)
}

/** Removes a written body that becomes no version. */
export function discardBody(bucket: Bucket, bodyId: string): void {
  remove(storedPath(bucket, bodyId))
}

function visiblePath(bucket: Bucket, key: string): string {
  return join(bucket.paths.folder, filePathOfKey(key))
}

/** Where a version's body lies now. */
function bodyPath(bucket: Bucket, key: string, version: Version): string {
  const record = bucket.records.get(key)
  return record?.inFolder && record.versions[0]?.bodyId === version.bodyId
    ? visiblePath(bucket, key)
    : storedPath(bucket, version.bodyId)
}

/**
 * Opens a version's body for reading; the descriptor stays good when the object is replaced meanwhile.
 * @throws {S3Error} NoSuchKey when somebody has taken the file out of the folder by hand
 */
export function openBody(bucket: Bucket, key: string, version: Version): number {
  try {
    return openSync(bodyPath(bucket, key, version), 'r')
  } catch {
    throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key })
  }
}

/** Whether the key may have its file in the folder: not when another key's file or directory is in the way. */
function claimsFolder(bucket: Bucket, key: string, owned: boolean): boolean {
  const visible = visiblePath(bucket, key)
  return makeParents(visible) && (owned || !isTaken(visible))
}

/**
 * Replaces all that is stored of a key by `versions` (newest first; none removes the key). The record's rename is the moment at
 * which it happens; every step before can be undone, every step after repeated, by the recovery at the next start:
 * 1. the body that stops being current leaves the folder; 2. the record; 3. the new current body enters the folder; 4. bodies
 * that nothing names are removed.
 */
export function saveVersions(bucket: Bucket, key: string, versions: Version[]): void {
  const old = bucket.records.get(key)
  const oldVisible = old?.inFolder ? old.versions[0]?.bodyId : undefined
  const kept = new Set(versions.map(({ bodyId }) => bodyId))
  const current = versions[0]
  const inFolder =
    current !== undefined && !current.deleteMarker && claimsFolder(bucket, key, oldVisible !== undefined)
  const newVisible = inFolder ? current.bodyId : undefined
  const visible = visiblePath(bucket, key)
  const recordPath = join(bucket.paths.records, recordFileName(key))

  const overwritten = newVisible !== undefined && oldVisible !== undefined && !kept.has(oldVisible)
  if (oldVisible !== undefined && oldVisible !== newVisible && !overwritten)
    move(visible, storedPath(bucket, oldVisible))

  const record: KeyRecord = { key, inFolder, versions }
  if (current) {
    writeJson(recordPath, record)
    bucket.records.set(key, record)
    if (!old) insertOrdered(bucket.keys, key)
  } else {
    remove(recordPath)
    bucket.records.delete(key)
    removeOrdered(bucket.keys, key)
  }

  if (
    newVisible !== undefined &&
    newVisible !== oldVisible &&
    !move(storedPath(bucket, newVisible), visible)
  ) {
    record.inFolder = false
    writeJson(recordPath, record)
  }
  for (const { bodyId } of old?.versions ?? [])
    if (bodyId !== '' && !kept.has(bodyId)) remove(storedPath(bucket, bodyId))
  if (oldVisible !== undefined && newVisible === undefined) removeEmptyParents(visible, bucket.paths.folder)
}

/** The versions of a key after a new one came: on top of the others, or in place of the one called `null`. */
export function versionsWith(bucket: Bucket, key: string, added: Version): Version[] {
  const before = bucket.records.get(key)?.versions ?? []
  return [added, ...before.filter(({ versionId }) => versionId !== added.versionId)]
}
