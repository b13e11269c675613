import * as v from 'valibot'
import { readDocument } from './document.ts'
import { compareDurations } from './duration.ts'
import type { MediaFacts } from './media.ts'
import type { ArchiveRequest } from './message.ts'
import type { JsonObject, Recording } from './recording.ts'
import type { Lock, RetentionPolicy } from './retention.ts'

/** Identifies the form of the document; `docs/sidecar-1.schema.json` is its JSON Schema and carries this as `$id`. */
export const SIDECAR_SCHEMA = 'urn:bird-recording-archiver:sidecar:1'

/** The audio object as the bucket keeps it. */
export interface StoredAudio {
  readonly key: string
  readonly bytes: number
  readonly contentType: string
  /** Undefined where the bucket keeps no versions. */
  readonly versionId: string | undefined
  /** The checksum that the bucket itself keeps; undefined for a store that keeps none. */
  readonly checksum: { readonly algorithm: 'SHA256' | 'CRC32'; readonly value: string } | undefined
  /** How it was shown that the bucket holds what was read: by its own checksum, or by reading all of it again. */
  readonly verifiedBy: 'checksum' | 'reading-again'
  /** An equal object was there already, left by a delivery that did not reach its end. */
  readonly adopted: boolean
  readonly lock: Lock | undefined
}

/** How the recording came here. */
export interface Provenance {
  readonly archivedAt: Date
  readonly archiverVersion: string
  /** The queue's message, or what stands for it where no queue is used. */
  readonly messageId: string
  /** SQS's `ApproximateReceiveCount` of that message, from 1. */
  readonly attempt: number
  readonly redirectHost: string
  readonly birdRequestId: string | undefined
  /** How often the transfer broke and went on where it had stopped. */
  readonly resumptions: number
}

/** What a person should know of the audio's quality: the frame walk's findings, and where Bird's metadata says otherwise. */
export function findQuality(media: MediaFacts, recording: Recording): readonly string[] {
  const { mp3 } = media
  const findings: string[] = [...mp3.findings]
  if (compareDurations(mp3.durationMs, recording.durationSeconds) === 'differs')
    findings.push('duration-differs')
  if (recording.stereo !== undefined && recording.stereo !== (mp3.channels === 2))
    findings.push('channels-differ')
  if (recording.format !== undefined && recording.format.toLowerCase() !== 'mp3')
    findings.push('format-differs')
  if (media.contentType !== undefined && !/^audio\/(?:mpeg|mp3)\b/i.test(media.contentType))
    findings.push('content-type-differs')
  return findings
}

/** Writes the sidecar: one JSON document, its presence in the bucket means "archived". */
export function writeSidecar(
  request: ArchiveRequest,
  recording: Recording,
  media: MediaFacts,
  audio: StoredAudio,
  provenance: Provenance,
  policy: RetentionPolicy,
): string {
  const { mp3 } = media
  const document = {
    schema: SIDECAR_SCHEMA,
    recordingId: recording.id,
    workspaceId: request.workspaceId,
    bird: recording.verbatim,
    audio: {
      key: audio.key,
      bytes: audio.bytes,
      sha256: media.sha256,
      s3Checksum: audio.checksum === undefined ? null : { ...audio.checksum, type: 'FULL_OBJECT' },
      verifiedBy: audio.verifiedBy,
      contentType: audio.contentType,
      versionId: audio.versionId ?? null,
    },
    quality: {
      frames: mp3.frames,
      measuredDurationMs: mp3.durationMs,
      declaredDurationSeconds: recording.durationSeconds ?? null,
      durationAgreement: compareDurations(mp3.durationMs, recording.durationSeconds),
      mpegVersion: mp3.mpegVersion ?? null,
      layer: mp3.layer ?? null,
      bitRateKbps: mp3.bitRateKbps,
      bitRateMode: mp3.bitRateMode ?? null,
      sampleRateHz: mp3.sampleRateHz ?? null,
      channels: mp3.channels ?? null,
      endsOnWholeFrame: mp3.endsOnWholeFrame,
      findings: findQuality(media, recording),
    },
    provenance: {
      archivedAt: provenance.archivedAt.toISOString(),
      archiver: { name: 'bird-recording-archiver', version: provenance.archiverVersion },
      messageId: provenance.messageId,
      attempt: provenance.attempt,
      redirectHost: provenance.redirectHost,
      birdRequestId: provenance.birdRequestId ?? null,
      resumptions: provenance.resumptions,
      adopted: audio.adopted,
    },
    retention: {
      policy:
        policy.mode === 'off' ? null : { mode: policy.mode, days: policy.days, countedFrom: 'createdAt' },
      lock:
        audio.lock === undefined ? null : { mode: audio.lock.mode, until: audio.lock.until.toISOString() },
    },
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** What our own names are made of: a bucket may hold other keys, but none that a recording has. */
const AUDIO_KEY = /^[A-Za-z0-9!_.*'()=/-]+$/
const SHA256 = /^[0-9a-f]{64}$/
const Time = v.pipe(v.string(), v.isoTimestamp(), v.check(isTime))

/** Whose it is, {@link readSidecarOf} compares; what else goes into names, commands and comparisons has one form alone. */
const SidecarDocument = v.object({
  schema: v.literal(SIDECAR_SCHEMA),
  recordingId: v.string(),
  workspaceId: v.string(),
  bird: v.custom<JsonObject>((value) =>
    v.is(v.looseObject({ status: v.string(), createdAt: v.pipe(v.string(), v.check(isTime)) }), value),
  ),
  audio: v.object({
    key: v.pipe(v.string(), v.regex(AUDIO_KEY)),
    bytes: v.number(),
    sha256: v.pipe(v.string(), v.regex(SHA256)),
    versionId: v.nullable(v.string()),
  }),
  quality: v.object({
    measuredDurationMs: v.number(),
    channels: v.nullable(v.number()),
    findings: v.array(v.string()),
  }),
  provenance: v.object({ archivedAt: Time }),
  retention: v.object({
    lock: v.nullable(v.object({ mode: v.picklist(['GOVERNANCE', 'COMPLIANCE']), until: Time })),
  }),
})

function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text))
}

/** A sidecar as read back from the bucket: the part of it that others of this program rely on. */
export type Sidecar = v.InferOutput<typeof SidecarDocument>

/**
 * Reads the sidecar of a recording: it must say of itself that it is this recording's, whatever else lies there is no proof
 * of it. Returns the reason as text where it does not.
 * @param audioKey where its audio must be, if that is to be held against it
 */
export function readSidecarOf(
  text: string,
  workspaceId: string,
  recordingId: string,
  audioKey?: string,
): ReturnType<typeof readSidecar> {
  const read = readSidecar(text)
  if (!read.ok) return read
  const { sidecar } = read
  if (sidecar.recordingId !== recordingId || sidecar.workspaceId !== workspaceId)
    return { ok: false, reason: 'the sidecar is of another recording' }
  if (audioKey !== undefined && sidecar.audio.key !== audioKey)
    return { ok: false, reason: `the sidecar names another place for its audio: ${sidecar.audio.key}` }
  return read
}

/** Reads a sidecar; returns the reason as text where it is none, or one of a form that this version does not know. */
export function readSidecar(text: string): { ok: true; sidecar: Sidecar } | { ok: false; reason: string } {
  const read = readDocument(SidecarDocument, text, 'the sidecar')
  return read.ok ? { ok: true, sidecar: read.document } : read
}
