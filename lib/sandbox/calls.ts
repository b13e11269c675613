import { makeAudio } from './audio.ts'
import type { AudioPlan, FormatName } from './audio.ts'
import type { BirdCall, StatusStep } from './bird-recording.ts'
import { describeTimes, inventMetadata } from './call-metadata.ts'
import { castRoles, faultsOf } from './call-mix.ts'
import type { Role } from './call-mix.ts'
import type { CallFault } from './call-fault.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'

/** What the work on a recording must come to. */
export type Ending = 'archived' | 'nothing-to-archive' | 'dead-letter'

/** One call of the sandbox's call center: what Bird knows of it, what goes wrong with it, and how it must end. */
export interface Call extends BirdCall {
  readonly role: Role
  readonly faults: readonly CallFault[]
  readonly expected: Ending
}

const MINUTE_MS = 60_000
const CONFERENCE_SECONDS = 7200

/**
 * The call center of a seed: `count` calls of the three weeks before `now`. The same seed gives the same ids, people,
 * audio and troubles on every machine; only the times follow `now`.
 */
export function describeCalls(options: { seed: number; count: number; now: Date }): Call[] {
  const { seed, count, now } = options
  return castRoles(createRandom(`roles ${seed}`), count).map((role, index) =>
    describeCall(createRandom(`call ${seed} ${index}`), role, now),
  )
}

/** The call's MP3, in chunks; nothing for a call without audio. The same call gives the same bytes everywhere. */
export async function* audioOf(call: BirdCall): AsyncGenerator<Uint8Array> {
  if (call.audio !== undefined) yield* makeAudio(call.audio)
}

/** Where Bird keeps the audio, as seen in the links that it hands out (the id's colons are literal, `%3A` in a link). */
export function mediaKey(workspaceId: string, call: BirdCall): string {
  return `workspaceID:${workspaceId}/sourceID:${call.metadata.sourceId}/${call.recordingId}.mp3`
}

function describeCall(random: Random, role: Role, now: Date): Call {
  const recordingId = random.uuid()
  const conference = role === 'conference' || (role === 'plain' && random.chance(8))
  const statuses = planStatuses(random, role)
  const settled = statuses.length === 1
  const audio = planAudio(random, role, recordingId, conference)
  const seconds = audio?.seconds ?? 0
  const ageMs = settled ? random.integer(20, 21 * 24 * 60) * MINUTE_MS : random.integer(1, 6) * MINUTE_MS
  const startMs = now.getTime() - ageMs - seconds * 1000
  const metadata = inventMetadata(random, {
    recordingId,
    conference,
    stereo: audio?.format === 'two-sided' || audio?.format === 'studio',
    times: describeTimes(startMs, seconds, role === 'unknown-duration'),
  })
  return {
    recordingId,
    metadata,
    statuses,
    ...(audio !== undefined && { audio }),
    role,
    faults: faultsOf(role),
    expected: endingOf(role),
  }
}

function planStatuses(random: Random, role: Role): StatusStep[] {
  if (role === 'absent' || role === 'failed') return [{ status: role, fromSeconds: 0 }]
  const soon = random.integer(2, 6)
  const later = soon + random.integer(1, 8)
  if (role === 'unknown-status') return [step('transcoding', 0), step('available', later)]
  if (role !== 'becomes-available') return [step('available', 0)]
  return random.pick([
    [step('accepted', 0), step('ongoing', soon), step('available', later)],
    [step('ongoing', 0), step('completed', soon), step('available', later)],
    [step('paused', 0), step('ongoing', soon), step('available', later)],
    [step('completed', 0), step('available', soon)],
  ])
}

function step(status: StatusStep['status'], fromSeconds: number): StatusStep {
  return { status, fromSeconds }
}

function planAudio(random: Random, role: Role, voice: string, conference: boolean): AudioPlan | undefined {
  if (role === 'absent' || role === 'failed') return undefined
  if (role === 'conference') {
    return { voice, format: 'conference', seconds: CONFERENCE_SECONDS, id3v2: false, id3v1: false }
  }
  const formats: readonly FormatName[] = conference
    ? ['conference', 'studio']
    : ['narrowband', 'wideband', 'wideband', 'two-sided', 'two-sided', 'variable', 'studio']
  const length = random.integer(0, 99)
  const truncated = role === 'body-truncated'
  return {
    voice,
    // The script of this fault knows where the frames of this format end.
    format: truncated ? 'wideband' : random.pick(formats),
    seconds:
      length < 60 ? random.integer(3, 30) : length < 90 ? random.integer(30, 90) : random.integer(90, 240),
    id3v2: !truncated && random.chance(15),
    id3v1: random.chance(10),
  }
}

function endingOf(role: Role): Ending {
  if (role === 'absent' || role === 'failed') return 'nothing-to-archive'
  return role === 'html-always' || role === 'unprocessable' ? 'dead-letter' : 'archived'
}
