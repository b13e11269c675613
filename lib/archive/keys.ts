/** Names in the bucket: a public contract, so nothing that identifies a person is ever part of one. */
export interface Keys {
  /** Where a workspace's audio and sidecars lie; ends in `/`. */
  recordings(workspaceId: string): string
  audio(workspaceId: string, recordingId: string): string
  sidecar(workspaceId: string, recordingId: string): string
  /** One object per batch and UTC day of `createdAt`; `batchId` makes it unique. */
  catalog(workspaceId: string, day: string, batchId: string): string
}

/** Builds the namer for an `ARCHIVE_PREFIX`, which is empty or ends in `/`. */
export function createKeys(prefix: string): Keys {
  const recordings = (workspaceId: string): string => `${prefix}recordings/${workspaceId}/`
  return {
    recordings,
    audio: (workspaceId, recordingId) => `${recordings(workspaceId)}${recordingId}.mp3`,
    sidecar: (workspaceId, recordingId) => `${recordings(workspaceId)}${recordingId}.json`,
    catalog: (workspaceId, day, batchId) =>
      `${prefix}catalog/workspace=${workspaceId}/day=${day}/${batchId}.ndjson`,
  }
}

/** The UTC day of a moment, as `YYYY-MM-DD`: what `catalog/` is partitioned by. */
export function utcDay(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}
