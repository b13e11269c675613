import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { readDocument } from '../archive/document.ts'
import { GIVEN_UP } from './judge.ts'
import type { Entry } from './ledger.ts'
import { isWithin, type Window } from './window.ts'

const ATTESTATION_SCHEMA = 'urn:bird-recording-archiver:attestation:1'

/** An archived recording, as its sidecar has it. */
export interface Evidence {
  readonly recordingId: string
  /** Of the audio, lower-case hex. */
  readonly sha256: string
  readonly bytes: number
}

/** A sidecar that was read, or why it could not be. */
type ReadSidecar = {
  readonly kind: string
  readonly sha256?: string
  readonly bytes?: number
  readonly createdAt?: Date | undefined
  readonly fault?: string
}

/** What the sidecars say; those that say nothing are left out: see {@link lostOf}. */
export function evidenceOf(ids: readonly string[], sidecars: ReadonlyMap<string, ReadSidecar>): Evidence[] {
  return ids.flatMap((recordingId) => {
    const { sha256, bytes } = sidecars.get(recordingId) ?? {}
    return sha256 === undefined || bytes === undefined ? [] : [{ recordingId, sha256, bytes }]
  })
}

/** Recordings whose sidecar is not there any more, or says nothing, with the reason. */
export function lostOf(
  ids: readonly string[],
  sidecars: ReadonlyMap<string, ReadSidecar>,
): ReadonlyMap<string, string> {
  return new Map(
    ids.flatMap((id) => {
      const sidecar = sidecars.get(id)
      if (sidecar?.sha256 !== undefined && sidecar.bytes !== undefined) return []
      return [[id, sidecar?.fault ?? 'its sidecar is no longer in the bucket'] as const]
    }),
  )
}

/** Recordings whose sidecar puts them into another window, with the moment that it tells. */
export function elsewhereOf(
  ids: readonly string[],
  sidecars: ReadonlyMap<string, ReadSidecar>,
  window: Window,
): ReadonlyMap<string, Date> {
  return new Map(
    ids.flatMap((id) => {
      const { createdAt } = sidecars.get(id) ?? {}
      return createdAt === undefined || isWithin(createdAt, window) ? [] : [[id, createdAt] as const]
    }),
  )
}

export interface AttestationFacts {
  readonly workspaceId: string
  readonly window: Window
  readonly evidence: readonly Evidence[]
  /** What is not archived, each with its explanation. */
  readonly exceptions: readonly Entry[]
  /** Complete listings in a row that named the same recordings. */
  readonly listingsAgreed: number
  readonly now: Date
  readonly version: string
}

const OVER =
  'SHA-256 of the lines of `archived`, each ended by a newline: id, space, SHA-256 of the audio; sorted by id'

/**
 * Writes the document that says: these are all recordings of the window, and each is archived or its absence explained.
 * @returns the text; `digest`, over the sorted (id, sha256) list; `factsDigest`, which is the same for the same facts,
 * whenever they are attested
 */
export function writeAttestation(facts: AttestationFacts): {
  readonly text: string
  readonly digest: string
  readonly factsDigest: string
} {
  const { workspaceId, window, evidence, exceptions, listingsAgreed, now, version } = facts
  const archived = evidence.map(({ recordingId, sha256 }) => `${recordingId} ${sha256}`).toSorted()
  const digest = digestOfLines(archived)
  const named = exceptions
    .map(({ recordingId, line, reason }) => ({ recordingId, line, reason }))
    .toSorted((a, b) => (a.recordingId < b.recordingId ? -1 : 1))
  const what = {
    schema: ATTESTATION_SCHEMA,
    workspaceId,
    window: { name: window.name, from: window.from.toISOString(), to: window.to.toISOString() },
    counts: {
      recordings: archived.length + named.length,
      archived: archived.length,
      archivedBytes: evidence.reduce((sum, { bytes }) => sum + bytes, 0),
      nothingToArchive: named.filter(({ line }) => line === 'nothing-to-archive').length,
      givenUp: named.filter(({ reason }) => reason === GIVEN_UP).length,
    },
    digest: { algorithm: 'SHA-256', over: OVER, value: digest },
    exceptions: named,
  }
  const document = {
    ...what,
    listingsAgreed,
    attestedAt: now.toISOString(),
    archiver: { name: 'bird-recording-archiver', version },
    archived,
  }
  return {
    text: `${JSON.stringify(document, null, 2)}\n`,
    digest,
    factsDigest: sha256Of(JSON.stringify(what)),
  }
}

const AttestationDocument = v.object({
  schema: v.literal(ATTESTATION_SCHEMA),
  workspaceId: v.string(),
  window: v.object({ name: v.string(), from: v.string(), to: v.string() }),
  counts: v.object({ recordings: v.number(), archived: v.number(), archivedBytes: v.number() }),
  digest: v.object({ value: v.string() }),
  exceptions: v.array(v.unknown()),
  attestedAt: v.string(),
  archived: v.array(v.string()),
})

/** An attestation as read back. */
export type Attestation = v.InferOutput<typeof AttestationDocument>

/** Reads an attestation and reckons its digest and counts anew; returns the reason where it is none, or contradicts itself. */
export function readAttestation(
  text: string,
): { ok: true; attestation: Attestation } | { ok: false; reason: string } {
  const read = readDocument(AttestationDocument, text)
  if (!read.ok) return read
  const { archived, digest, counts, exceptions } = read.document
  if (digestOfLines(archived) !== digest.value)
    return { ok: false, reason: 'its digest is not that of its list' }
  if (counts.archived !== archived.length || counts.recordings !== archived.length + exceptions.length)
    return { ok: false, reason: 'its counts are not those of its lists' }
  return { ok: true, attestation: read.document }
}

/** Whether a document is the attestation that is meant; if not, the reason. */
export function confirmAttestation(
  text: string | undefined,
  meant: { readonly workspaceId: string; readonly window: string; readonly digest: string },
): ReturnType<typeof readAttestation> {
  if (text === undefined) return { ok: false, reason: 'it is not there' }
  const read = readAttestation(text)
  if (!read.ok) return read
  const { workspaceId, window, digest } = read.attestation
  if (workspaceId !== meant.workspaceId || window.name !== meant.window)
    return { ok: false, reason: 'it is of another window' }
  return digest.value === meant.digest ? read : { ok: false, reason: 'it has another digest than it should' }
}

/**
 * One digest for many windows: SHA-256 over a line for each, its name, a space and its digest, sorted by name.
 */
export function digestOfWindows(digests: ReadonlyMap<string, string>): string {
  return digestOfLines([...digests].map(([name, digest]) => `${name} ${digest}`).toSorted())
}

function digestOfLines(lines: readonly string[]): string {
  return sha256Of(lines.map((line) => `${line}\n`).join(''))
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
