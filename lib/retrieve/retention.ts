import type { Lock, RetentionMode } from '../archive/retention.ts'

/** What is to be done about the lock of one version. */
export type Extension =
  | { readonly kind: 'extend'; readonly lock: Lock }
  /** It is locked as long, or longer, already. */
  | { readonly kind: 'keep'; readonly lock: Lock }
  /** It has no lock, and there is no policy that says of which kind it should be. */
  | { readonly kind: 'no-mode' }

/**
 * Says how a version comes to be kept until a date. A lock is never shortened, and its mode never changed: COMPLIANCE cannot
 * be taken back, so nobody gets it by asking for more time.
 *
 * | the version's lock | its end          | policy     | decision                        |
 * | ------------------ | ---------------- | ---------- | ------------------------------- |
 * | any mode           | not before until | any        | keep                            |
 * | any mode           | before until     | any        | extend, in the mode that it has |
 * | none               |                  | a mode     | extend, in the policy's mode    |
 * | none               |                  | off        | no-mode                         |
 */
export function planExtension(
  found: Lock | undefined,
  until: Date,
  policyMode: 'off' | RetentionMode,
): Extension {
  if (found !== undefined && found.until.getTime() >= until.getTime()) return { kind: 'keep', lock: found }
  if (found !== undefined) return { kind: 'extend', lock: { mode: found.mode, until } }
  return policyMode === 'off' ? { kind: 'no-mode' } : { kind: 'extend', lock: { mode: policyMode, until } }
}

const DATE = /^\d{4}-\d\d-\d\d$/
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/
/** No rule asks for more, and a slip of the finger in COMPLIANCE mode would cost storage until then. */
const MAX_YEARS = 100
const YEAR_MS = 365.25 * 86_400_000

/**
 * Reads until when something is to be kept: the beginning of a day (UTC), or a date-time that names its zone (RFC 3339),
 * rounded up to a whole second, for S3 keeps no fraction.
 */
export function readUntil(
  written: string,
  now: Date,
): { readonly ok: true; readonly until: Date } | { readonly ok: false; readonly fault: string } {
  const text = written.trim()
  const given = new Date(text)
  const isReal =
    (DATE.test(text) || DATE_TIME.test(text)) &&
    !Number.isNaN(given.getTime()) &&
    // Date takes 2030-02-30 for the second of March.
    new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10))
  if (!isReal)
    return {
      ok: false,
      fault: `--until ${text.slice(0, 40)} is neither a day (2034-03-01, UTC) nor a date-time with its zone (2034-03-01T09:00:00+01:00)`,
    }
  const until = new Date(Math.ceil(given.getTime() / 1000) * 1000)
  if (until.getTime() <= now.getTime()) return { ok: false, fault: `--until ${text} is not in the future` }
  if (until.getTime() > now.getTime() + MAX_YEARS * YEAR_MS)
    return {
      ok: false,
      fault: `--until ${text} is more than ${MAX_YEARS} years away: what is locked in COMPLIANCE mode cannot be deleted before`,
    }
  return { ok: true, until }
}
