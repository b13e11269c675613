import type { Manifest } from './manifest.ts'
import type { ListedSegment } from './segments.ts'

/** What is known of a day. */
export interface CatalogDay {
  readonly day: string
  /** Segments and compacts, in the order of their names. */
  readonly files: readonly ListedSegment[]
  readonly manifests: readonly Manifest[]
}

type Holdings = Pick<CatalogDay, 'files' | 'manifests'>

/**
 * Drops the files of a day whose rows are in a compact that is there, all of it. A compact is dropped only for one that has
 * all that it has: two that name each other are both read. Dropped is, too, what lies in the place of a compact and is not it.
 */
export function dropCovered(day: Holdings): readonly ListedSegment[] {
  const whole = findWhole(day)
  const made = Map.groupBy(
    whole.flatMap(({ files, members }) => files.map(({ name }) => ({ name, members }))),
    ({ name }) => name,
  )
  const isCoveredBy = (name: string, members: ReadonlySet<string>): boolean =>
    members.has(name) &&
    (made.get(name) ?? []).every((each) => each.members.every((member) => members.has(member)))
  const covers = whole.map(({ members }) => new Set(members))
  const replaced = new Set(findReplaced(day))
  return day.files.filter(
    (file) => !replaced.has(file) && !covers.some((members) => isCoveredBy(file.name, members)),
  )
}

/** Whether all that has to be read of a day is one file, or those that were written together as one compact. */
export function isCompact(day: Holdings): boolean {
  const wanted = dropCovered(day)
  return (
    wanted.length <= 1 || day.manifests.some((manifest) => wanted.every(({ name }) => isOf(name, manifest)))
  )
}

/** Files of a day, and what those among them were made of that are compacts, all of it: what a compact of them covers. */
export function membersOf(names: readonly string[], day: Holdings): readonly string[] {
  const inherited = findWhole(day)
    .filter(({ files }) => files.every(({ name }) => names.includes(name)))
    .flatMap(({ members }) => members)
  return [...new Set([...names, ...inherited])].toSorted()
}

/** What lies in the place of a compact and is another object than any of the manifests tells that name it. */
export function findReplaced({ files, manifests }: Holdings): readonly ListedSegment[] {
  const told = Map.groupBy(
    manifests.flatMap((manifest) => manifest.files),
    ({ name }) => name,
  )
  return files.filter((file) => told.get(file.name)?.every((each) => !isAsTold(file, each)) === true)
}

export function describeReplaced({ key }: ListedSegment): string {
  return `${key} is not what was written there: move it away`
}

/** Those of a day's manifests whose files are there, all of them. An empty one is none: Athena passes over it without a word. */
function findWhole({ files, manifests }: Holdings): readonly Manifest[] {
  const there = new Map(files.filter(({ bytes }) => bytes !== 0).map((file) => [file.name, file]))
  return manifests.filter((manifest) =>
    manifest.files.every((told) => {
      const file = there.get(told.name)
      return file !== undefined && isAsTold(file, told)
    }),
  )
}

/** Whether a file is known to be what a compaction has written: by its size and ETag, not by its name alone. */
export function isVouchedFor(file: ListedSegment, { manifests }: Pick<Holdings, 'manifests'>): boolean {
  const told = manifests.flatMap((manifest) => manifest.files).filter(({ name }) => name === file.name)
  return told.some((each) => each.etag !== undefined && isAsTold(file, each))
}

/** Whether all rows of a compact that cannot be had are in what can: in that which it was made of. */
export function isMadeUpFor(name: string, day: Holdings): boolean {
  const replaced = new Set(findReplaced(day))
  const had = new Set(day.files.filter((file) => !replaced.has(file)).map((file) => file.name))
  for (let before = -1; before !== had.size;) {
    before = had.size
    for (const { files, members } of day.manifests)
      if (members.every((member) => had.has(member))) for (const file of files) had.add(file.name)
  }
  return had.has(name)
}

/** What rows may be missing of a day because something lies in the place of a compact, and of what it was made of. */
export function describeLost(day: Holdings): readonly string[] {
  return findReplaced(day)
    .filter(({ name }) => !isMadeUpFor(name, day))
    .map(
      ({ key }) =>
        `${key} is not what was written there, nor is all there that it was made of: move it away, and have bird-archive catalog rebuild write the rows of all sidecars again`,
    )
}

export function isOf(name: string, { files }: Manifest): boolean {
  return files.some((file) => file.name === name)
}

/** By its name alone where a manifest tells no more. */
function isAsTold(file: ListedSegment, told: Manifest['files'][number]): boolean {
  return told.etag === undefined || (told.etag === file.etag && told.bytes === file.bytes)
}
