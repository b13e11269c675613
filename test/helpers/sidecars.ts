import type { MediaFacts } from '../../lib/archive/media.ts'
import { readRecording, type Recording } from '../../lib/archive/recording.ts'
import type { RetentionPolicy } from '../../lib/archive/retention.ts'
import { type Provenance, type StoredAudio, writeSidecar } from '../../lib/archive/sidecar.ts'
import { exampleMetadata } from './recordings.ts'

/** A JSON object of any form. */
export type Tree = Record<string, unknown>

export const EXAMPLE_ID = '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd'
const AT = new Date('2026-11-23T12:00:00.000Z')
export const REQUEST = { recordingId: EXAMPLE_ID, workspaceId: 'ours', firstSeenAt: AT, deferrals: 0 }
export const MP3: MediaFacts['mp3'] = {
  frames: 84,
  durationMs: 3_024,
  bitRateKbps: 32,
  bitRateMode: 'cbr',
  sampleRateHz: 16_000,
  channels: 1,
  mpegVersion: '2',
  layer: 3,
  vbrHeader: undefined,
  declaredFrames: undefined,
  id3v2Bytes: 0,
  id3v1: false,
  endsOnWholeFrame: true,
  frameBytes: 12_096,
  tagBytes: 0,
  junkBytes: 0,
  findings: [],
}
export const MEDIA: MediaFacts = {
  bytes: 12_096,
  sha256: 'ab'.repeat(32),
  mp3: MP3,
  contentType: 'audio/mpeg',
}
export const AUDIO: StoredAudio = {
  key: `recordings/ours/${EXAMPLE_ID}.mp3`,
  bytes: 12_096,
  contentType: 'audio/mpeg',
  versionId: 'v1',
  checksum: { algorithm: 'SHA256', value: 'q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=' },
  verifiedBy: 'checksum',
  adopted: false,
  lock: { mode: 'COMPLIANCE', until: AT },
}
export const PROVENANCE: Provenance = {
  archivedAt: AT,
  archiverVersion: '0.1.0',
  messageId: 'm',
  attempt: 1,
  redirectHost: 'bucket.s3.eu-west-1.amazonaws.com',
  birdRequestId: 'req-1',
  resumptions: 0,
}
export const POLICY: RetentionPolicy = { mode: 'COMPLIANCE', days: 365 }

/** Bird's example as the archiver reads it, with `more` laid over it and a link that must not be kept. */
export function recordingOf(more: Tree = {}): Recording {
  const read = readRecording(
    { ...exampleMetadata(EXAMPLE_ID), url: 'https://x.example/?X-Amz-Signature=1', ...more },
    EXAMPLE_ID,
    new Date(),
  )
  if (!read.ok) throw new Error(read.reason)
  return read.recording
}

/** What a sidecar is written from; what is not given is the example's. */
export interface SidecarParts {
  recording?: Recording
  media?: MediaFacts
  audio?: StoredAudio
  provenance?: Provenance
  policy?: RetentionPolicy
}

/** Writes a sidecar and parses it again. */
export function writeExample(parts: SidecarParts = {}): Tree {
  const { recording = recordingOf(), media = MEDIA, audio = AUDIO, provenance = PROVENANCE } = parts
  return JSON.parse(
    writeSidecar(REQUEST, recording, media, audio, provenance, parts.policy ?? POLICY),
  ) as Tree
}
