import { adviseOn } from '../verify/advice.ts'
import { type Conclusion, conclude } from '../verify/conclusion.ts'
import { describeConfidence } from '../verify/confidence.ts'
import type { Mismatch, Orphan, OrphanKind } from '../verify/judge.ts'
import type { VerifyEnd, VerifyOrder } from '../verify/order.ts'
import { describeFinding } from '../verify/report.ts'
import type { Tally, Verdict } from '../verify/verdict.ts'
import { alignRows, count, formatBytes, style } from './print.ts'

const MOST_SHOWN = 20

/** A check for people: the counts, what is not in order and what to do about it, how sure it is, where the report is kept. */
export function describeEnd({ scope }: VerifyOrder, end: VerifyEnd): string[] {
  const { account, confidence, reportKeys } = end
  return [
    ...describeTally(account.tally),
    ...describeMismatches(account.mismatches, account.tally.mismatches),
    ...describeUnread(account.unread, account.tally.unread),
    ...describeOrphans(account.orphans, account.tally.orphans),
    '',
    ...(confidence === undefined ? [] : [style('bold', `${describeConfidence(confidence)}.`)]),
    ...describePass(end),
    ...(end.why === 'finished' ? [] : ['Stopped before the end: what was not read is not known to be good.']),
    ...describeConclusion(conclude(scope, end)),
    ...reportKeys.map((key) => `The report is kept as ${key}`),
  ]
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

function describeMismatches(verdicts: readonly Verdict[], all: number): string[] {
  const lines = verdicts.map(({ recordingId, findings }) => [
    `  ${style('red', recordingId)}`,
    ...findings.map((finding) => `    ${describeFinding(finding)}`),
  ])
  const kinds = verdicts.flatMap(({ findings }) => findings.map(({ kind }) => kind))
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
  kinds: readonly (Mismatch | OrphanKind | 'unread')[],
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
function describeConclusion(conclusion: Conclusion): string[] {
  switch (conclusion) {
    case 'not-in-order':
      return [style('red', 'Not everything is as it must be.')]
    case 'not-yet':
      return ['What is still on its way was not read: verify it again once its sidecar is there.']
    case 'stopped':
      return []
    case 'nothing-read':
      return ['Nothing was read.']
    case 'in-order':
      return [style('green', 'Everything that was read is what its sidecar says.')]
  }
}
