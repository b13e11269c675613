import { isAsStrong, type Lock, lockFor, type RetentionPolicy } from '../archive/retention.ts'
import type { Claim } from './claim.ts'
import { type Entry, isDeleted, type ListedObject, newestOf } from './entry.ts'
import type { ReadAudio } from './reading.ts'

/** Every way in which a recording can turn out not to be what its sidecar says; docs/verify.md explains each. */
export const MISMATCHES = [
  'missing-sidecar',
  'missing-audio',
  'unreadable-sidecar',
  'deleted',
  'overwritten',
  'size',
  'sha256',
  'not-audio',
  'frames',
  'lock-missing',
  'lock-shorter',
  'lock-weaker',
  'hold-missing',
  'hold-uneven',
] as const
export type Mismatch = (typeof MISMATCHES)[number]

/** One respect in which a recording is not what it must be. */
export interface Finding {
  readonly kind: Mismatch
  readonly object: 'audio' | 'sidecar'
  readonly expected?: string | undefined
  readonly found?: string | undefined
}

/** An object's protection as the bucket shows it. */
export interface Protection {
  readonly lock: Lock | undefined
  /** Undefined where none was ever placed. */
  readonly legalHold: boolean | undefined
}

/** A case for which a recording is held. */
export interface OpenCase {
  readonly caseNumber: string
  /** It was opened so shortly before the objects were looked at that its hold may have been on its way. */
  readonly isBeingPlaced: boolean
}

/** Everything that was found out about one recording. */
export interface Facts {
  readonly entry: Entry
  /** The oldest version, which is what was archived. Undefined where there is none; the reason where it is no sidecar of this recording. */
  readonly sidecar: (Protection & ({ readonly claim: Claim } | { readonly fault: string })) | undefined
  /** The version that the sidecar names; undefined where it is not there, or no sidecar names one. */
  readonly audio: (Protection & ReadAudio) | undefined
  /** For which both objects must be under legal hold. */
  readonly cases: readonly OpenCase[]
}

/**
 * Compares a recording with what its sidecar says, and its locks also with what the deployment's policy asks for today.
 *
 * | what is there                                     | findings                                            |
 * | ------------------------------------------------- | --------------------------------------------------- |
 * | nothing                                           | missing-sidecar, missing-audio                      |
 * | no sidecar, but audio                             | none: it is an orphan, see `findOrphans`      |
 * | no sidecar, but the mark that it was deleted      | missing-sidecar                                     |
 * | a sidecar that cannot be read                     | unreadable-sidecar; missing-audio without any audio |
 * | a sidecar without the version that it names       | missing-audio                                       |
 * | a delete marker on top of either                  | deleted                                             |
 * | another version on top of the one that was stored | overwritten                                         |
 * | other bytes                                       | size, sha256, frames or not-audio                   |
 * | a lock that was there, or is asked for, is not    | lock-missing, lock-shorter, lock-weaker             |
 * | no legal hold on an object, while a case is open  | hold-missing                                        |
 * | the same on both, while the hold is being placed  | none                                                |
 * | a legal hold on one of both objects, and no case  | hold-uneven                                         |
 */
export function judge(facts: Facts, policy: RetentionPolicy, now: Date): readonly Finding[] {
  const { entry, sidecar, audio, cases } = facts
  const gone = (['sidecar', 'audio'] as const)
    .filter((object) => isDeleted(entry[object]) && newestOf(entry[object]) !== undefined)
    .map((object): Finding => ({ kind: 'deleted', object, found: entry[object].versions[0]?.versionId }))
  if (sidecar === undefined) return [...gone, ...judgeBare(entry)]
  const sidecarFindings = judgeVersions(entry.sidecar, undefined, 'sidecar')
  if ('fault' in sidecar)
    return [
      ...gone,
      { kind: 'unreadable-sidecar', object: 'sidecar', found: sidecar.fault },
      ...(newestOf(entry.audio) === undefined ? [missing('audio')] : []),
      ...sidecarFindings,
    ]
  const { claim } = sidecar
  const wanted = [claim.lock, lockFor(policy, claim.createdAt, now)]
  const both = [...gone, ...sidecarFindings, ...judgeLock('sidecar', sidecar.lock, wanted, now)]
  if (audio === undefined) return [{ ...missing('audio'), expected: claim.versionId }, ...both]
  return [
    ...judgeBytes(claim, audio),
    ...both,
    ...judgeVersions(entry.audio, claim.versionId, 'audio'),
    ...judgeLock('audio', audio.lock, wanted, now),
    ...judgeHold(sidecar, audio, cases),
  ]
}

function missing(object: Finding['object']): Finding {
  return { kind: object === 'audio' ? 'missing-audio' : 'missing-sidecar', object }
}

function judgeBare({ sidecar, audio }: Entry): readonly Finding[] {
  const hasAudio = newestOf(audio) !== undefined
  if (hasAudio && sidecar.versions.length === 0) return []
  const lacking = (object: Finding['object'], { versions }: ListedObject): Finding =>
    versions.length === 0 ? missing(object) : { ...missing(object), found: 'the mark that it was deleted' }
  return [lacking('sidecar', sidecar), ...(hasAudio ? [] : [lacking('audio', audio)])]
}

/** Whether findings say that nothing at all is there of a recording, nor a mark that there ever was anything. */
export function isAbsent(findings: readonly Finding[]): boolean {
  return (['sidecar', 'audio'] as const).every((object) =>
    findings.some(({ kind, found }) => kind === missing(object).kind && found === undefined),
  )
}

function judgeBytes(claim: Claim, audio: ReadAudio): readonly Finding[] {
  const compare = (kind: Mismatch, expected: string | number, found: string | number): readonly Finding[] =>
    expected === found ? [] : [{ kind, object: 'audio', expected: String(expected), found: String(found) }]
  return [
    ...compare('size', claim.bytes, audio.bytes),
    ...compare('sha256', claim.sha256, audio.sha256),
    ...(audio.frames === 0
      ? [{ kind: 'not-audio', object: 'audio', expected: `${claim.frames} MP3 frames` } as const]
      : compare('frames', claim.frames, audio.frames)),
  ]
}

/** Each object is written once: the only version of a sidecar, and of audio the one that its sidecar names. */
function judgeVersions(
  { versions }: ListedObject,
  named: string | undefined,
  object: Finding['object'],
): readonly Finding[] {
  const held = versions.filter(({ isDeleteMarker }) => !isDeleteMarker)
  const expected = named ?? held.at(-1)?.versionId
  const found = held[0]?.versionId
  return found === expected ? [] : [{ kind: 'overwritten', object, expected, found }]
}

/** A lock whose time is over protects nothing and is not missed. */
function judgeLock(
  object: Finding['object'],
  found: Lock | undefined,
  wanted: readonly (Lock | undefined)[],
  now: Date,
): readonly Finding[] {
  const lacking = wanted.find((lock) => lock !== undefined && lock.until > now && !isAsStrong(found, lock))
  if (lacking === undefined) return []
  const kind: Mismatch =
    found === undefined ? 'lock-missing' : found.until < lacking.until ? 'lock-shorter' : 'lock-weaker'
  return [{ kind, object, expected: describeLock(lacking), found: found && describeLock(found) }]
}

function describeLock({ mode, until }: Lock): string {
  return `${mode} until ${until.toISOString()}`
}

function judgeHold(sidecar: Protection, audio: Protection, cases: readonly OpenCase[]): readonly Finding[] {
  const unheld = (['sidecar', 'audio'] as const).filter(
    (object) => (object === 'sidecar' ? sidecar : audio).legalHold !== true,
  )
  if (cases.length === 0)
    return unheld.length === 2
      ? []
      : unheld.map((object) => ({ kind: 'hold-uneven', object, expected: 'ON', found: 'OFF' }))
  if (unheld.length === 2 && cases.every(({ isBeingPlaced }) => isBeingPlaced)) return []
  const expected = `ON for ${cases.map(({ caseNumber }) => caseNumber).join(', ')}`
  return unheld.map((object) => ({ kind: 'hold-missing', object, expected, found: 'OFF' }))
}
