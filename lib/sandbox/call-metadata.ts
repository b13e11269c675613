import { ZERO_TIME } from './bird-recording.ts'
import type { BirdCall } from './bird-recording.ts'
import { inventParty } from './callers.ts'
import type { Random } from './random.ts'

type Metadata = BirdCall['metadata']
type Times = Pick<Metadata, 'createdAt' | 'startedAt' | 'endedAt' | 'duration'>

/** What Bird tells of a call and its people, with as many gaps as it may have. */
export function inventMetadata(
  random: Random,
  call: {
    readonly recordingId: string
    readonly conference: boolean
    readonly stereo: boolean
    readonly times: Times
  },
): Metadata {
  const { recordingId, conference, stereo, times } = call
  const direction = random.pick(['incoming', 'outgoing'] as const)
  return {
    id: recordingId,
    source: conference ? 'conference' : 'call',
    sourceId: random.uuid(),
    ...(random.chance(90) && { channelId: random.uuid() }),
    ...(random.chance(95) && { direction }),
    ...(random.chance(95) && {
      originator: inventParty(random, direction === 'incoming' ? 'customer' : 'agent'),
    }),
    ...(random.chance(92) && {
      receiver: inventParty(random, direction === 'incoming' ? 'agent' : 'customer'),
    }),
    origin: random.pick([
      'call-command-record',
      'call-command-record-call',
      'create-call',
      'bridge-call',
    ] as const),
    stereo,
    format: 'mp3',
    transcription: random.chance(20),
    ...(conference && {
      conferenceId: random.uuid(),
      roomInfoUrl: `https://rooms.example.com/${random.uuid()}?access_token=${random.uuid()}`,
    }),
    ...times,
  }
}

/** The times of a call; none of `seconds` was recorded where it is 0, and `unknown` is how Bird says that it does not know. */
export function describeTimes(startMs: number, seconds: number, unknown: boolean): Times {
  const createdAt = new Date(startMs).toISOString()
  if (unknown) return { createdAt, startedAt: ZERO_TIME, endedAt: ZERO_TIME, duration: 0 }
  if (seconds === 0) return { createdAt, endedAt: new Date(startMs + 2000).toISOString() }
  return {
    createdAt,
    startedAt: new Date(startMs - 113).toISOString(),
    endedAt: new Date(startMs + seconds * 1000 - 150).toISOString(),
    duration: seconds,
  }
}
