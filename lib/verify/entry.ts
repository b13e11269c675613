/** One version of an object, or the mark that it was deleted, as a listing shows it. */
export interface ListedVersion {
  readonly key: string
  /** `null` (as a text) for what was written before the bucket kept versions; undefined where it keeps none. */
  readonly versionId: string | undefined
  readonly isLatest: boolean
  readonly isDeleteMarker: boolean
  /** 0 for a delete marker. */
  readonly bytes: number
  readonly lastModified: Date | undefined
}

/** Everything that lies under one key; the newest version comes first. */
export interface ListedObject {
  readonly key: string
  readonly versions: readonly ListedVersion[]
}

/** What a listing shows of one recording. */
export interface Entry {
  readonly recordingId: string
  readonly sidecar: ListedObject
  readonly audio: ListedObject
}

/** What lies under `recordings/<workspace>/`: recordings, and keys that are none of ours. */
export type Listed =
  | { readonly kind: 'recording'; readonly entry: Entry }
  | { readonly kind: 'unknown'; readonly version: ListedVersion }

/** Puts the versions of a listing together, recording by recording, without holding more than one. */
export interface Grouping {
  /** Takes the next version of a listing in order of keys; gives what is complete by now, in that order. */
  add(this: void, version: ListedVersion): readonly Listed[]
  /** Gives the last recording; to be called once, at the end of the listing. */
  end(this: void): readonly Listed[]
}

const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(json|mp3)$/

/** @param prefix `…recordings/<workspace>/`: all versions begin so */
export function createGrouping(prefix: string): Grouping {
  let open: { id: string; json: ListedVersion[]; mp3: ListedVersion[] } | undefined
  const close = (): readonly Listed[] => {
    if (open === undefined) return []
    const { id, json, mp3 } = open
    open = undefined
    return [{ kind: 'recording', entry: toEntry(prefix, id, json, mp3) }]
  }
  return {
    add(version) {
      const [, id, extension] = NAME.exec(version.key.slice(prefix.length)) ?? []
      // Its audio is the last that can come of a recording.
      const isOver = open !== undefined && version.key > audioKey(prefix, open.id)
      const closed = isOver ? close() : []
      if (id === undefined) return version.isLatest ? [...closed, { kind: 'unknown', version }] : closed
      open ??= { id, json: [], mp3: [] }
      open[extension === 'json' ? 'json' : 'mp3'].push(version)
      return closed
    },
    end: close,
  }
}

/** A recording of which a listing shows nothing. */
export function emptyEntry(prefix: string, recordingId: string): Entry {
  return toEntry(prefix, recordingId, [], [])
}

function toEntry(
  prefix: string,
  recordingId: string,
  json: readonly ListedVersion[],
  mp3: readonly ListedVersion[],
): Entry {
  return {
    recordingId,
    sidecar: { key: `${prefix}${recordingId}.json`, versions: json.toSorted(newestFirst) },
    audio: { key: audioKey(prefix, recordingId), versions: mp3.toSorted(newestFirst) },
  }
}

/** Where a recording's audio lies: behind its sidecar, in the order of keys. */
export function audioKey(prefix: string, recordingId: string): string {
  return `${prefix}${recordingId}.mp3`
}

function newestFirst(one: ListedVersion, other: ListedVersion): number {
  if (one.isLatest !== other.isLatest) return one.isLatest ? -1 : 1
  return (other.lastModified?.getTime() ?? 0) - (one.lastModified?.getTime() ?? 0)
}

/** The newest version that holds anything, be it under a delete marker; undefined where there is none. */
export function newestOf({ versions }: ListedObject): ListedVersion | undefined {
  return versions.find(({ isDeleteMarker }) => !isDeleteMarker)
}

/** The oldest version that holds anything: what was archived, for each object is written once. */
export function oldestOf({ versions }: ListedObject): ListedVersion | undefined {
  return versions.findLast(({ isDeleteMarker }) => !isDeleteMarker)
}

/** Whether readers find nothing under the key, although something may lie there. */
export function isDeleted({ versions }: ListedObject): boolean {
  return versions[0]?.isDeleteMarker === true
}

/** Whether nothing of a recording is there at all. */
export function isEmpty({ sidecar, audio }: Entry): boolean {
  return sidecar.versions.length === 0 && audio.versions.length === 0
}

/** Whether the listing alone shows that something is not as the archiver leaves it: one version of each, and no marks. */
export function isIrregular({ sidecar, audio }: Entry): boolean {
  return (
    sidecar.versions.length !== 1 || audio.versions.length !== 1 || isDeleted(sidecar) || isDeleted(audio)
  )
}
