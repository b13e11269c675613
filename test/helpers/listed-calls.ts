import { createHash, randomUUID } from 'node:crypto'
import { readRecording } from '../../lib/archive/recording.ts'
import { writeSidecar } from '../../lib/archive/sidecar.ts'
import { describeRecording } from '../../lib/sandbox/bird-recording.ts'
import type { BirdCall, BirdStatus } from '../../lib/sandbox/bird-recording.ts'
import { AUDIO, MP3, PROVENANCE } from './sidecars.ts'

/** What a call may be told to be instead of an ordinary one that is available. */
export interface CallOverrides {
  readonly recordingId?: string
  readonly status?: BirdStatus
  /** In place of `status`: how it goes on with time. */
  readonly statuses?: BirdCall['statuses']
  readonly metadata?: Partial<BirdCall['metadata']>
}

const SECONDS = 60

/** A call of one minute that Bird lists under `createdAt`, with an id of its own. */
export function callAt(createdAt: string | Date, overrides: CallOverrides = {}): BirdCall {
  const { recordingId = randomUUID(), status = 'available', metadata } = overrides
  const at = typeof createdAt === 'string' ? createdAt : createdAt.toISOString()
  return {
    recordingId,
    statuses: overrides.statuses ?? [{ status, fromSeconds: 0 }],
    metadata: {
      id: recordingId,
      source: 'call',
      sourceId: randomUUID(),
      channelId: '880d8171-cbab-47bb-81b6-b1a0902da136',
      direction: 'incoming',
      originator: { number: { type: 'pstn', number: '447700900456', countryIsoCode: 'GB' } },
      receiver: { number: { type: 'pstn', number: '12025550123', identity: '+12025550123' } },
      origin: 'call-command-record',
      stereo: false,
      format: 'mp3',
      transcription: false,
      duration: SECONDS,
      createdAt: at,
      startedAt: at,
      endedAt: new Date(Date.parse(at) + SECONDS * 1000).toISOString(),
      ...metadata,
    },
  }
}

/** The sidecar that the archiver would have written for a call, with a digest that only this call has. */
export function sidecarOf(call: BirdCall, workspaceId: string): string {
  const { recordingId } = call
  const available: BirdCall = { ...call, statuses: [{ status: 'available', fromSeconds: 0 }] }
  const createdAt = new Date(call.metadata.createdAt)
  const read = readRecording(
    describeRecording(available, createdAt, createdAt, () => ''),
    recordingId,
    createdAt,
  )
  if (!read.ok) throw new Error(read.reason)
  const { recording } = read
  const durationMs = (recording.durationSeconds ?? 3) * 1000
  const digest = createHash('sha256').update(recordingId)
  const sha256 = digest.digest('hex')
  const bytes = durationMs * 4
  return writeSidecar(
    { recordingId, workspaceId, firstSeenAt: createdAt, deferrals: 0 },
    recording,
    { bytes, sha256, mp3: { ...MP3, durationMs }, contentType: 'audio/mpeg' },
    {
      ...AUDIO,
      key: `recordings/${workspaceId}/${recordingId}.mp3`,
      bytes,
      checksum: { algorithm: 'SHA256', value: Buffer.from(sha256, 'hex').toString('base64') },
      lock: undefined,
    },
    PROVENANCE,
    { mode: 'off' },
  )
}
