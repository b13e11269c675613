import { adviseOn } from '../verify/advice.ts'
import { conclude } from '../verify/conclusion.ts'
import { describeConfidence } from '../verify/confidence.ts'
import { isAbsent, type Mismatch } from '../verify/judge.ts'
import type { Scope, VerifyEnd, VerifyOrder } from '../verify/order.ts'
import type { Orphan, OrphanKind } from '../verify/orphans.ts'
import { describeFinding } from '../verify/report.ts'
import type { Tally, Verdict } from '../verify/verdict.ts'
import { alignRows, count, formatBytes, style } from './print.ts'

const MOST_SHOWN = 20

/**
 * A check for people: the counts, what is not in order and what to do about it, how sure it is, where the report is kept.
 * @param workspaceIds where recordings that were named were looked for
 */
export function describeEnd(order: VerifyOrder, end: VerifyEnd, workspaceIds: readonly string[]): string[] {
  const { account, confidence, reportKeys } = end
  const lookedIn = order.scope.kind === 'ids' ? workspaceIds : undefined
  return [
    ...describeTally(account.tally),
    ...describeMismatches(account.mismatches, account.tally.mismatches, lookedIn),
    ...describeUnread(account.unread, account.tally.unread),
    ...describeOrphans(account.orphans, account.tally.orphans),
    '',
    ...(confidence === undefined || confidence.population === 0
      ? []
      : [style('bold', `${describeConfidence(confidence)}.`)]),
    ...describePass(end),
    ...(end.why === 'finished' ? [] : ['Stopped before the end: what was not read is not known to be good.']),
    ...describeConclusion(order, end),
    ...reportKeys.map((key) => `The report is kept as ${key}`),
  ]
}

/** What is looked at, for people. */
export function describeScope(scope: Scope): string {
  const day = (moment: Date): string => moment.toISOString().slice(0, 10)
  switch (scope.kind) {
    case 'all':
      return 'the whole archive'
    case 'sample':
      return `a sample of ${scope.size.toLocaleString('en')}, seed ${scope.seed}`
    case 'days':
      return `${day(scope.from)} up to, not including, ${day(scope.to)}`
    case 'ids':
      return count(scope.ids.length, 'recording')
  }
}

function describeTally(tally: Tally): string[] {
  const number = (value: number): string => value.toLocaleString('en')
  return alignRows([
    ['read', number(tally.read), `recordings, ${formatBytes(tally.bytes)}, from the first byte to the last`],
    ['mismatches', number(tally.mismatches), 'recordings that are not what their sidecars say'],
    ['unread', number(tally.unread), 'recordings that could not be read'],
    ['orphans', number(tally.orphans), 'objects that belong to no recording'],
    ...(tally.held > 0 ? [['held', number(tally.held), 'under legal hold'] as const] : []),
    ...(tally.onItsWay > 0
      ? [['on its way', number(tally.onItsWay), 'audio whose sidecar is still to come'] as const]
      : []),
  ])
}

/** @param lookedIn where recordings that were named were looked for; undefined where none was named */
function describeMismatches(
  verdicts: readonly Verdict[],
  all: number,
  lookedIn: readonly string[] | undefined,
): string[] {
  // An id that a listing or a ledger has is right; one that a person has typed may not be.
  const isStrange = ({ findings }: Verdict): boolean => lookedIn !== undefined && isAbsent(findings)
  const nothing = `    nothing is archived of it in workspace ${lookedIn?.join(', ') ?? ''}: is the id right?`
  const lines = verdicts.map((verdict) => [
    `  ${style('red', verdict.recordingId)}`,
    ...(isStrange(verdict)
      ? [nothing]
      : verdict.findings.map((finding) => `    ${describeFinding(finding)}`)),
  ])
  const kinds = verdicts.flatMap((verdict) =>
    isStrange(verdict) ? ['absent' as const] : verdict.findings.map(({ kind }) => kind),
  )
  return section('Mismatches', lines, all, kinds)
}

function describeUnread(verdicts: readonly Verdict[], all: number): string[] {
  const lines = verdicts.map(({ recordingId, reason = '' }) => [
    `  ${style('yellow', recordingId)}  ${reason}`,
  ])
  return section('Unread', lines, all, ['unread'])
}

function describeOrphans(orphans: readonly Orphan[], all: number): string[] {
  const lines = orphans.map((orphan) => {
    const { kind, key, versionId, uploadId } = orphan
    const which = uploadId === undefined ? (versionId ?? '') : `upload ${uploadId}`
    return [`  ${style('yellow', key)}  ${kind}${which === '' || which === 'null' ? '' : `  ${which}`}`]
  })
  return section(
    'Orphans',
    lines,
    all,
    orphans.map(({ kind }) => kind),
  )
}

/** Up to twenty of them, then once for each kind what to do. */
function section(
  title: string,
  entries: readonly (readonly string[])[],
  all: number,
  kinds: readonly (Mismatch | OrphanKind | 'unread' | 'absent')[],
): string[] {
  if (all === 0) return []
  const shown = entries.slice(0, MOST_SHOWN)
  const more = all - shown.length
  return [
    '',
    style('bold', title),
    ...shown.flat(),
    ...(more > 0 ? [`  … and ${more.toLocaleString('en')} more: --json and the report name them`] : []),
    '  What to do',
    ...[...new Set(kinds)].map((kind) => `    ${kind}: ${adviseOn(kind)}`),
  ]
}

/** How far the check of the whole archive is, with what earlier runs of the same pass have found. */
function describePass({ mark, why, account }: VerifyEnd): string[] {
  if (mark === undefined) return []
  const { tally, pass, startedAt, finishedAt, parts } = mark
  const begun = startedAt.toISOString().slice(0, 16).replace('T', ' ')
  const all = `${count(tally.recordings, 'recording')} in ${count(parts.length, 'part')}`
  const state = finishedAt === null ? `so far ${all}; the same command goes on there` : `complete: ${all}`
  const earlier = describeEarlier(tally, account.tally)
  return [
    `Pass ${pass} over the whole archive, begun ${begun} UTC, is ${state}.`,
    ...(earlier === '' ? [] : [`Earlier runs of it have found ${earlier}: see their reports.`]),
    ...(why === 'finished' && tally.read > 0 && tally.unread === 0
      ? ['All of it was read: nothing is left to chance.']
      : []),
  ]
}

/** What the parts that earlier runs have read came to; empty where all of that was good. */
function describeEarlier(whole: Tally, now: Tally): string {
  const recordings = whole.mismatches + whole.unread - now.mismatches - now.unread
  const orphans = whole.orphans - now.orphans
  return [
    ...(recordings > 0 ? [`${count(recordings, 'recording')} not in order`] : []),
    ...(orphans > 0 ? [count(orphans, 'orphan')] : []),
  ].join(' and ')
}

/** The verdict in words. What was not read is never called good, and neither is a part of what was. */
function describeConclusion({ workspaceId, scope }: VerifyOrder, end: VerifyEnd): string[] {
  switch (conclude(scope, end)) {
    case 'not-in-order':
      return [style('red', 'Not everything is as it must be.')]
    case 'not-yet':
      return ['What is still on its way was not read: verify it again once its sidecar is there.']
    case 'stopped':
      return []
    case 'nothing-read':
      return [
        (end.mark?.tally ?? end.account.tally).recordings > 0
          ? 'Nothing was read: what is there is still on its way.'
          : `There was nothing to read: workspace ${workspaceId} has no recordings of ${describeScope(scope)}.`,
      ]
    case 'in-order':
      return [style('green', 'Everything that was read is what its sidecar says.')]
  }
}
