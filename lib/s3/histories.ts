import type { S3Client } from '@aws-sdk/client-s3'
import type { Texts } from './texts.ts'
import { listVersions, type ObjectVersion } from './versions.ts'

/** What has become of a key that is written once: nothing but its oldest version was ever ours. */
export interface History {
  readonly key: string
  /** The oldest version; undefined where only delete markers are left. */
  readonly original: ObjectVersion | undefined
  /** What was written over it, newest first. */
  readonly later: readonly ObjectVersion[]
  /** The delete marker that hides all of it. */
  readonly marker: ObjectVersion | undefined
}

/**
 * The histories of all keys under a prefix, in the order of the keys.
 * @param startAfter only keys behind this one
 * @throws StoreError or ConfigurationError if the bucket fails: what came before it is not all
 */
export async function* listHistories(
  client: S3Client,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
  startAfter?: string,
): AsyncGenerator<History, void, undefined> {
  let open: ObjectVersion[] = []
  for await (const version of listVersions(client, bucket, prefix, signal, startAfter)) {
    // A store that begins with the very key that it was to begin behind.
    if (startAfter !== undefined && version.key <= startAfter) continue
    const [first] = open
    if (first !== undefined && first.key !== version.key) {
      yield toHistory(first.key, open)
      open = []
    }
    open.push(version)
  }
  const [first] = open
  if (first !== undefined) yield toHistory(first.key, open)
}

function toHistory(key: string, all: readonly ObjectVersion[]): History {
  const versions = all.filter(({ isDeleteMarker }) => !isDeleteMarker)
  return {
    key,
    original: versions.at(-1),
    later: versions.slice(0, -1),
    marker: all.find(({ isDeleteMarker, isLatest }) => isDeleteMarker && isLatest),
  }
}

/** So many versions on top of another are read; more are no accident. */
const MOST_LATER = 4

/**
 * Whether something lies on top of the original that says otherwise. Two that wrote at once leave two of the same on stores
 * without conditional writes: docs/s3-compatible.md.
 * @param agrees whether a text says the same
 */
export async function isWrittenOver(
  { key, later }: History,
  agrees: (text: string) => boolean,
  texts: Pick<Texts, 'read'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (later.length > MOST_LATER) return true
  const found = await Promise.all(later.map((version) => texts.read(key, signal, versionIdOf(version))))
  return !found.every((text) => text !== undefined && agrees(text))
}

/** How a version is asked for: the present one of a bucket that keeps no versions has no id. */
export function versionIdOf({
  versionId,
  isLatest,
}: Pick<ObjectVersion, 'versionId' | 'isLatest'>): string | undefined {
  return versionId === 'null' && isLatest ? undefined : versionId
}
