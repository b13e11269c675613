import { utcDay } from '../archive/keys.ts'

/** Names under `access/` and `holds/`: who retrieved what, and why; what is held, for which cases. */
export interface RetrieveKeys {
  /** One object for each line; `id` makes it unique. Names sort in order of time. */
  access(at: Date, id: string): string
  /** Where the lines of a UTC day lie (`YYYY-MM-DD`); ends in `/`. */
  accessDay(day: string): string
  /** Where all lines lie; ends in `/`. */
  allAccess(): string
  /** For which cases a recording is held, and was. */
  hold(workspaceId: string, recordingId: string): string
  /** Where all of a workspace's holds lie; ends in `/`. */
  allHolds(workspaceId: string): string
}

/** Builds the namer for an `ARCHIVE_PREFIX`, which is empty or ends in `/`. */
export function createRetrieveKeys(prefix: string): RetrieveKeys {
  const all = `${prefix}access/`
  const ofDay = (day: string): string => `${all}day=${day}/`
  return {
    access: (at, id) => `${ofDay(utcDay(at))}${at.toISOString().slice(11).replaceAll(':', '')}-${id}.ndjson`,
    accessDay: ofDay,
    allAccess: () => all,
    hold: (workspaceId, recordingId) => `${prefix}holds/${workspaceId}/${recordingId}.json`,
    allHolds: (workspaceId) => `${prefix}holds/${workspaceId}/`,
  }
}
