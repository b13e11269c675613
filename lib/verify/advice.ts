import type { Mismatch } from './judge.ts'
import type { OrphanKind } from './orphans.ts'

/** What to do about each finding, for people: closed, so that a new kind must be given its place. */
const MISMATCH_ADVICE: Readonly<Record<Mismatch, string>> = {
  'missing-sidecar':
    'nothing says what it was: look for deletions in CloudTrail or the access log of the bucket; archive it again while Bird still has it (bird-archive archive ID)',
  'missing-audio':
    'the recording is lost here: look for deletions in CloudTrail; restore it from a copy, or ask Bird for it while it still has it; leave the sidecar, its digest proves what you restore',
  'unreadable-sidecar':
    'its oldest version is not what the archiver wrote: keep all of its versions (aws s3api list-object-versions), and find out who wrote them (CloudTrail, PutObject)',
  deleted:
    'somebody hid it with a delete marker: find out who (CloudTrail, DeleteObject), then delete the marker by its version id, and it is there again',
  overwritten:
    'somebody wrote over it: the version that was archived is still there, compare both, and delete neither; of a sidecar that is the oldest, of audio the one that the oldest version of its sidecar names; find out who (CloudTrail, PutObject); bird-archive get ID --as-archived gets it',
  size: 'the stored bytes are not those that were archived: keep both objects as they are, take a copy, and find out who or what changed them',
  sha256:
    'the stored bytes are not those that were archived: keep both objects as they are, take a copy, and find out who or what changed them',
  'not-audio': 'what lies there is no MP3: keep it as it is and find out who or what put it there',
  frames:
    'the sidecar says another number of MP3 frames than the audio has: if the digest agrees, the sidecar was changed',
  'lock-missing':
    'nothing keeps it from being deleted: bird-archive retention extend; if every recording shows this, the role may not see locks (s3:GetObjectRetention)',
  'lock-shorter': 'it may be deleted too early: bird-archive retention extend',
  'lock-weaker':
    'GOVERNANCE can be taken away by whoever has the right to: bird-archive retention extend in the mode COMPLIANCE',
  'hold-missing':
    'a case is open, and the object is not held: place the hold again (bird-archive hold place ID --case CASE), and find out who took it off (CloudTrail, PutObjectLegalHold)',
  'hold-uneven':
    'a legal hold is on one of the two objects only, and no case is open: find out who placed it, and why (CloudTrail, PutObjectLegalHold); hold the recording for that case (bird-archive hold place), or, if it is closed, take the hold off (aws s3api put-object-legal-hold)',
}

const ORPHAN_ADVICE: Readonly<Record<OrphanKind, string>> = {
  'audio-without-sidecar':
    'its sidecar was never written: enqueue the recording, the archiver adopts the audio if it is the same (bird-archive enqueue)',
  'extra-version':
    'a version that the archiver did not leave: look who wrote it (CloudTrail); delete it by its version id if nothing speaks for it',
  'disputed-version':
    'its sidecar was written over or deleted, or cannot be read, so this version may be the original: delete none. The oldest version of the sidecar is what was archived, and the version of the audio that it names is the original; find out who wrote the others (CloudTrail, PutObject)',
  'unfinished-upload':
    'an upload that nobody will finish; it costs storage: the lifecycle rule aborts it, or aws s3api abort-multipart-upload does',
  'unknown-object': 'it is none of the archiver: move it elsewhere',
}

const UNREAD_ADVICE =
  'it could not be read, so it is not known to be good: mend the reason, then verify it again'

const ABSENT_ADVICE =
  'look at the id again, and at the workspace; if both are right, the recording was never archived, or all of it was deleted: look for deletions in CloudTrail or the access log of the bucket, and archive it again while Bird still has it (bird-archive archive ID)'

/** @param kind `absent`: nothing at all is there of a recording that was named */
export function adviseOn(kind: Mismatch | OrphanKind | 'unread' | 'absent'): string {
  if (kind === 'unread') return UNREAD_ADVICE
  if (kind === 'absent') return ABSENT_ADVICE
  return kind in MISMATCH_ADVICE ? MISMATCH_ADVICE[kind as Mismatch] : ORPHAN_ADVICE[kind as OrphanKind]
}
