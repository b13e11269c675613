import type { Claim } from './claim.ts'
import { type Entry, type ListedVersion, newestOf, oldestOf } from './entry.ts'

/** What lies in the archive and belongs to no recording, or not any more; docs/verify.md explains each. */
export const ORPHANS = [
  'audio-without-sidecar',
  'extra-version',
  'disputed-version',
  'unfinished-upload',
  'unknown-object',
] as const
export type OrphanKind = (typeof ORPHANS)[number]

export interface Orphan {
  readonly kind: OrphanKind
  readonly key: string
  readonly versionId?: string | undefined
  readonly uploadId?: string | undefined
  readonly since?: Date | undefined
}

/** What takes longer to get its sidecar, or to be completed, is not on its way any more: five deliveries take 7.5 hours. */
const ON_ITS_WAY_MS = 24 * 3_600_000

/** Whether something that is not complete may still become so. */
function isOnItsWay(since: Date | undefined, now: Date): boolean {
  return since !== undefined && now.getTime() - since.getTime() < ON_ITS_WAY_MS
}

/**
 * What a listing shows of a recording beyond the one version of each object that belongs there. One on top is a finding of its
 * own: deleted, or overwritten.
 *
 * | the sidecar                                 | another version beneath, of either object |
 * | ------------------------------------------- | ----------------------------------------- |
 * | one version, which names its audio          | extra-version                             |
 * | more than one, or a delete marker among them | disputed-version                          |
 * | nothing that can be read                    | disputed-version                          |
 *
 * @param claim what the oldest version of the sidecar says; undefined where that is no sidecar
 */
export function findOrphans(
  { sidecar, audio }: Entry,
  claim: Pick<Claim, 'versionId'> | undefined,
  now: Date,
): readonly Orphan[] {
  if (sidecar.versions.length === 0) {
    const held = newestOf(audio)
    return held === undefined || isOnItsWay(held.lastModified, now)
      ? []
      : [toOrphan('audio-without-sidecar', held)]
  }
  // Whoever wrote over the sidecar may have written what names the wrong audio, too.
  const isDisputed = claim === undefined || sidecar.versions.length > 1
  const kind = isDisputed ? 'disputed-version' : 'extra-version'
  const kept = [nameVersion(oldestOf(sidecar)), claim && nameVersion(claim)]
  return [sidecar, audio].flatMap(({ versions }, index) =>
    versions
      .slice(1)
      .filter((version) => nameVersion(version) !== kept[index])
      .map((version) => toOrphan(kind, version)),
  )
}

/** What was written before the bucket kept versions has none in a sidecar, and `null` in a listing. */
function nameVersion(version: Pick<ListedVersion, 'versionId'> | undefined): string {
  return version?.versionId ?? 'null'
}

/** A key that is none of ours. */
export function toUnknown(version: ListedVersion): Orphan {
  return toOrphan('unknown-object', version)
}

function toOrphan(kind: OrphanKind, { key, versionId, lastModified }: ListedVersion): Orphan {
  return { kind, key, versionId, since: lastModified }
}

/** An upload that nobody will complete any more; undefined where somebody still may. */
export function toUnfinished(
  upload: { readonly key: string; readonly uploadId: string; readonly initiated: Date | undefined },
  now: Date,
): Orphan | undefined {
  const { key, uploadId, initiated } = upload
  return isOnItsWay(initiated, now)
    ? undefined
    : { kind: 'unfinished-upload', key, uploadId, since: initiated }
}
