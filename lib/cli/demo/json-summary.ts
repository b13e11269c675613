import type { DemoReport } from './summary.ts'
import { toSweepSummary } from './sweep-summary.ts'

/** The result for programs: one object, the last line of `demo --json`. */
export function toJsonSummary(
  { directory, plan, run, check, sweep, logFile }: DemoReport,
  violations: readonly string[],
) {
  const { tally } = run
  return {
    summary: {
      recordings: plan.calls.length,
      messages: plan.deliveries.length,
      archived: tally.archived.size,
      alreadyArchived: tally.repeats,
      nothingToArchive: tally.skipped.size,
      deadLetters: check.deadLetters.map(({ recordingId, reason, detail }) => {
        const failure = tally.failing.get(recordingId ?? '')
        return {
          recordingId: recordingId ?? null,
          reason: reason ?? failure?.reason ?? null,
          detail: detail ?? failure?.detail ?? null,
          by: reason === undefined ? 'queue' : 'archiver',
        }
      }),
      bytes: tally.bytes,
      durationMs: run.durationMs,
      healed: {
        notAvailableYet: tally.deferrals,
        throttled: tally.throttled,
        resumed: check.bucket.resumptions,
        fetchedAnew: tally.transfersAgain,
        failedDeliveries: Object.fromEntries(tally.failures),
      },
      sweep: toSweepSummary(sweep),
      directory,
      log: logFile,
    },
    check: {
      ok: violations.length === 0,
      violations,
      proven: check.bucket.proven,
      provenBytes: check.bucket.provenBytes,
      catalogRows: check.bucket.catalogRows,
      unfinishedUploads: check.bucket.unfinishedUploads,
    },
  }
}
