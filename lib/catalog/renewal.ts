import { type CatalogDay, findReplaced, isOf, isVouchedFor } from './coverage.ts'
import type { CompactFile, Manifest, WrittenManifest } from './manifest.ts'
import type { ListedSegment } from './segments.ts'

/**
 * What has another ETag than a compaction has written may be a copy of the same bytes, in a bucket that everything was moved to:
 * its SHA-256 tells. These are the files to read for that.
 */
export function findDoubtful(day: CatalogDay): readonly ListedSegment[] {
  const told = findOutdated(day).flatMap((manifest) =>
    filesOf(manifest, day).filter((file) => !isVouchedFor(file, { manifests: [manifest] })),
  )
  return [...new Set(told)]
}

/**
 * Writes anew what manifests tell of sizes and ETags, where the SHA-256 of all files is the one that they tell.
 * @param digests SHA-256 (hex) of what {@link findDoubtful} names, by its name
 */
export function renewManifests(
  day: CatalogDay,
  digests: ReadonlyMap<string, string>,
): readonly WrittenManifest[] {
  return findOutdated(day).flatMap((manifest) => {
    const found = filesOf(manifest, day)
    const files = manifest.files.flatMap(({ name, sha256 }): readonly CompactFile[] => {
      const file = found.find((each) => each.name === name)
      if (file === undefined) return []
      const isWritten = isVouchedFor(file, { manifests: [manifest] }) || digests.get(name) === sha256
      return isWritten ? [{ name, sha256, bytes: file.bytes, etag: file.etag }] : []
    })
    return files.length === manifest.files.length ? [{ ...manifest, files }] : []
  })
}

/** Manifests that name something in whose place something else lies, as it seems. */
function findOutdated(day: CatalogDay): readonly Manifest[] {
  const replaced = findReplaced(day)
  return day.manifests.filter((manifest) => replaced.some(({ name }) => isOf(name, manifest)))
}

function filesOf(manifest: Manifest, { files }: CatalogDay): readonly ListedSegment[] {
  return files.filter(({ name }) => isOf(name, manifest))
}
