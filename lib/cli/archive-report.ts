import type { Outcome } from '../archive/outcome.ts'
import type { Result } from './archive-list.ts'
import { alignRows, count, formatBytes, formatDuration, style } from './print.ts'

/** Whether a recording needs nothing more: the exit code depends on this. */
export function isAccountedFor({ outcome: { kind } }: Result): boolean {
  return kind === 'archived' || kind === 'already-archived' || kind === 'nothing-to-archive'
}

/** One result for programs. */
export function toJsonResult({ recordingId, workspaceId, durationMs, outcome }: Result): object {
  const { kind, ...facts } = outcome
  return { recordingId, workspaceId, outcome: kind, durationMs, ...facts }
}

/** The last line for programs; every count is in it, zeros too. */
export function toJsonSummary(results: readonly Result[], duplicates: number, durationMs: number): object {
  const number = (kind: Result['outcome']['kind']): number =>
    results.filter(({ outcome }) => outcome.kind === kind).length
  return {
    summary: {
      recordings: results.length,
      duplicates,
      archived: number('archived'),
      alreadyArchived: number('already-archived'),
      nothingToArchive: number('nothing-to-archive'),
      notYet: number('not-yet'),
      throttled: number('throttled'),
      refused: number('refused'),
      failed: number('failed'),
      left: number('left'),
      bytes: sumBytes(results),
      durationMs,
    },
  }
}

/** The summary for people: outcomes, then what is left and what to do about it. */
export function describeResults(
  results: readonly Result[],
  duplicates: number,
  durationMs: number,
): string[] {
  const bytes = sumBytes(results)
  const number = (kind: Result['outcome']['kind']): string =>
    String(results.filter(({ outcome }) => outcome.kind === kind).length)
  const rows: [name: string, number: string, remark: string][] = [
    ['archived', number('archived'), `${formatBytes(bytes)}, verified in the bucket`],
    ['already archived', number('already-archived'), 'left as they were'],
    ['nothing to archive', number('nothing-to-archive'), 'absent or failed on Bird’s side'],
    ['not yet', number('not-yet'), 'Bird is not done with them'],
    ['throttled', number('throttled'), 'Bird allows no more for now'],
    ['refused', number('refused'), 'see below'],
    ['failed', number('failed'), 'see below'],
    ['left', number('left'), 'not begun, or given up when the run was stopped'],
  ]
  const again = duplicates === 0 ? '' : ` · ${duplicates} named more than once`
  const left = results.filter((result) => !isAccountedFor(result))
  return [
    style('bold', `${count(results.length, 'recording')} in ${formatDuration(durationMs)}${again}`),
    ...alignRows(rows.filter(([, amount]) => amount !== '0')),
    ...(left.length === 0 ? [] : ['', style('bold', 'Not accounted for')]),
    ...left.map(({ recordingId, outcome }) => `  ${style('yellow', recordingId)}  ${explain(outcome)}`),
    ...advise(left),
  ]
}

function explain(outcome: Result['outcome']): string {
  switch (outcome.kind) {
    case 'failed':
    case 'refused':
      return `${outcome.reason}: ${outcome.detail}`
    case 'not-yet':
      return `not yet: it is ${outcome.status}`
    case 'throttled':
      return 'throttled'
    case 'left':
      return 'left: the run was stopped'
    case 'archived':
    case 'already-archived':
    case 'nothing-to-archive':
      return outcome.kind
  }
}

/** What to do, by what is left; each advice once. */
function advise(left: readonly Result[]): string[] {
  const has = (matches: (outcome: Result['outcome']) => boolean): boolean =>
    left.some(({ outcome }) => matches(outcome))
  const failed = (reason: Extract<Outcome, { kind: 'failed' }>['reason']) => (outcome: Result['outcome']) =>
    outcome.kind === 'failed' && outcome.reason === reason
  const advice: string[] = []
  if (has(failed('not-found')))
    advice.push('not-found: is the id right, and is it of this workspace (--workspace)?')
  if (has(({ kind }) => kind === 'refused'))
    advice.push('Refused: running again does not help; look at each by hand.')
  // One of them alone: each says to run the command again.
  if (has(failed('misconfigured')))
    advice.push('Mend the configuration as it says above, then run the same again.')
  else if (has(({ kind }) => ['not-yet', 'throttled', 'left', 'failed'].includes(kind)))
    advice.push('Run the same command again: what is archived is not fetched again, only what is left is.')
  return advice.length === 0 ? [] : ['', ...advice]
}

function sumBytes(results: readonly Result[]): number {
  return results.reduce((sum, { outcome }) => sum + (outcome.kind === 'archived' ? outcome.bytes : 0), 0)
}
