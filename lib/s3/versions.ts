import { ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3'
import { StoreError } from '../errors.ts'
import { storeFailure } from './failure.ts'

/** One version of a key, or the mark that it was deleted. */
export interface ObjectVersion {
  readonly key: string
  /** `null` (as a text) for what was written before the bucket kept versions. */
  readonly versionId: string | undefined
  readonly isLatest: boolean
  readonly isDeleteMarker: boolean
  /** 0 for a delete marker. */
  readonly bytes: number
  readonly lastModified: Date | undefined
}

/**
 * Lists all versions and delete markers under a prefix, by key. Of one key the versions come newest first (S3 User Guide, "Listing
 * objects in a versioning-enabled bucket"), and so do the markers, but not among them: the SDK parts the two page by page.
 * @param startAfter only keys behind this one
 * @throws StoreError or ConfigurationError if the bucket fails: what came before it is not all
 */
export async function* listVersions(
  client: S3Client,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
  startAfter?: string,
): AsyncGenerator<ObjectVersion, void, undefined> {
  let after: { KeyMarker?: string; VersionIdMarker?: string } | undefined =
    startAfter === undefined ? {} : { KeyMarker: startAfter }
  while (after !== undefined) {
    const page = await readPage({ Bucket: bucket, Prefix: prefix, ...after })
    yield* page.versions
    after = page.after
  }

  async function readPage(input: ConstructorParameters<typeof ListObjectVersionsCommand>[0]) {
    try {
      const page = await client.send(new ListObjectVersionsCommand(input), { abortSignal: signal })
      const { Versions = [], DeleteMarkers = [], NextKeyMarker, NextVersionIdMarker } = page
      const versions = [
        ...Versions.map((each) => toVersion(each, false)),
        ...DeleteMarkers.map((each) => toVersion(each, true)),
      ].toSorted((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
      if (page.IsTruncated !== true) return { versions, after: undefined }
      if (NextKeyMarker === undefined)
        throw new StoreError(`list versions of ${prefix}: S3 says that more follow, and not from where`)
      const within = NextVersionIdMarker === undefined ? {} : { VersionIdMarker: NextVersionIdMarker }
      return { versions, after: { KeyMarker: NextKeyMarker, ...within } }
    } catch (error) {
      signal.throwIfAborted()
      throw storeFailure('list versions of', prefix, error)
    }
  }
}

interface Listed {
  readonly Key?: string | undefined
  readonly VersionId?: string | undefined
  readonly IsLatest?: boolean | undefined
  readonly Size?: number | undefined
  readonly LastModified?: Date | undefined
}

function toVersion(listed: Listed, isDeleteMarker: boolean): ObjectVersion {
  return {
    key: listed.Key ?? '',
    versionId: listed.VersionId,
    isLatest: listed.IsLatest ?? false,
    isDeleteMarker,
    bytes: listed.Size ?? 0,
    lastModified: listed.LastModified,
  }
}
