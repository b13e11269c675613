import type { ApiService } from './compose-api-service.ts'
import { StoreError } from './errors.ts'
import { logVerify } from './log-verify.ts'
import { judgeAudio } from './retrieve/judge-audio.ts'
import type { Problem } from './retrieve/problem.ts'
import type { ApiRequest } from './retrieve/request.ts'
import { answer, type ApiAnswer, toRefusal, writeLink, writeRecording } from './retrieve/response.ts'
import { linkRecording, showRecording } from './retrieve/retrieve.ts'
import { writeVerification } from './retrieve/verification.ts'
import { versionIdOf } from './s3/histories.ts'
import { adviseOn } from './verify/advice.ts'
import { MAX_SIDECAR_BYTES } from './verify/claim.ts'
import { type Entry, isEmpty, oldestOf } from './verify/entry.ts'

type RecordingRequest = Extract<ApiRequest<never>, { readonly name: 'recording' | 'verification' | 'link' }>

/** What is known of a recording. The line in the access log is there before anything of it is told. */
export async function serveRecording(
  { asker, recordingId, workspaceIds }: RecordingRequest,
  { systems }: ApiService,
  signal: AbortSignal,
): Promise<ApiAnswer | Problem> {
  const end = await showRecording({ requester: asker, workspaceIds, recordingId }, systems, signal)
  if (end.kind !== 'shown') return toRefusal(end, workspaceIds, false)
  const { workspaceId, sidecar, text, state } = end.located
  const finding = judgeAudio(sidecar, state)
  // What waits in Glacier is sound.
  if (finding !== undefined && finding.kind !== 'to-restore') return toRefusal(finding, [workspaceId], true)
  if (state === undefined || text.length > MAX_SIDECAR_BYTES)
    return toRefusal({ kind: 'unreadable-sidecar', fault: 'it is too long' }, [workspaceId], true)
  return answer(200, writeRecording({ workspaceId, recordingId, text, state, finding }))
}

/**
 * A link to the audio. 200, not 201: nothing came to be that has an address here, and `Location` would carry the link into
 * logs on the way.
 */
export async function serveLink(
  { asker, recordingId, workspaceIds, minutes }: RecordingRequest,
  { systems, credentialsEnd }: ApiService,
  signal: AbortSignal,
): Promise<ApiAnswer | Problem> {
  const order = { requester: asker, workspaceIds, recordingId, seconds: minutes * 60 }
  const end = await linkRecording(order, systems, signal)
  if (end.kind !== 'linked') return toRefusal(end, workspaceIds, false)
  // A link dies with the credentials that signed it, where anybody knows when that is.
  const lastMoment = await credentialsEnd()
  const isCut = lastMoment !== undefined && lastMoment < end.expiresAt
  return answer(200, writeLink(end.url, isCut ? lastMoment : end.expiresAt))
}

/** Reads all of the audio again, now, and says what came of it. */
export async function serveVerification(
  { asker, recordingId, workspaceIds }: RecordingRequest,
  service: ApiService,
  signal: AbortSignal,
): Promise<ApiAnswer | Problem> {
  const { systems, examine, log } = service
  const found = await findEntry(recordingId, workspaceIds, service, signal)
  if (found === undefined) return toRefusal({ kind: 'not-archived' }, workspaceIds, false)
  const { workspaceId, entry } = found
  const line = { ...asker, id: systems.newId(), at: systems.clock.now(), action: 'verify' as const }
  await systems.accessLog.write({ ...line, workspaceId, recordingIds: [recordingId] }, signal)
  const verdict = await examine(workspaceId, entry, signal)
  if (verdict === undefined) throw new StoreError(`verify ${recordingId}: it was passed over`)
  logVerify(log, workspaceId, { kind: 'judged', verdict })
  if (verdict.outcome === 'unread') return await explainUnread(workspaceId, entry, service, signal)
  return answer(200, writeVerification(workspaceId, verdict, systems.clock.now(), adviseOn))
}

/** In the first workspace that has a sidecar of it, or the mark that one was deleted; else in the first that has anything of it. */
async function findEntry(
  recordingId: string,
  workspaceIds: readonly string[],
  { inventory }: ApiService,
  signal: AbortSignal,
): Promise<{ readonly workspaceId: string; readonly entry: Entry } | undefined> {
  let bare: { readonly workspaceId: string; readonly entry: Entry } | undefined
  for (const workspaceId of workspaceIds) {
    const entry = await inventory.find(workspaceId, recordingId, signal)
    if (entry.sidecar.versions.length > 0) return { workspaceId, entry }
    if (!isEmpty(entry)) bare ??= { workspaceId, entry }
  }
  return bare
}

/**
 * What could not be read has no verdict, so no answer of success either. Why is in the log; whoever asks is told what they can do.
 */
async function explainUnread(
  workspaceId: string,
  { audio }: Entry,
  { systems }: ApiService,
  signal: AbortSignal,
): Promise<Problem> {
  const archived = oldestOf(audio)
  const state = archived && (await systems.vault.inspectAudio(audio.key, versionIdOf(archived), signal))
  const { readable = 'not-needed' } = state ?? {}
  if (state !== undefined && (readable === 'needed' || readable === 'under-way'))
    return toRefusal(
      { kind: 'to-restore', isUnderWay: readable === 'under-way', storage: state },
      [workspaceId],
      true,
    )
  return {
    kind: 'unavailable',
    detail: 'it could not be read, so nobody knows whether it is good: ask again, or look into the log',
    retryAfterSeconds: 30,
  }
}
