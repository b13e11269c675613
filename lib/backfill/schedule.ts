import * as v from 'valibot'

/** What a schedule asks for: a sweep over the last days. */
const SweepRequest = v.strictObject({
  /** Its name; a sweep goes on where the last one of its name stopped. */
  sweep: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,30}$/, 'sweep must be a name like recent')),
  /** UTC days, the present one included. */
  days: v.pipe(
    v.number('days must be a whole number from 1 to 36500'),
    v.integer('days must be a whole number from 1 to 36500'),
    v.minValue(1, 'days must be a whole number from 1 to 36500'),
    v.maxValue(36_500, 'days must be a whole number from 1 to 36500'),
  ),
})
export type SweepRequest = v.InferOutput<typeof SweepRequest>

/** Reads a schedule's event: `{"sweep": "recent", "days": 3}`. */
export function readSweepRequest(
  event: unknown,
): { ok: true; request: SweepRequest } | { ok: false; faults: readonly string[] } {
  const parsed = v.safeParse(SweepRequest, event)
  return parsed.success
    ? { ok: true, request: parsed.output }
    : {
        ok: false,
        faults: parsed.issues.map(
          (issue) =>
            `the event ${JSON.stringify({ sweep: 'recent', days: 3 })} is expected: ${issue.message}`,
        ),
      }
}

const HOUR_MS = 3_600_000

/**
 * Another workspace is first each time, so that one with a large history does not keep the others waiting for ever.
 * @param everyMs from one run to the next, in milliseconds; an hour if not given
 */
export function takeTurns(workspaceIds: readonly string[], now: Date, everyMs = HOUR_MS): readonly string[] {
  const first = Math.floor(now.getTime() / everyMs) % workspaceIds.length
  return [...workspaceIds.slice(first), ...workspaceIds.slice(0, first)]
}
