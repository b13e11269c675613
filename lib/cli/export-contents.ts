import { toEntry } from '../catalog/entry.ts'
import type { Sidecar } from '../archive/sidecar.ts'
import type { Exporter } from '../compose-keep.ts'
import { ConfigurationError, StoreError } from '../errors.ts'
import { type AccessRecord, writeAccess } from '../retrieve/access.ts'
import { nameFile } from '../retrieve/file-name.ts'
import { judgeAudio, judgeRead } from '../retrieve/judge-audio.ts'
import type { CallFacts, ExportedFile, ExportedRecording } from '../retrieve/manifest.ts'
import type { AudioState } from '../s3/audio-state.ts'
import { type ZipWriter, textOf } from './export-zip.ts'
import { explainRefusal } from './get-refusal.ts'
import type { SelectedRecording } from './select-recordings.ts'

/** A recording that is to be exported, as it lies in the bucket; or why nothing of it can be. */
export type Found =
  | {
      readonly recordingId: string
      readonly workspaceId: string
      readonly text: string
      readonly sidecar: Sidecar
      readonly state: AudioState | undefined
      /** What somebody has done to the sidecar since it was written: here is what was archived. */
      readonly tampering?: string | undefined
    }
  | {
      readonly recordingId: string
      readonly workspaceId: string | undefined
      readonly sidecar: undefined
      readonly problem: string
    }

/** Looks a recording up; nothing of it is handed out yet. */
export async function findRecording(
  selected: SelectedRecording,
  exporter: Pick<Exporter, 'vault'>,
  signal: AbortSignal,
): Promise<Found> {
  try {
    return await lookUp(selected, exporter, signal)
  } catch (error) {
    const problem = `it could not be looked at: ${explainTrouble(error, signal)}`
    return { recordingId: selected.recordingId, workspaceId: undefined, sidecar: undefined, problem }
  }
}

async function lookUp(
  { recordingId, workspaceIds }: SelectedRecording,
  { vault }: Pick<Exporter, 'vault'>,
  signal: AbortSignal,
): Promise<Found> {
  for (const workspaceId of workspaceIds) {
    const found = await vault.readSidecar(workspaceId, recordingId, signal)
    if (found === undefined) continue
    const { text, fault } = found
    const sidecar = found.sidecar ?? found.original
    if (sidecar === undefined)
      return { recordingId, workspaceId, sidecar, problem: `its sidecar cannot be relied on: ${fault ?? ''}` }
    const { key, versionId } = sidecar.audio
    const state = await vault.inspectAudio(key, versionId ?? undefined, signal)
    return { recordingId, workspaceId, text, sidecar, state, tampering: fault }
  }
  const [problem = ''] = explainRefusal({ kind: 'not-archived' }, workspaceIds)
  return { recordingId, workspaceId: undefined, sidecar: undefined, problem }
}

/** Adds a recording's sidecar, verbatim, and its audio, which is compared with the sidecar while it passes. */
export async function addRecording(
  found: Found,
  zip: Pick<ZipWriter, 'add'>,
  vault: Exporter['vault'],
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<ExportedRecording> {
  const { recordingId, workspaceId } = found
  if (found.sidecar === undefined) {
    const { problem } = found
    return { recordingId, workspaceId, call: undefined, sidecar: undefined, audio: undefined, problem }
  }
  const { sidecar, text, state, tampering } = found
  const name = `recordings/${nameFile(sidecar)}`
  const modified = new Date(sidecar.provenance.archivedAt)
  const told = {
    recordingId,
    workspaceId,
    call: describeCall(sidecar),
    sidecar: await zip.add(name.replace(/\.mp3$/, '.json'), textOf(text), { modified, compress: true }),
  }
  const fault = judgeAudio(sidecar, state)
  if (fault !== undefined)
    return { ...told, audio: undefined, problem: explainRefusal(fault, [workspaceId ?? ''])[0] }

  const { key, versionId, bytes, sha256 } = sidecar.audio
  const trouble: string[] = []
  const reading = await open(vault, key, versionId, signal)
  if (typeof reading === 'string') return { ...told, audio: undefined, problem: reading }
  const chunks = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of reading.body) {
        onBytes(chunk.length)
        yield chunk
      }
    } catch (error) {
      // What is in the archive already stays there: it is named as what it is, and the others follow.
      trouble.push(`the audio ends early, it could not be read on: ${explainTrouble(error, signal)}`)
    }
  }
  const file = await zip.add(name, chunks(), { modified, compress: false })
  const altered = judgeRead(sidecar, file)
  if (altered !== undefined && trouble.length === 0) trouble.push(explainRefusal(altered, [])[0] ?? '')
  const problem =
    trouble[0] ?? (tampering && `its sidecar cannot be relied on: ${tampering}; this is what was archived`)
  return { ...told, audio: { ...file, archived: { bytes, sha256 } }, problem }
}

async function open(
  vault: Exporter['vault'],
  key: string,
  versionId: string | null,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<Exporter['vault']['openAudio']>> | string> {
  try {
    return await vault.openAudio(key, versionId ?? undefined, signal)
  } catch (error) {
    return `the audio could not be read: ${explainTrouble(error, signal)}`
  }
}

/** @throws what concerns all recordings: a fault of the configuration, or that the export is given up */
function explainTrouble(error: unknown, signal: AbortSignal): string {
  signal.throwIfAborted()
  if (error instanceof ConfigurationError || !(error instanceof StoreError)) throw error
  return error.message
}

function describeCall(sidecar: Sidecar): CallFacts {
  const { created_at, duration_ms, direction, from_number, to_number } = toEntry(sidecar)
  return {
    createdAt: created_at,
    durationMs: duration_ms,
    direction: direction ?? undefined,
    from: from_number ?? undefined,
    to: to_number ?? undefined,
  }
}

const MAX_CLOCK_ERROR_MS = 2 * 86_400_000

/**
 * Adds the lines of the access log that name any of the recordings, those of this export among them, in order of time.
 * @returns the file, and what could not be read
 */
export async function addAccessLines(
  recordings: readonly ExportedRecording[],
  zip: Pick<ZipWriter, 'add'>,
  { accessLog, clock }: Pick<Exporter, 'accessLog' | 'clock'>,
  signal: AbortSignal,
): Promise<{ readonly file: ExportedFile; readonly problems: readonly string[] }> {
  const ids = new Set(recordings.map(({ recordingId }) => recordingId))
  const times = recordings.flatMap(({ call }) => (call === undefined ? [] : [Date.parse(call.createdAt)]))
  // Before its call nobody had a recording; but a line bears the time of the clock of whoever wrote it, which may be wrong, and
  // a line that is left out would be missed by nobody.
  const from =
    times.length === recordings.length
      ? new Date(times.reduce((a, b) => Math.min(a, b)) - MAX_CLOCK_ERROR_MS)
      : undefined
  const problems: string[] = []
  const lines = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const found of accessLog.read({ from }, signal)) {
      if (found.kind === 'unreadable') problems.push(`access log: ${found.key}: ${found.reason}`)
      else if (found.record.recordingIds.some((id) => ids.has(id))) {
        const line = rewrite(found.record)
        if (line.ok) yield Buffer.from(line.text)
        else
          problems.push(
            `access log: ${found.key}: it names a recording and is not in the export: ${line.fault}`,
          )
      }
    }
  }
  const file = await zip.add('access.ndjson', lines(), { modified: clock.now(), compress: true })
  return { file, problems }
}

/** A line as it was written; the fault where this program cannot have written it. */
function rewrite(record: AccessRecord): { ok: true; text: string } | { ok: false; fault: string } {
  try {
    return { ok: true, text: writeAccess(record) }
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, fault: error.message }
    throw error
  }
}
