import * as v from 'valibot'
import { Moment, readDocument } from '../archive/document.ts'
import { isRecordingId, WORKSPACE_ID } from '../archive/message.ts'

/** Identifies the form of the document that says for which cases a recording is held. */
const HOLDS_SCHEMA = 'urn:bird-recording-archiver:holds:1'

/** One version of an object. `versionId` is undefined where the bucket keeps none. */
export interface HeldVersion {
  readonly key: string
  readonly versionId: string | undefined
  /** It was held before this program held it; whoever did that has to release it. */
  readonly heldBefore: boolean
}

/** Who did it, when, and why. */
export interface HoldAct {
  readonly at: Date
  readonly by: string
  readonly reason: string
}

/** A case for which a recording is held, or was: with `released`, it is history. */
export interface HoldCase {
  readonly caseNumber: string
  readonly placed: HoldAct
  readonly released: HoldAct | undefined
}

/** What is known of a recording's holds: every case that there ever was, in order of time. */
export interface Holds {
  readonly workspaceId: string
  readonly recordingId: string
  readonly cases: readonly HoldCase[]
  /** On which versions this program has placed the hold, or is about to; empty once it was released there. */
  readonly versions: readonly HeldVersion[]
}

export function noHolds(workspaceId: string, recordingId: string): Holds {
  return { workspaceId, recordingId, cases: [], versions: [] }
}

/** The cases that keep a recording held. */
export function openCases({ cases }: Pick<Holds, 'cases'>): readonly HoldCase[] {
  return cases.filter(({ released }) => released === undefined)
}

/**
 * Adds a case. A recording is held once for a case, however often that is asked for; for one that was released it is held
 * anew, and the former hold stays as history.
 *
 * | the case in the document | afterwards        |
 * | ------------------------ | ----------------- |
 * | never, or released only  | one more, open    |
 * | open                     | as it was         |
 */
export function placeCase(
  holds: Holds,
  caseNumber: string,
  placed: HoldAct,
  versions: readonly HeldVersion[],
): Holds {
  const isOpen = openCases(holds).some((each) => each.caseNumber === caseNumber)
  const known = new Set(holds.versions.map(nameVersion))
  return {
    ...holds,
    cases: isOpen ? holds.cases : [...holds.cases, { caseNumber, placed, released: undefined }],
    versions: [...holds.versions, ...versions.filter((each) => !known.has(nameVersion(each)))],
  }
}

/** Marks a case as released; what else is open stays so. The versions stay named until they have been released, too. */
export function releaseCase(holds: Holds, caseNumber: string, released: HoldAct): Holds {
  return {
    ...holds,
    cases: holds.cases.map((each) =>
      each.caseNumber === caseNumber && each.released === undefined ? { ...each, released } : each,
    ),
  }
}

/** Forgets the versions, unless a case keeps them held. */
export function forgetVersions(holds: Holds): Holds {
  return openCases(holds).length > 0 ? holds : { ...holds, versions: [] }
}

/** What releasing a case comes to; `others` are the cases that are open beside it. */
export type ReleasePlan =
  /** It is not held for this case, and nothing is left to do. */
  | { readonly kind: 'not-held' }
  /** It is not held for this case, but for others, and shows no hold: it is held again. */
  | { readonly kind: 'restore'; readonly others: readonly string[] }
  /** Held for others, too: the case goes, the hold stays. */
  | { readonly kind: 'stays'; readonly others: readonly string[] }
  /** The last one: `versions` are to be released in the bucket, except those that were held before. */
  | { readonly kind: 'lift'; readonly versions: readonly HeldVersion[] }

/**
 * Says what releasing a case comes to; first match counts.
 *
 * | this case | others open | versions       | plan     |
 * | --------- | ----------- | -------------- | -------- |
 * | open      | some        | any            | stays    |
 * | open      | none        | any            | lift     |
 * | not open  | some        | one not held   | restore: an earlier run was killed while the others were placed |
 * | not open  | none        | some are named | lift, where it was ever held for this case: an earlier run was killed |
 * | not open  | any         | any            | not-held |
 *
 * @param isUnheld whether one of the versions shows no hold in the bucket
 */
export function planRelease(holds: Holds, caseNumber: string, isUnheld: boolean): ReleasePlan {
  const open = openCases(holds).map((each) => each.caseNumber)
  const isOpen = open.includes(caseNumber)
  const others = open.filter((each) => each !== caseNumber)
  if (isOpen && others.length > 0) return { kind: 'stays', others }
  if (others.length > 0 && isUnheld) return { kind: 'restore', others }
  const wasHeld = holds.cases.some((each) => each.caseNumber === caseNumber)
  if (isOpen || (wasHeld && others.length === 0 && holds.versions.length > 0))
    return { kind: 'lift', versions: holds.versions }
  return { kind: 'not-held' }
}

/** A version as a text that only equal ones share. */
export function nameVersion({ key, versionId }: Pick<HeldVersion, 'key' | 'versionId'>): string {
  return JSON.stringify([key, versionId ?? null])
}

/** A version as people are told of it. */
export function describeVersion({ key, versionId }: Pick<HeldVersion, 'key' | 'versionId'>): string {
  return versionId === undefined ? key : `${key}, version ${versionId}`
}

/** Says of a version that was to be held, or was, that it is not there any more. */
export function describeGone(version: Pick<HeldVersion, 'key' | 'versionId'>): string {
  return `${describeVersion(version)} is GONE, although it was to be held: find out who took its hold off and deleted it`
}

export function writeHolds({ workspaceId, recordingId, cases, versions }: Holds): string {
  const writeAct = ({ at, by, reason }: HoldAct) => ({ at: at.toISOString(), by, reason })
  const document = {
    schema: HOLDS_SCHEMA,
    workspaceId,
    recordingId,
    cases: cases.map(({ caseNumber, placed, released }) => ({
      caseNumber,
      placed: writeAct(placed),
      released: released === undefined ? null : writeAct(released),
    })),
    versions: versions.map(({ versionId, ...rest }) => ({ ...rest, versionId: versionId ?? null })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

const Act = v.object({
  at: Moment,
  by: v.string(),
  reason: v.string(),
})
const HoldsDocument = v.object({
  schema: v.literal(HOLDS_SCHEMA),
  workspaceId: v.pipe(v.string(), v.regex(WORKSPACE_ID)),
  recordingId: v.pipe(v.string(), v.check(isRecordingId)),
  cases: v.array(v.object({ caseNumber: v.string(), placed: Act, released: v.nullable(Act) })),
  versions: v.array(
    v.object({ key: v.string(), versionId: v.nullable(v.string()), heldBefore: v.boolean() }),
  ),
})

/** Reads the document; returns the reason as text where it is none, or one of a form that this version does not know. */
export function readHolds(text: string): { ok: true; holds: Holds } | { ok: false; reason: string } {
  const read = readDocument(HoldsDocument, text, 'the document of holds')
  if (!read.ok) return read
  const { workspaceId, recordingId, cases, versions } = read.document
  return {
    ok: true,
    holds: {
      workspaceId,
      recordingId,
      cases: cases.map(({ released, ...rest }) => ({ ...rest, released: released ?? undefined })),
      versions: versions.map(({ versionId, ...rest }) => ({ ...rest, versionId: versionId ?? undefined })),
    },
  }
}
