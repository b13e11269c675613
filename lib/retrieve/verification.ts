import type { Lock } from '../archive/retention.ts'

/** What a check of one recording came to: `Verdict` of lib/verify is it. */
export interface Checked<
  Finding extends { readonly kind: string },
  Orphan extends { readonly kind: string },
> {
  readonly recordingId: string
  readonly outcome: string
  /** Read of its audio. */
  readonly bytes: number
  readonly sha256: string | undefined
  readonly lock: Lock | undefined
  readonly isHeld: boolean
  readonly findings: readonly Finding[]
  readonly orphans: readonly Orphan[]
}

/**
 * Writes a verdict for programs: the same members each time.
 * @param adviseOn says what to do about a finding
 */
export function writeVerification<
  Finding extends {
    readonly kind: string
    readonly object: string
    readonly expected?: string | undefined
    readonly found?: string | undefined
  },
  Orphan extends {
    readonly kind: string
    readonly key: string
    readonly versionId?: string | undefined
    readonly since?: Date | undefined
  },
>(
  workspaceId: string,
  checked: Checked<Finding, Orphan>,
  verifiedAt: Date,
  adviseOn: (kind: Finding['kind'] | Orphan['kind']) => string,
): string {
  const { recordingId, outcome, bytes, sha256, lock, isHeld, findings, orphans } = checked
  return JSON.stringify({
    recordingId,
    workspaceId,
    verifiedAt: verifiedAt.toISOString(),
    outcome,
    audio: {
      bytes,
      sha256: sha256 ?? null,
      lock: lock === undefined ? null : { mode: lock.mode, until: lock.until.toISOString() },
      legalHold: isHeld,
    },
    findings: findings.map(({ kind, object, expected, found }) => ({
      kind,
      object,
      expected: expected ?? null,
      found: found ?? null,
      advice: adviseOn(kind),
    })),
    orphans: orphans.map(({ kind, key, versionId, since }) => ({
      kind,
      key,
      versionId: versionId ?? null,
      since: since?.toISOString() ?? null,
      advice: adviseOn(kind),
    })),
  })
}
