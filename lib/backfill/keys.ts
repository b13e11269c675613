/** Names under `backfill/`: what is known of the time windows, never the recordings themselves. */
export interface BackfillKeys {
  /** What is known of one window; written again with each sweep. */
  ledger(workspaceId: string, windowName: string): string
  /** Where all of a workspace's ledgers lie; ends in `/`. */
  allLedgers(workspaceId: string): string
  /** Which windows are to be looked at again. */
  pending(workspaceId: string): string
  /** How far a backfill has come; `name` is made of letters, digits, `-` and `_`. */
  mark(workspaceId: string, name: string): string
  /** What a whole backfill came to; written once. */
  report(workspaceId: string, name: string, at: Date): string
  /** That a window is complete; written once, locked like a recording. */
  attestation(workspaceId: string, windowName: string, digest: string): string
  /** That a person has given a recording up, and why; written once. `name` is the recording's id, or the message's. */
  dropped(workspaceId: string, name: string): string
  /** Where all of a workspace's dropped ones lie; ends in `/`. */
  allDropped(workspaceId: string): string
}

/** Builds the namer for an `ARCHIVE_PREFIX`, which is empty or ends in `/`. */
export function createBackfillKeys(prefix: string): BackfillKeys {
  const under = (kind: string, workspaceId: string): string => `${prefix}backfill/${kind}/${workspaceId}/`
  return {
    ledger: (workspaceId, windowName) => `${under('windows', workspaceId)}${windowName}.json`,
    allLedgers: (workspaceId) => under('windows', workspaceId),
    pending: (workspaceId) => `${under('marks', workspaceId)}pending-windows.json`,
    mark: (workspaceId, name) => `${under('marks', workspaceId)}${name}.json`,
    report: (workspaceId, name, at) =>
      `${under('reports', workspaceId)}${name}/${at.toISOString().replaceAll(':', '')}.json`,
    attestation: (workspaceId, windowName, digest) =>
      `${under('attestations', workspaceId)}${windowName}/${digest.slice(0, 16)}.json`,
    dropped: (workspaceId, name) => `${under('dropped', workspaceId)}${name}.json`,
    allDropped: (workspaceId) => under('dropped', workspaceId),
  }
}
