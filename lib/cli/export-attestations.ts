import { dirname } from 'node:path/posix'
import { utcDay } from '../archive/keys.ts'
import { type Attestation, readAttestation } from '../backfill/attest.ts'
import type { Exporter } from '../compose-keep.ts'
import type { ExportedFile, ExportedRecording } from '../retrieve/manifest.ts'
import { textOf, type ZipWriter } from './export-zip.ts'

/** What `BackfillKeys.attestation` names: whatever else lies there, none of our names can be made of it. */
const ATTESTATION = /^\d{4}-\d\d-\d\d(?:T\d\d(?:\d\d)?)?\/[0-9a-f]{16}\.json$/

export interface Attested {
  readonly files: readonly ExportedFile[]
  readonly problems: readonly string[]
  readonly contradictions: ReadonlyMap<string, string>
}

/**
 * Adds what was attested of the days of the recordings: that these were all, and each with its digest; which is compared with
 * that of each recording here, because sidecar and attestation were written by two programs at two times.
 * @returns the files; what is wrong with them, or lies there and is none of them; and what they say otherwise, by recording id
 */
export async function addAttestations(
  recordings: readonly ExportedRecording[],
  zip: Pick<ZipWriter, 'add'>,
  { documents, backfillKeys, clock }: Pick<Exporter, 'documents' | 'backfillKeys' | 'clock'>,
  signal: AbortSignal,
): Promise<Attested> {
  const files: ExportedFile[] = []
  const problems: string[] = []
  const contradictions = new Map<string, string>()
  for (const [workspaceId, date, ofThatDay] of groupByDay(recordings)) {
    const ofDay = dirname(backfillKeys.attestation(workspaceId, date, ''))
    // A day with very many recordings is attested by its hours, too: 2024-03-01T05.
    for await (const key of documents.list(ofDay, signal)) {
      const name = key.slice(dirname(ofDay).length + 1)
      const document = ATTESTATION.test(name) ? await documents.read(key, signal) : undefined
      if (document === undefined) {
        problems.push(
          `${key} lies among the attestations and is none that can be read: it is not in the export`,
        )
        continue
      }
      const read = readOne(document.text, key, workspaceId)
      if (typeof read === 'string') problems.push(read)
      else for (const [id, problem] of compare(read, key, ofThatDay)) contradictions.set(id, problem)
      files.push(
        await zip.add(`attestations/${workspaceId}/${name}`, textOf(document.text), {
          modified: clock.now(),
          compress: true,
        }),
      )
    }
  }
  return { files, problems, contradictions }
}

function groupByDay(
  recordings: readonly ExportedRecording[],
): (readonly [workspaceId: string, date: string, recordings: readonly ExportedRecording[]])[] {
  const days = Map.groupBy(recordings, ({ workspaceId, call }) =>
    workspaceId === undefined || call === undefined
      ? ''
      : `${workspaceId}/${utcDay(new Date(call.createdAt))}`,
  )
  days.delete('')
  return [...days]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([day, ofThatDay]) => {
      const [workspaceId = '', date = ''] = day.split('/')
      return [workspaceId, date, ofThatDay] as const
    })
}

/** What is wrong with it, if it is no attestation of the workspace. */
function readOne(text: string, key: string, workspaceId: string): Attestation | string {
  const read = readAttestation(text)
  if (!read.ok) return `${key} is no attestation that can be relied on: ${read.reason}`
  return read.attestation.workspaceId === workspaceId
    ? read.attestation
    : `${key} is an attestation of another workspace`
}

/** What an attestation says otherwise than the sidecars of some of its recordings. */
function compare(
  { archived }: Attestation,
  key: string,
  recordings: readonly ExportedRecording[],
): (readonly [recordingId: string, problem: string])[] {
  const attested = new Map(archived.map((line) => line.split(' ') as [id: string, sha256: string]))
  return recordings.flatMap(({ recordingId, audio }) => {
    const sha256 = attested.get(recordingId)
    if (sha256 === undefined || audio === undefined || sha256 === audio.archived.sha256) return []
    const problem =
      `it was attested with SHA-256 ${sha256} (${key}), and its sidecar says ${audio.archived.sha256}: one of the two was ` +
      'written over; delete nothing, and look at the versions of both'
    return [[recordingId, problem] as const]
  })
}
