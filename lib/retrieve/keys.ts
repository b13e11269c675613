import { utcDay } from '../archive/keys.ts'

/** Names under `access/`: who retrieved what, and why. */
export interface RetrieveKeys {
  /** One object for each line; `id` makes it unique. Names sort in order of time. */
  access(at: Date, id: string): string
  /** Where the lines of a UTC day lie (`YYYY-MM-DD`); ends in `/`. */
  accessDay(day: string): string
  /** Where all lines lie; ends in `/`. */
  allAccess(): string
}

/** Builds the namer for an `ARCHIVE_PREFIX`, which is empty or ends in `/`. */
export function createRetrieveKeys(prefix: string): RetrieveKeys {
  const all = `${prefix}access/`
  const ofDay = (day: string): string => `${all}day=${day}/`
  return {
    access: (at, id) => `${ofDay(utcDay(at))}${at.toISOString().slice(11).replaceAll(':', '')}-${id}.ndjson`,
    accessDay: ofDay,
    allAccess: () => all,
  }
}
