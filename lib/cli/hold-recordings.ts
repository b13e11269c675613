import { describeGone } from '../retrieve/hold.ts'
import type { Release } from '../s3/holds.ts'
import {
  keepRecordings,
  type KeepJob,
  type KeepOptions,
  readCaseNumber,
  withObjects,
} from './keep-recordings.ts'
import type { KeepResult } from './keep-report.ts'

export interface HoldOptions extends KeepOptions {
  readonly case: string
}

const NOT_HELD = 'not held for it'
const WOULD = { lift: 'would be released', stays: 'would stay held', restore: 'would be held again' }
const DONE = { lift: 'released', stays: 'stays held', restore: 'held again' }

type Outcome = Pick<KeepResult, 'outcome' | 'detail' | 'isLeft' | 'isTold'>

/** Places the hold of a case. Resolves to the exit code. */
export async function placeHolds(given: readonly string[], options: HoldOptions): Promise<number> {
  const caseNumber = readCaseNumber(options.case)
  return await keepRecordings(given, options, caseNumber, () => ({
    title: 'holding',
    work: placeOne(caseNumber),
  }))
}

/** Releases recordings from a case. Resolves to the exit code. */
export async function releaseHolds(given: readonly string[], options: HoldOptions): Promise<number> {
  const caseNumber = readCaseNumber(options.case)
  return await keepRecordings(given, options, caseNumber, () => ({
    title: 'releasing',
    work: releaseOne(caseNumber),
  }))
}

function placeOne(caseNumber: string): KeepJob['work'] {
  return withObjects(async (kept, { keeper, requester, dryRun, signal, note }) => {
    const { workspaceId, recordingId, objects } = kept
    const versions = objects.map(({ key, versionId }) => ({ key, versionId }))
    const order = { workspaceId, recordingId, caseNumber, versions }
    const plan = await keeper.holds.planPlace(order, signal)
    const others = plan.others.length === 0 ? undefined : `held for ${nameCases(plan.others)}, too`
    if (plan.kind === 'already') return { outcome: 'held already', detail: others }
    if (dryRun) return { outcome: 'would be held', ...tell(others, plan.missing) }
    await note('hold-place', kept, `${versions.length} objects`)
    const act = { at: keeper.clock.now(), by: requester.actor, reason: requester.reason }
    const { missing } = await keeper.holds.place({ ...order, act }, signal)
    if (missing.length === 0) return { outcome: 'held', detail: others }
    return { outcome: 'failed', ...tell('what is still there is held', missing) }
  })
}

/** The document says what is to be released, whatever has become of the objects' keys meanwhile. */
function releaseOne(caseNumber: string): KeepJob['work'] {
  return async ({ recordingId, workspaceIds }, { keeper, requester, dryRun, signal, note }) => {
    for (const workspaceId of workspaceIds) {
      const order = { workspaceId, recordingId, caseNumber }
      const plan = await keeper.holds.planRelease(order, signal)
      if (plan.kind === 'not-held' && plan.missing.length === 0) continue
      const result = { recordingId, workspaceId }
      if (dryRun || plan.kind === 'not-held') return { ...result, ...describeRelease(plan, WOULD) }
      await note('hold-release', order, plan.kind === 'lift' ? 'the last case' : 'other cases keep it held')
      const act = { at: keeper.clock.now(), by: requester.actor, reason: requester.reason }
      return { ...result, ...describeRelease(await keeper.holds.release({ ...order, act }, signal), DONE) }
    }
    const [workspaceId] = workspaceIds.length === 1 ? workspaceIds : []
    return { recordingId, workspaceId, outcome: NOT_HELD, detail: undefined, isLeft: false }
  }
}

function describeRelease(end: Release, words: typeof DONE): Outcome {
  const { kind, missing } = end
  if (kind === 'not-held') return { outcome: NOT_HELD, ...tell(undefined, missing) }
  if (kind === 'restore') {
    const why = `it showed no hold, as where a release has broken off, and is to be held for ${nameCases(end.others)}`
    return { outcome: words.restore, ...tell(why, missing), isTold: true }
  }
  if (kind === 'stays')
    return { outcome: words.stays, ...tell(`for ${nameCases(end.others)}`, missing), isTold: true }
  if (!end.versions.some(({ heldBefore }) => heldBefore))
    return { outcome: words.lift, ...tell(undefined, missing) }
  const why =
    'it was held already when this program first held it: whoever did that has to release it (aws s3api put-object-legal-hold)'
  return { outcome: words.stays, ...tell(why, missing), isTold: true }
}

/** What is gone has to be looked at, whatever else came of it. */
function tell(detail: string | undefined, missing: Release['missing']): Pick<Outcome, 'detail' | 'isLeft'> {
  const gone = missing.map(describeGone)
  const details = detail === undefined ? gone : [...gone, detail]
  return { detail: details.length === 0 ? undefined : details.join('; '), isLeft: gone.length > 0 }
}

function nameCases(cases: readonly string[]): string {
  return `case ${cases.join(', ')}`
}
