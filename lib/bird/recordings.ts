import { parseExactly } from '../archive/recording.ts'
import { BirdError, RedirectError } from '../errors.ts'
import type { BirdClient, CallTime } from './client.ts'
import { checkRedirect, type OriginPattern } from './redirect.ts'

/** A recording's metadata as Bird sent it, parsed but not looked at. */
export interface RecordingAnswer {
  readonly json: unknown
  readonly requestId: string | undefined
}

/** A live credential for ten minutes: used at once, never logged, never kept. */
export interface MediaLink {
  readonly url: URL
  readonly requestId: string | undefined
}

/**
 * Gets a recording's metadata. Source: `GET /workspaces/{workspaceId}/recordings/{recordingId}`.
 * @throws BirdError for every answer but 200, and for a 200 that is not JSON
 */
export async function getRecording(
  client: BirdClient,
  workspaceId: string,
  recordingId: string,
  time: CallTime,
): Promise<RecordingAnswer> {
  const { text, requestId } = await client.get(
    'get recording',
    recordingPath(workspaceId, recordingId),
    [200],
    time,
  )
  try {
    return { json: parseExactly(text), requestId }
  } catch (cause) {
    throw new BirdError({ operation: 'get recording', status: 200, requestId }, 'the answer is not JSON', {
      cause,
    })
  }
}

/** RFC 9110, 15.4: Bird documents 307; the others that keep a GET a GET mean the same to us. */
const REDIRECTS = [302, 303, 307, 308]

/**
 * Asks where the audio lies. Source: the same path with `.mp3`, answered 307.
 * @throws BirdError if there is no redirect, RedirectError if it leads to a place that is not allowed
 */
export async function getMediaLink(
  client: BirdClient,
  workspaceId: string,
  recordingId: string,
  origins: readonly OriginPattern[],
  time: CallTime,
): Promise<MediaLink> {
  const { location, requestId } = await client.get(
    'get link',
    `${recordingPath(workspaceId, recordingId)}.mp3`,
    REDIRECTS,
    time,
  )
  if (location === undefined) throw new RedirectError('the redirect has no Location')
  return { url: checkRedirect(location, origins), requestId }
}

/** Where the API has a recording's metadata. */
export function recordingPath(workspaceId: string, recordingId: string): string {
  return `/workspaces/${encodeURIComponent(workspaceId)}/recordings/${encodeURIComponent(recordingId)}`
}
