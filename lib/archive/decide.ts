import type { Recording } from './recording.ts'

export type Decision = 'archive' | 'nothing-to-archive' | 'not-yet'

/**
 * What to do with a recording that has no sidecar yet (one that has is archived, whatever Bird says of it).
 * Source of the statuses: Bird's OpenAPI enum `RecordingStatus`.
 *
 * | status                               | decision           |
 * | ------------------------------------ | ------------------ |
 * | available                            | archive            |
 * | absent, failed                       | nothing-to-archive |
 * | accepted, ongoing, paused, completed | not-yet            |
 * | any value that is not known today    | not-yet            |
 */
export function decide(status: Recording['status']): Decision {
  switch (status) {
    case 'available':
      return 'archive'
    case 'absent':
    case 'failed':
      return 'nothing-to-archive'
    default:
      return 'not-yet'
  }
}
