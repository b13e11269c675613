import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { listNames, remove, writeJson } from './disk.ts'
import { bucketPaths, isBucketName } from './layout.ts'
import type { Bucket, BucketConfig } from './model.ts'
import { recoverBucket } from './recover.ts'
import { S3Error } from './s3-error.ts'

export interface Store {
  directory: string
  buckets: Map<string, Bucket>
}

/** Opens what a directory holds, or makes it; finishes or undoes what a killed process left half done. */
export function openStore(directory: string): Store {
  mkdirSync(join(directory, '.s3'), { recursive: true })
  const buckets = new Map<string, Bucket>()
  for (const name of listNames(join(directory, '.s3'))) {
    const bucket = recoverBucket(bucketPaths(directory, name))
    if (bucket) buckets.set(name, bucket)
  }
  return { directory, buckets }
}

/** @throws {S3Error} NoSuchBucket */
export function getBucket(store: Store, name: string): Bucket {
  const bucket = store.buckets.get(name)
  if (!bucket) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', { BucketName: name })
  return bucket
}

/** Makes a bucket; its `bucket.json` is what makes it exist. @throws {S3Error} InvalidBucketName */
export function createBucket(store: Store, config: BucketConfig): Bucket {
  if (!isBucketName(config.name))
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', { BucketName: config.name })
  const paths = bucketPaths(store.directory, config.name)
  for (const path of [paths.folder, paths.records, paths.bodies, paths.uploads])
    mkdirSync(path, { recursive: true })
  const bucket: Bucket = {
    paths,
    config,
    records: new Map(),
    keys: [],
    uploads: new Map(),
    deletions: new Map(),
  }
  saveBucket(bucket, config)
  store.buckets.set(config.name, bucket)
  return bucket
}

/** Replaces a bucket's configuration. */
export function saveBucket(bucket: Bucket, config: BucketConfig): void {
  writeJson(bucket.paths.config, config)
  bucket.config = config
}

/** Removes a bucket, with its open uploads. @throws {S3Error} BucketNotEmpty while it holds any version */
export function deleteBucket(store: Store, bucket: Bucket): void {
  if (bucket.records.size > 0)
    throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty', {
      BucketName: bucket.config.name,
    })
  store.buckets.delete(bucket.config.name)
  remove(bucket.paths.config)
  remove(bucket.paths.root)
  try {
    rmdirSync(bucket.paths.folder)
  } catch {
    // A person has put files of their own there: they stay.
  }
}
