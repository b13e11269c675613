import { FORMATS } from './audio.ts'
import type { AudioPlan } from './audio.ts'
import type { BirdFault, BirdFaults } from './bird-faults.ts'
import type { CallFault } from './call-fault.ts'
import type { Call } from './calls.ts'
import type { S3Fault, S3Faults } from './s3-server.ts'

const BIRD_ANSWERS: Partial<Record<CallFault['kind'], BirdFault>> = {
  throttled: {
    kind: 'respond',
    status: 429,
    body: { code: 'TooManyRequests', message: 'Too many requests' },
  },
  'throttled-with-retry-after': {
    kind: 'respond',
    status: 429,
    headers: { 'retry-after': '1' },
    body: { code: 'TooManyRequests', message: 'Too many requests' },
  },
  'server-error': {
    kind: 'respond',
    status: 503,
    body: { code: 'ServiceUnavailable', message: 'The service is temporarily unavailable' },
  },
  unprocessable: {
    kind: 'respond',
    status: 422,
    body: { code: 'UnprocessableEntity', message: 'The recording cannot be processed' },
  },
}

const SIGN_IN_PAGE =
  '<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>'

/** Turns the calls' faults into scripts for the two servers that they strike: Bird, and S3 where it serves the audio. */
export function scriptFaults(calls: readonly Call[]): { bird: BirdFaults; s3: S3Faults } {
  const troubled = new Map(
    calls.filter((call) => call.faults.length > 0).map((call) => [call.recordingId, call]),
  )
  const strikes = new Map<string, number>()

  function strike<Fault>(
    recordingId: string | undefined,
    faultOf: (kind: CallFault['kind'], call: Call) => Fault | undefined,
  ): Fault | undefined {
    const call = troubled.get(recordingId ?? '')
    if (call === undefined) return undefined
    for (const { kind, times } of call.faults) {
      const answer = faultOf(kind, call)
      const struck = strikes.get(`${call.recordingId} ${kind}`) ?? 0
      if (answer !== undefined && (times === 'always' || struck < times)) {
        strikes.set(`${call.recordingId} ${kind}`, struck + 1)
        return answer
      }
    }
    return undefined
  }

  return {
    bird: (request) => strike(request.recordingId, (kind) => BIRD_ANSWERS[kind]),
    s3: (request) =>
      request.operation === 'GetObject' && request.presigned
        ? strike(/([^/]+)\.mp3$/.exec(request.key)?.[1], (kind, call) => mediaFault(kind, call.audio))
        : undefined,
  }
}

function mediaFault(kind: CallFault['kind'], audio: AudioPlan | undefined): S3Fault | undefined {
  if (audio === undefined) return undefined
  switch (kind) {
    case 'link-expired':
      return { kind: 'error', status: 403, code: 'AccessDenied', message: 'Request has expired' }
    case 'connection-cut':
      return { kind: 'body', cutAfterBytes: middleOf(audio) }
    case 'body-truncated':
      return { kind: 'body', noLength: true, endAfterBytes: insideFrame(middleOf(audio)) }
    case 'html':
      return {
        kind: 'respond',
        status: 200,
        headers: { 'content-type': 'text/html; charset=utf-8' },
        body: SIGN_IN_PAGE,
      }
    case 'throttled':
    case 'throttled-with-retry-after':
    case 'server-error':
    case 'unprocessable':
      return undefined
  }
}

/** A byte near the middle of the audio. The encoder's variable rate stays above 48 kbit/s. */
function middleOf(audio: AudioPlan): number {
  const format = FORMATS[audio.format]
  const kbps = 'bitrate' in format ? format.bitrate : 48
  return Math.floor((audio.seconds * kbps * 1000) / 8 / 2)
}

/**
 * The nearest byte in the middle of a frame, for the wideband audio without tags that truncated recordings have: its frames
 * are 144 bytes each. Cut between two frames the audio would look whole.
 */
function insideFrame(offset: number): number {
  return offset - (offset % 144) + 71
}
