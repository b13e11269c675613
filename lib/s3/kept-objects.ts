import type { Keys } from '../archive/keys.ts'
import type { AudioState } from './audio-state.ts'
import type { FoundSidecar, Vault } from './vault.ts'
import type { ObjectVersion } from './versions.ts'

/** One version of one of a recording's two objects, as it lies in the bucket now. */
export interface KeptObject {
  readonly kind: 'audio' | 'sidecar'
  readonly key: string
  readonly versionId: string | undefined
  readonly state: AudioState
}

/** A recording's objects: the version of the audio that the sidecar names, and the sidecar's oldest one. */
export interface KeptObjects {
  readonly workspaceId: string
  readonly recordingId: string
  readonly objects: readonly KeptObject[]
  /** What is wrong with them; then there may be one only, or the audio's newest version in place of the one that is named. */
  readonly fault: string | undefined
}

/**
 * Finds a recording's objects in the first of the workspaces where there are some; undefined where there are none. Where something is
 * wrong with them, what is there is told nevertheless: to be kept it need not be sound. Below a delete marker it is still
 * there.
 * @throws StoreError or ConfigurationError if the bucket fails
 */
export async function findKeptObjects(
  systems: { readonly vault: Vault; readonly keys: Keys },
  workspaceIds: readonly string[],
  recordingId: string,
  signal: AbortSignal,
): Promise<KeptObjects | undefined> {
  const { vault, keys } = systems
  for (const workspaceId of workspaceIds) {
    const found = await vault.readSidecar(workspaceId, recordingId, signal)
    // What was archived is to be kept, whatever lies on top of it.
    const original = found?.sidecar ?? found?.original
    const named = original?.audio.versionId ?? undefined
    const audioKey = keys.audio(workspaceId, recordingId)
    const [audio, sidecar] = await Promise.all([
      look(vault, 'audio', audioKey, named, signal),
      look(vault, 'sidecar', keys.sidecar(workspaceId, recordingId), found?.versionId, signal),
    ])
    const objects = [audio, sidecar].filter((object) => object !== undefined)
    if (objects.length === 0) continue
    return { workspaceId, recordingId, objects, fault: judge(found, audio, sidecar) }
  }
  return undefined
}

function judge(
  found: FoundSidecar | undefined,
  audio: Looked | undefined,
  sidecar: Looked | undefined,
): string | undefined {
  if (sidecar === undefined) return 'its audio is there, its sidecar is not'
  if (sidecar.isDeleted) return 'its sidecar was deleted: a delete marker lies on it'
  if (found === undefined) return 'its sidecar came just now: try again'
  if (found.sidecar === undefined) return `its sidecar cannot be relied on: ${found.fault}`
  if (audio === undefined) return 'its sidecar is there, its audio is not'
  const { versionId } = found.sidecar.audio
  return audio.isDeleted && versionId !== audio.versionId
    ? `the version of the audio that its sidecar names is not there: ${versionId ?? 'none'}`
    : undefined
}

interface Looked extends KeptObject {
  /** The key shows nothing, or the version that was asked for is gone: this is the newest that is there. */
  readonly isDeleted: boolean
}

async function look(
  vault: Vault,
  kind: KeptObject['kind'],
  key: string,
  versionId: string | undefined,
  signal: AbortSignal,
): Promise<Looked | undefined> {
  const state = await vault.inspectAudio(key, versionId, signal)
  if (state !== undefined)
    return { kind, key, versionId: state.versionId ?? versionId, state, isDeleted: false }
  const newest = await findNewest(vault, key, signal)
  if (newest === undefined) return undefined
  const below = await vault.inspectAudio(key, newest, signal)
  return below === undefined ? undefined : { kind, key, versionId: newest, state: below, isDeleted: true }
}

async function findNewest(vault: Vault, key: string, signal: AbortSignal): Promise<string | undefined> {
  let newest: ObjectVersion | undefined
  for await (const version of vault.listVersions(key, signal)) {
    if (version.key !== key || version.isDeleteMarker) continue
    if ((version.lastModified ?? 0) >= (newest?.lastModified ?? 0)) newest = version
  }
  return newest?.versionId
}
