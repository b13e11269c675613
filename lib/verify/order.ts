import type { Confidence } from './confidence.ts'
import type { Mark } from './mark.ts'
import type { Account, Verdict } from './verdict.ts'

/** Which recordings are to be read. */
export type Scope =
  /** All of them, in parts; goes on where the last run has stopped. */
  | { readonly kind: 'all' }
  /** So many, chosen by the seed; the same seed chooses the same. */
  | { readonly kind: 'sample'; readonly size: number; readonly seed: string }
  /** Those that Bird created from the first up to, not including, the second moment: whole UTC days. */
  | { readonly kind: 'days'; readonly from: Date; readonly to: Date }
  /** Lower-case UUIDs. */
  | { readonly kind: 'ids'; readonly ids: readonly string[] }

export interface VerifyOrder {
  readonly workspaceId: string
  readonly scope: Scope
  /** Who asked for it, for the report. */
  readonly by: 'schedule' | 'terminal'
}

/** How long a run may go on. */
export interface VerifyTime {
  readonly signal: AbortSignal
  /** Whether there is time left to begin with another recording. */
  mayStart(): boolean
}

/** What a run tells while it goes on. */
export type VerifyEvent =
  /** So many will be read, of so many that there are; undefined where that shows only in the end. */
  | { readonly kind: 'began'; readonly total: number | undefined; readonly mark?: Mark }
  /** This day of those that are asked for is in no ledger, so every sidecar of the archive is read to find its recordings. */
  | { readonly kind: 'uncovered'; readonly window: string }
  | { readonly kind: 'judged'; readonly verdict: Verdict }
  /** A part of the whole archive is done, and its report is written. */
  | { readonly kind: 'part'; readonly mark: Mark; readonly key: string }

export type Observe = (event: VerifyEvent) => void

/** How a run ended. */
export interface VerifyEnd {
  readonly why: 'finished' | 'out-of-time'
  /** Of this run. */
  readonly account: Account
  /** Of a sample alone, if all of it was read. */
  readonly confidence?: Confidence | undefined
  /** Of the whole archive alone. */
  readonly mark?: Mark
  /** The reports of this run, in their order. */
  readonly reportKeys: readonly string[]
}
