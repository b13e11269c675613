import type { JsonObject } from '../archive/recording.ts'

/** Identifies the form of an export's `manifest.json`. */
const EXPORT_SCHEMA = 'urn:bird-recording-archiver:export:1'

/** A file as it went into the export. */
export interface ExportedFile {
  /** With `/` between its parts, from the export's root. */
  readonly name: string
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

/** What people look for a call by; undefined where it is not known. */
export interface CallFacts {
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly durationMs: number
  readonly direction: string | undefined
  /** Digits with the country's code. */
  readonly from: string | undefined
  readonly to: string | undefined
}

/** What became of one recording in the export. */
export interface ExportedRecording {
  readonly recordingId: string
  readonly workspaceId: string | undefined
  readonly call: CallFacts | undefined
  readonly sidecar: ExportedFile | undefined
  /** `archived`: the digest from the sidecar, which the file has to have. */
  readonly audio:
    | (ExportedFile & { readonly archived: { readonly bytes: number; readonly sha256: string } })
    | undefined
  /** What is missing or wrong, and why; undefined where nothing is. */
  readonly problem: string | undefined
}

/** All that an export's documents tell. */
export interface ExportFacts {
  readonly exportedAt: Date
  readonly version: string
  readonly bucket: string
  readonly actor: string
  readonly reason: string | undefined
  readonly caseNumber: string | undefined
  /** As they were given; undefined where recordings were only named. */
  readonly criteria: JsonObject | undefined
  /** In the order in which they were selected. */
  readonly recordings: readonly ExportedRecording[]
  /** What else is missing: of the catalog, the access log or the attestations, what could not be read. */
  readonly problems: readonly string[]
}

/** Whether an export has all that it should have. */
export function isComplete({ recordings, problems }: Pick<ExportFacts, 'recordings' | 'problems'>): boolean {
  return problems.length === 0 && recordings.every(({ problem }) => problem === undefined)
}

/**
 * Writes `manifest.json`: who exported what and why, each file with its size and digest, and what is missing.
 * @param files all of them but the manifest itself and `SHA256SUMS`
 */
export function writeManifest(facts: ExportFacts, files: readonly ExportedFile[]): string {
  const { recordings, problems } = facts
  const document = {
    schema: EXPORT_SCHEMA,
    exportedAt: facts.exportedAt.toISOString(),
    exporter: { name: 'bird-recording-archiver', version: facts.version },
    bucket: facts.bucket,
    actor: facts.actor,
    reason: facts.reason ?? null,
    caseNumber: facts.caseNumber ?? null,
    criteria: facts.criteria ?? null,
    complete: isComplete(facts),
    counts: {
      recordings: recordings.length,
      sound: recordings.filter(({ problem }) => problem === undefined).length,
      audioBytes: recordings.reduce((sum, { audio }) => sum + (audio?.bytes ?? 0), 0),
    },
    problems,
    recordings: recordings.map(({ recordingId, workspaceId, call, sidecar, audio, problem }) => ({
      recordingId,
      workspaceId: workspaceId ?? null,
      createdAt: call?.createdAt ?? null,
      sidecar: sidecar?.name ?? null,
      audio: audio?.name ?? null,
      archived: audio?.archived ?? null,
      problem: problem ?? null,
    })),
    files,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/**
 * Writes `SHA256SUMS`, as `sha256sum -c` reads it: two spaces between digest and name. Audio stands there with the digest of
 * when it was archived, so that the check of what is not that any more fails.
 */
export function writeSums(files: readonly ExportedFile[], recordings: readonly ExportedRecording[]): string {
  const archived = new Map(
    recordings.flatMap(({ audio }) => (audio === undefined ? [] : [[audio.name, audio.archived.sha256]])),
  )
  return files.map(({ name, sha256 }) => `${archived.get(name) ?? sha256}  ${name}\n`).join('')
}
