import type { Account } from './account.ts'
import type { Ledger } from './ledger.ts'
import type { Listing } from './listing.ts'
import type { Mark } from './mark.ts'
import type { BirdCount, Report } from './report.ts'
import type { Range, Window } from './window.ts'

/** What is to be swept. */
export interface BackfillOrder {
  readonly workspaceId: string
  /** Of the mark: a backfill goes on where the last one of its name stopped. */
  readonly name: string
  /** Whole UTC days. */
  readonly range: Range
  /** Whether to look only: nothing is sent and nothing is written. */
  readonly looksOnly: boolean
  /**
   * Whether it is one of many runs over days that move on: then days before them that are not attested yet are looked at
   * again, too, and a window that cannot be swept does not keep a run from the others.
   */
  readonly isScheduled: boolean
  /** Recordings of one window that are held at once; a larger window is split. */
  readonly windowLimit: number
}

/** How long a run may go on. */
export interface BackfillTime {
  readonly signal: AbortSignal
  /** Milliseconds that may be spent on waiting. */
  patienceMs(): number
  /** Whether there is time left to begin another window. */
  mayStart(): boolean
}

/** A window as a run has left it. */
export interface Swept {
  readonly ledger: Ledger
  /** Recordings that were sent now. */
  readonly sent: number
  /** Undefined where nothing had changed since the window was attested. */
  readonly account: Account | undefined
  /** Undefined where only what was left open was looked at. */
  readonly listing: Listing | undefined
}

/** What a run tells while it goes on. */
export type BackfillEvent =
  | { readonly kind: 'began'; readonly mark: Mark }
  | { readonly kind: 'swept'; readonly window: Window; readonly swept: Swept; readonly mark: Mark }
  /** No room in the queue. */
  | { readonly kind: 'waiting'; readonly queued: number }
  | { readonly kind: 'failed'; readonly window: Window; readonly reason: string }

export type Observe = (event: BackfillEvent) => void

/** What a run has come to. */
export interface Came {
  /** Of the windows that this run has looked at. */
  readonly report: Report
  readonly failures: Failure[]
  /** Recordings that this run has sent. */
  sent: number
  /** Of all windows of the range, in view of every run that has swept it; undefined unless this run has finished it. */
  whole: WholeReport | undefined
}

/** How a run ended. `throttled`: Bird wants to be left alone for longer than there is time. */
export interface BackfillEnd extends Readonly<Came> {
  readonly why: 'finished' | 'out-of-time' | 'throttled' | 'failing'
  readonly mark: Mark
}

/** The report that is kept in the bucket. */
export interface WholeReport {
  readonly report: Report
  readonly bird: BirdCount
  readonly key: string
}

/** A window that could not be swept; it is taken up again by the next run. */
export interface Failure {
  readonly window: string
  readonly reason: string
}
