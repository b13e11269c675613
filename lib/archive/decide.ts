import type { Recording } from './recording.ts'

export type Decision = 'already-archived' | 'archive' | 'nothing-to-archive' | 'not-yet'

/**
 * What to do with a recording. Source of the statuses: Bird's OpenAPI enum `RecordingStatus`.
 *
 * | sidecar | status                                  | decision           |
 * | ------- | --------------------------------------- | ------------------ |
 * | there   | any, even one that Bird has forgotten   | already-archived   |
 * | missing | available                               | archive            |
 * | missing | absent, failed                          | nothing-to-archive |
 * | missing | accepted, ongoing, paused, completed    | not-yet            |
 * | missing | any value that is not known today       | not-yet            |
 */
export function decide(hasSidecar: boolean, status: Recording['status'] | undefined): Decision {
  if (hasSidecar) return 'already-archived'
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
