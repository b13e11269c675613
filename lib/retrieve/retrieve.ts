import { createHash } from 'node:crypto'
import type { Keys } from '../archive/keys.ts'
import type { Sidecar } from '../archive/sidecar.ts'
import type { Clock } from '../deadline.ts'
import type { AccessLog } from '../s3/access-log.ts'
import type { AudioState } from '../s3/audio-state.ts'
import type { Vault } from '../s3/vault.ts'
import type { AccessAction, AccessRecord } from './access.ts'
import { nameFile } from './file-name.ts'
import { type AudioFault, type Digested, judgeAudio, judgeRead } from './judge-audio.ts'
import type { RestoreTier } from './restore.ts'

/** Who asks for a recording, and why; checked already. */
export interface Requester extends Pick<AccessRecord, 'actor' | 'reason' | 'via'> {
  readonly caseNumber?: string | undefined
}

/** A recording that is asked for. */
export interface RetrieveOrder {
  readonly requester: Requester
  /** Where it may be; the first that has it counts. */
  readonly workspaceIds: readonly string[]
  /** Lower-case UUID. */
  readonly recordingId: string
  /** Whether what was archived is handed out although somebody has deleted its sidecar since, or written over it. */
  readonly asArchived?: boolean | undefined
}

export interface RetrieveSystems {
  readonly vault: Vault
  readonly accessLog: Pick<AccessLog, 'write'>
  readonly keys: Keys
  readonly clock: Clock
  /** Gives a new UUID. */
  readonly newId: () => string
}

/** What is known of a recording: its sidecar, verbatim and read, and the audio object as it lies there now, if it does. */
export interface Located {
  readonly workspaceId: string
  readonly text: string
  readonly sidecar: Sidecar
  readonly state: AudioState | undefined
  /** What somebody has done to the sidecar since it was written; only where it was asked for {@link RetrieveOrder.asArchived}. */
  readonly tampering?: string | undefined
}

/** Why there is nothing to hand out, beside what may be wrong with the audio. */
export type Missing =
  | { readonly kind: 'not-archived' }
  | {
      readonly kind: 'unreadable-sidecar'
      readonly key: string
      readonly fault: string
      /** Whether {@link RetrieveOrder.asArchived} would hand it out. */
      readonly hasOriginal: boolean
    }

export type ShowEnd = { readonly kind: 'shown'; readonly located: Located } | Missing
export type LinkEnd =
  | { readonly kind: 'linked'; readonly url: string; readonly expiresAt: Date }
  | AudioFault
  | Missing
export type GetEnd =
  | {
      readonly kind: 'got'
      readonly bytes: number
      readonly sha256: string
      /** As of {@link Located}. */
      readonly tampering?: string | undefined
    }
  | { readonly kind: 'restore-started'; readonly storage: AudioState; readonly tier: RestoreTier }
  | AudioFault
  | Missing

/** Where audio goes: it is written, and only kept when it has been found to be what was archived. */
export interface Destination {
  write(chunks: AsyncIterable<Uint8Array>, bytes: number): Promise<void>
  keep(sidecar: Sidecar): Promise<void>
  /** Leaves nothing behind. */
  discard(): Promise<void>
}

/** What is known of a recording. The line in the access log is written before anything of it is given. */
export async function showRecording(
  order: RetrieveOrder,
  systems: RetrieveSystems,
  signal: AbortSignal,
): Promise<ShowEnd> {
  const located = await locate(order, systems, signal)
  if ('kind' in located) return located
  await note('show', undefined, order, located, systems, signal)
  return { kind: 'shown', located }
}

/** A link to the audio for some seconds (60 to 3600), signed after the line in the access log is written. */
export async function linkRecording(
  order: RetrieveOrder & { readonly seconds: number },
  systems: RetrieveSystems,
  signal: AbortSignal,
): Promise<LinkEnd> {
  const located = await locate(order, systems, signal)
  if ('kind' in located) return located
  const { sidecar, state } = located
  const fault = judgeAudio(sidecar, state)
  if (fault !== undefined) return fault
  await note('link', `valid for ${order.seconds} s`, order, located, systems, signal)
  const { key, versionId } = sidecar.audio
  const link = await systems.vault.presign(key, versionId ?? undefined, order.seconds, nameFile(sidecar))
  return { kind: 'linked', ...link }
}

/**
 * The audio itself, checked against the sidecar while it passes. What lies in an archive class of S3 is only asked for
 * (`order.restore`); it can be got when it has been restored.
 */
export async function getRecording(
  order: RetrieveOrder & {
    readonly restore?: { readonly days: number; readonly tier: RestoreTier } | undefined
  },
  openDestination: (sidecar: Sidecar) => Promise<Destination>,
  systems: RetrieveSystems,
  signal: AbortSignal,
): Promise<GetEnd> {
  const { restore } = order
  const located = await locate(order, systems, signal)
  if ('kind' in located) return located
  const { sidecar, state } = located
  const fault = judgeAudio(sidecar, state)
  if (fault?.kind === 'to-restore' && !fault.isUnderWay && restore !== undefined && state !== undefined) {
    const detail = `nothing was handed out: restore asked for (${restore.tier}, ${restore.days} days)`
    await note('get', detail, order, located, systems, signal)
    const { key, versionId } = sidecar.audio
    await systems.vault.restore(key, versionId ?? undefined, { ...restore, storage: state }, signal)
    return { kind: 'restore-started', storage: state, tier: restore.tier }
  }
  if (fault !== undefined) return fault
  const destination = await openDestination(sidecar)
  let isKept = false
  try {
    await note('get', undefined, order, located, systems, signal)
    const found = await deliver(sidecar, destination, systems.vault, signal)
    const altered = judgeRead(sidecar, found)
    if (altered !== undefined) return altered
    await destination.keep(sidecar)
    isKept = true
    const { tampering } = located
    return {
      kind: 'got',
      bytes: found.bytes,
      sha256: sidecar.audio.sha256,
      ...(tampering !== undefined && { tampering }),
    }
  } finally {
    if (!isKept) await destination.discard()
  }
}

async function locate(
  { workspaceIds, recordingId, asArchived = false }: RetrieveOrder,
  { vault, keys }: RetrieveSystems,
  signal: AbortSignal,
): Promise<Located | Missing> {
  for (const workspaceId of workspaceIds) {
    const found = await vault.readSidecar(workspaceId, recordingId, signal)
    if (found === undefined) continue
    const { text, fault } = found
    const original = found.sidecar ?? found.original
    const sidecar = fault === undefined || asArchived ? original : undefined
    if (sidecar === undefined) {
      const key = keys.sidecar(workspaceId, recordingId)
      return { kind: 'unreadable-sidecar', key, fault: fault ?? '', hasOriginal: original !== undefined }
    }
    const { key, versionId } = sidecar.audio
    const state = await vault.inspectAudio(key, versionId ?? undefined, signal)
    return { workspaceId, text, sidecar, state, ...(fault !== undefined && { tampering: fault }) }
  }
  return { kind: 'not-archived' }
}

/** Writes the line of the access log; rejects where it could not be written, and then nothing is handed out. */
async function note(
  action: AccessAction,
  detail: string | undefined,
  { requester, recordingId }: RetrieveOrder,
  { workspaceId, tampering }: Located,
  { accessLog, clock, newId }: RetrieveSystems,
  signal: AbortSignal,
): Promise<void> {
  const record = {
    ...requester,
    id: newId(),
    at: clock.now(),
    action,
    workspaceId,
    recordingIds: [recordingId],
  }
  const parts = [detail, tampering && `as it was archived, although ${tampering}`]
  const details = parts.filter((part) => part !== undefined && part !== '')
  await accessLog.write({ ...record, detail: details.length === 0 ? undefined : details.join('; ') }, signal)
}

async function deliver(
  { audio: { key, versionId } }: Sidecar,
  destination: Destination,
  vault: Vault,
  signal: AbortSignal,
): Promise<Digested> {
  const { bytes: expected, body } = await vault.openAudio(key, versionId ?? undefined, signal)
  const sha256 = createHash('sha256')
  let bytes = 0
  const watched = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of body) {
      sha256.update(chunk)
      bytes += chunk.length
      yield chunk
    }
  }
  await destination.write(watched(), expected)
  return { bytes, sha256: sha256.digest('hex') }
}
