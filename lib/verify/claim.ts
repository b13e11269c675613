import * as v from 'valibot'
import { Moment, readDocument } from '../archive/document.ts'
import type { Lock } from '../archive/retention.ts'
import { readSidecarOf } from '../archive/sidecar.ts'
import type { Entry } from './entry.ts'

/** What a sidecar says of its audio: what is compared with the bucket. */
export interface Claim {
  readonly createdAt: Date
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
  /** Undefined where the bucket kept no versions. */
  readonly versionId: string | undefined
  readonly frames: number
  /** The lock that both objects had when they were written. */
  readonly lock: Lock | undefined
}

/** What only a check looks at, beside what `readSidecar` reads. */
const Checked = v.object({
  bird: v.object({ createdAt: v.string() }),
  quality: v.object({ frames: v.number() }),
  retention: v.object({
    lock: v.nullable(
      v.object({
        mode: v.picklist(['GOVERNANCE', 'COMPLIANCE']),
        until: Moment,
      }),
    ),
  }),
})

/** Longer than any sidecar: what is larger is none, and is not read. */
export const MAX_SIDECAR_BYTES = 1_048_576

/** Reads a sidecar that must be of this recording; returns the reason as text where it is not. */
export function readClaim(
  text: string,
  workspaceId: string,
  { recordingId, audio }: Entry,
): { ok: true; claim: Claim } | { ok: false; reason: string } {
  const read = readSidecarOf(text, workspaceId, recordingId, audio.key)
  if (!read.ok) return read
  const { sidecar } = read
  const checked = readDocument(Checked, text, 'the sidecar')
  if (!checked.ok) return checked
  const { bird, quality, retention } = checked.document
  return {
    ok: true,
    claim: {
      createdAt: new Date(bird.createdAt),
      bytes: sidecar.audio.bytes,
      sha256: sidecar.audio.sha256,
      versionId: sidecar.audio.versionId ?? undefined,
      frames: quality.frames,
      lock: retention.lock ?? undefined,
    },
  }
}
