/** Names under `verify/`: what checks have come to, and how far the check of everything is. */
export interface VerifyKeys {
  /** One report; `id` makes it unique. Written once, locked like evidence. Names sort in order of time. */
  report(workspaceId: string, at: Date, id: string): string
  /** How far the check of the whole archive has come; changes. */
  mark(workspaceId: string): string
}

/** Builds the namer for an `ARCHIVE_PREFIX`, which is empty or ends in `/`. */
export function createVerifyKeys(prefix: string): VerifyKeys {
  return {
    report: (workspaceId, at, id) =>
      `${prefix}verify/${workspaceId}/${at.toISOString().replaceAll(':', '')}-${id}.json`,
    mark: (workspaceId) => `${prefix}verify/marks/${workspaceId}.json`,
  }
}
