import { utcDay } from '../archive/keys.ts'
import type { Sidecar } from '../archive/sidecar.ts'

/** How a recording is called outside of the bucket: `2026-03-01-<id>.mp3`, the day being that of the call in UTC. */
export function nameFile({ recordingId, bird, provenance }: Sidecar): string {
  const createdAt = new Date(typeof bird['createdAt'] === 'string' ? bird['createdAt'] : '')
  const day = utcDay(Number.isNaN(createdAt.getTime()) ? new Date(provenance.archivedAt) : createdAt)
  return `${day}-${recordingId}.mp3`
}
