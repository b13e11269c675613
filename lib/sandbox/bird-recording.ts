import type { AudioPlan } from './audio.ts'

/** Bird's statuses, and one that Bird does not have (yet): an archiver must take what it does not know for "not yet". */
export type BirdStatus =
  | 'accepted'
  | 'ongoing'
  | 'paused'
  | 'completed'
  | 'available'
  | 'absent'
  | 'failed'
  | 'transcoding'

/** One end of a call. Numbers come without `+` in `number.number` and with it elsewhere. */
export interface BirdParty {
  readonly contact?: { readonly id: string; readonly identifierKey: string; readonly identifierValue: string }
  readonly number: {
    readonly type: 'pstn' | 'webrtc'
    readonly number: string
    readonly anonymous?: boolean
    readonly callerIdName?: string
    readonly identity?: string
    readonly countryIsoCode?: string
  }
}

/** `Recording` of Bird's OpenAPI document "Voice v1", operation getRecording. Times are RFC 3339, `duration` whole seconds. */
export interface BirdRecording {
  readonly id: string
  readonly source: 'call' | 'conference'
  readonly sourceId: string
  readonly channelId?: string
  readonly status: BirdStatus
  readonly direction?: 'incoming' | 'outgoing'
  readonly originator?: BirdParty
  readonly receiver?: BirdParty
  readonly origin: 'call-command-record' | 'call-command-record-call' | 'create-call' | 'bridge-call'
  readonly duration?: number
  readonly stereo: boolean
  readonly format: string
  readonly transcription: boolean
  readonly conferenceId?: string
  readonly url?: string
  readonly roomInfoUrl?: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly endedAt?: string
  readonly startedAt?: string
}

/** From `fromSeconds` after the sandbox was started first, Bird says `status`. */
export interface StatusStep {
  readonly status: BirdStatus
  readonly fromSeconds: number
}

/** What Bird knows of a recording: all that never changes, and how its status goes on. */
export interface BirdCall {
  readonly recordingId: string
  /** The metadata as it is in the end. */
  readonly metadata: Omit<BirdRecording, 'status' | 'url' | 'updatedAt'>
  /** At least one; the first holds from 0 seconds on; in order of time. */
  readonly statuses: readonly StatusStep[]
  /** Undefined where Bird has no audio. */
  readonly audio?: AudioPlan
}

/** Go's zero time, which Bird sends in its own examples for "not known". */
export const ZERO_TIME = '0001-01-01T00:00:00Z'

const UNFINISHED: readonly BirdStatus[] = ['accepted', 'ongoing', 'paused']
const PROCESSING_MS = 400

/** The step that holds at `at`, for a sandbox whose life began at `startedAt`. */
export function statusAt(call: BirdCall, startedAt: Date, at: Date): StatusStep {
  const seconds = (at.getTime() - startedAt.getTime()) / 1000
  const step = call.statuses.findLast((candidate) => candidate.fromSeconds <= seconds) ?? call.statuses[0]
  if (step === undefined) throw new Error(`recording ${call.recordingId} has no status`)
  return step
}

/**
 * Bird's answer for a recording at the moment `at`: a call that goes on has no end and no duration yet, and only an
 * available recording has a `url`, which `link` is asked for.
 */
export function describeRecording(
  call: BirdCall,
  startedAt: Date,
  at: Date,
  link: (recordingId: string) => string,
): BirdRecording {
  const { status, fromSeconds } = statusAt(call, startedAt, at)
  const { duration, endedAt, startedAt: answeredAt, ...rest } = call.metadata
  const ended = !UNFINISHED.includes(status)
  const settledMs = Date.parse(rest.createdAt) + (call.audio?.seconds ?? 0) * 1000 + PROCESSING_MS
  const changedMs =
    fromSeconds > 0
      ? startedAt.getTime() + fromSeconds * 1000
      : ended
        ? settledMs
        : Date.parse(rest.createdAt)
  return {
    ...rest,
    status,
    ...(status === 'available' && { url: link(call.recordingId) }),
    ...(ended && duration !== undefined && { duration }),
    ...(ended && endedAt !== undefined && { endedAt }),
    ...(status !== 'accepted' && answeredAt !== undefined && { startedAt: answeredAt }),
    updatedAt: new Date(changedMs).toISOString(),
  }
}
