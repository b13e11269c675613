import { type Confidence, describeConfidence } from './confidence.ts'
import type { Finding } from './judge.ts'
import type { Mark } from './mark.ts'
import type { VerifyEnd, VerifyOrder } from './order.ts'
import type { Account, Verdict } from './verdict.ts'

const REPORT_SCHEMA = 'urn:bird-recording-archiver:verification:1'

/** What a report is made from. */
export interface Verification {
  readonly order: VerifyOrder
  readonly startedAt: Date
  readonly finishedAt: Date
  readonly why: VerifyEnd['why']
  readonly account: Account
  readonly confidence?: Confidence | undefined
  /** Of the whole archive: which part this is, of what pass. `mark` is as it stood before. */
  readonly part?:
    | { readonly mark: Mark; readonly through: string | undefined; readonly isLast: boolean }
    | undefined
  readonly version: string
}

/** Writes the report that is kept: counts of all, names of at most 1,000 of each kind. It holds nothing about who called whom. */
export function writeReport(verification: Verification): string {
  const { order, startedAt, finishedAt, why, account, confidence, part, version } = verification
  const { tally } = account
  const document = {
    schema: REPORT_SCHEMA,
    workspaceId: order.workspaceId,
    scope: describeScope(order),
    by: order.by,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    end: why,
    counts: tally,
    confidence: confidence === undefined ? null : { ...confidence, sentence: describeConfidence(confidence) },
    pass:
      part === undefined
        ? null
        : {
            number: part.mark.pass,
            part: part.mark.parts.length + 1,
            after: part.mark.after,
            through: part.through ?? null,
            isLast: part.isLast,
            ...(part.isLast && { earlierParts: part.mark.parts }),
          },
    mismatches: account.mismatches.map(toJson),
    unread: account.unread.map(toJson),
    orphans: account.orphans,
    archiver: { name: 'bird-recording-archiver', version },
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function describeScope({ scope }: VerifyOrder): object {
  if (scope.kind !== 'days') return scope
  return { kind: scope.kind, from: scope.from.toISOString(), to: scope.to.toISOString() }
}

/** A verdict as reports and `--json` have it. */
export function toJson(verdict: Verdict): object {
  const { recordingId, outcome, bytes, sha256, lock, isHeld, findings, orphans, reason } = verdict
  return {
    recordingId,
    outcome,
    bytes,
    sha256: sha256 ?? null,
    lock: lock === undefined ? null : { mode: lock.mode, until: lock.until.toISOString() },
    isHeld,
    ...(findings.length > 0 && { findings }),
    ...(orphans.length > 0 && { orphans }),
    ...(reason !== undefined && { reason }),
  }
}

/** One line about a finding: `sha256 of the audio: expected …, found …`. */
export function describeFinding({ kind, object, expected, found }: Finding): string {
  const facts = [
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(found === undefined ? [] : [`found ${found}`]),
  ]
  return `${kind} (${object})${facts.length === 0 ? '' : `: ${facts.join(', ')}`}`
}
