import type { Lock } from '../archive/retention.ts'
import type { AudioFault, StoredState } from './judge-audio.ts'
import { type Problem, PROBLEMS, writeProblem } from './problem.ts'

/** What is answered, whatever carries it. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Nothing of a recording may stay in a cache on the way; and no browser is to guess at what it is. */
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const

/** @param body JSON */
export function answer(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): ApiAnswer {
  return { status, headers: { ...HEADERS, 'content-type': 'application/json', ...headers }, body }
}

export function answerProblem(problem: Problem, requestId: string): ApiAnswer {
  const { retryAfterSeconds, allow } = problem
  return {
    status: PROBLEMS[problem.kind].status,
    headers: {
      ...HEADERS,
      'content-type': 'application/problem+json',
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      ...(allow !== undefined && { allow }),
    },
    body: writeProblem(problem, requestId),
  }
}

/** The audio object as the bucket has it now: the vault's `AudioState` is it. */
export interface ShownState extends StoredState {
  readonly versionId: string | undefined
  readonly lock: Lock | undefined
  readonly legalHold: boolean | undefined
}

/** What is shown of a recording. */
export interface Shown {
  readonly workspaceId: string
  readonly recordingId: string
  /** The sidecar as it lies in the bucket. */
  readonly text: string
  readonly state: ShownState
  /** What is wrong with the audio and does not keep it from being good evidence. */
  readonly finding: AudioFault | undefined
}

/** The sidecar goes out as it lies there: numbers too fine for JavaScript stay what they are. */
export function writeRecording({ workspaceId, recordingId, text, state, finding }: Shown): string {
  const head = JSON.stringify({ recordingId, workspaceId })
  const tail = JSON.stringify({ audio: toAudio(state), finding: toFinding(finding) })
  return `${head.slice(0, -1)},"sidecar":${text.trim()},${tail.slice(1)}`
}

function toAudio({
  bytes,
  versionId,
  sha256,
  storageClass,
  archiveStatus,
  readable,
  lock,
  legalHold,
}: ShownState): object {
  return {
    bytes,
    versionId: versionId ?? null,
    sha256: sha256 ?? null,
    storageClass: storageClass ?? 'STANDARD',
    archiveStatus: archiveStatus ?? null,
    restoredUntil: typeof readable === 'object' ? readable.until.toISOString() : null,
    lock: toLock(lock),
    legalHold: legalHold ?? null,
  }
}

function toLock(lock: Lock | undefined): object | null {
  return lock === undefined ? null : { mode: lock.mode, until: lock.until.toISOString() }
}

function toFinding(fault: AudioFault | undefined): object | null {
  if (fault === undefined) return null
  switch (fault.kind) {
    case 'no-audio':
      return { kind: fault.kind, versionId: fault.versionId }
    case 'altered':
      return {
        kind: fault.kind,
        archived: fault.archived,
        found: { bytes: fault.found.bytes, sha256: fault.found.sha256 ?? null },
      }
    case 'to-restore':
      return { kind: fault.kind, isUnderWay: fault.isUnderWay }
  }
}

/** Why there is nothing to hand out: `Missing` and `AudioFault` of the story. */
export type Refusal =
  | AudioFault
  | { readonly kind: 'not-archived' }
  | { readonly kind: 'unreadable-sidecar'; readonly fault: string }

/**
 * Turns a refusal into a problem. What is not as it was archived is 409, for a recording's metadata as for its audio: a program
 * that looks at the status alone must never take it for good. It is not 404, which would say that nothing was ever there,
 * nor 410, which promises that it is gone for good and is cacheable: a version under a delete marker, or a copy, may bring it back.
 * @param isNoted whether the access log has it already that digests are told
 */
export function toRefusal(refusal: Refusal, workspaceIds: readonly string[], isNoted: boolean): Problem {
  switch (refusal.kind) {
    case 'not-archived':
      return {
        kind: 'not-archived',
        detail: 'it is in none of `workspaceIds`: name another one with workspace, or have it archived',
        workspaceIds,
      }
    case 'to-restore':
      return {
        kind: 'restore-needed',
        detail: refusal.isUnderWay
          ? 'it is being restored, which takes hours: GET /recordings/{id} tells when it is there'
          : 'have it restored with: bird-archive get ID --restore; GET /recordings/{id} tells when it is there',
        workspaceIds,
        finding: toFinding(refusal) ?? {},
      }
    case 'unreadable-sidecar':
      return {
        kind: 'evidence-differs',
        detail: 'its sidecar cannot be relied on: bird-archive verify ID says what is wrong with it',
        workspaceIds,
        finding: { kind: refusal.kind },
      }
    case 'no-audio':
    case 'altered':
      return {
        kind: 'evidence-differs',
        detail:
          'do not use it and delete nothing: it is evidence of what happened; GET /recordings/{id}/verification says more',
        workspaceIds,
        finding: isNoted ? (toFinding(refusal) ?? {}) : { kind: refusal.kind },
      }
  }
}

export function writeLink(url: string, expiresAt: Date): string {
  return JSON.stringify({ url, expiresAt: expiresAt.toISOString() })
}

/** A page of what a search has found. */
export interface FoundPage {
  /** Rows of the catalog, by the names of its columns. */
  readonly rows: readonly object[]
  /** Of the next page; undefined on the last one. */
  readonly next: string | undefined
  readonly complete: boolean
  readonly reasons: readonly string[]
}

export function writePage({ rows, next, complete, reasons }: FoundPage): string {
  return JSON.stringify({ recordings: rows.map(toRecording), next: next ?? null, complete, reasons })
}

/** The catalog's columns by the names that the rest of the API has: `created_at` is `createdAt`. */
function toRecording(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]: [string, unknown]) => [
      column.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  )
}

export function writeSearching(query: string, retryAfterSeconds: number): string {
  return JSON.stringify({ status: 'searching', query, retryAfterSeconds })
}
