import type { Sidecar } from '../archive/sidecar.ts'
import type { Restore, Storage } from './restore.ts'

/** What is looked at of the stored object: the vault's `AudioState` has it. */
export interface StoredState extends Storage {
  readonly bytes: number
  readonly readable: Restore
  /** SHA-256 (hex) as S3 took it at the upload, where it did. */
  readonly sha256: string | undefined
}

/** Size and digest; `sha256` is undefined where nobody has computed it. */
export interface Digested {
  readonly bytes: number
  readonly sha256: string | undefined
}

/** Why audio is not handed out. */
export type AudioFault =
  /** The version that the sidecar names is not in the bucket. */
  | { readonly kind: 'no-audio'; readonly key: string; readonly versionId: string | null }
  /** What lies there is not what was archived. */
  | { readonly kind: 'altered'; readonly archived: Digested; readonly found: Digested }
  /** It lies in an archive class of S3 and must be restored first. */
  | { readonly kind: 'to-restore'; readonly isUnderWay: boolean; readonly storage: Storage }

/**
 * Judges whether the stored audio may be handed out, by what S3 says of it; first match counts.
 *
 * | the bucket has                                   | verdict    |
 * | ------------------------------------------------ | ---------- |
 * | no such version                                  | no-audio   |
 * | another size than the sidecar says               | altered    |
 * | another SHA-256, where S3 keeps one              | altered    |
 * | it in an archive class, not restored             | to-restore |
 * | it as it was archived                            | undefined  |
 */
export function judgeAudio(
  { audio }: Pick<Sidecar, 'audio'>,
  state: StoredState | undefined,
): AudioFault | undefined {
  if (state === undefined) return { kind: 'no-audio', key: audio.key, versionId: audio.versionId }
  const found = { bytes: state.bytes, sha256: state.sha256 }
  if (!agrees(audio, found)) return { kind: 'altered', archived: archivedDigest(audio), found }
  const { storageClass, archiveStatus, restore, readable } = state
  if (readable === 'needed' || readable === 'under-way')
    return {
      kind: 'to-restore',
      isUnderWay: readable === 'under-way',
      storage: { storageClass, archiveStatus, restore },
    }
  return undefined
}

/** Judges what was read, to its last byte. */
export function judgeRead({ audio }: Pick<Sidecar, 'audio'>, found: Digested): AudioFault | undefined {
  return agrees(audio, found) ? undefined : { kind: 'altered', archived: archivedDigest(audio), found }
}

function agrees(audio: Sidecar['audio'], found: Digested): boolean {
  return (
    found.bytes === audio.bytes && (found.sha256 === undefined || found.sha256 === audio.sha256.toLowerCase())
  )
}

function archivedDigest({ bytes, sha256 }: Sidecar['audio']): Digested {
  return { bytes, sha256 }
}
