import type { ReleasePlan } from '../retrieve/hold.ts'
import {
  keepRecordings,
  type KeepJob,
  type KeepOptions,
  readCaseNumber,
  withObjects,
} from './keep-recordings.ts'

export interface HoldOptions extends KeepOptions {
  readonly case: string
}

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
    const detail = plan.others.length === 0 ? undefined : `held for ${nameCases(plan.others)}, too`
    if (plan.kind === 'already') return { outcome: 'held already', detail }
    if (dryRun) return { outcome: 'would be held', detail }
    await note('hold-place', kept, `${versions.length} objects`)
    const act = { at: keeper.clock.now(), by: requester.actor, reason: requester.reason }
    await keeper.holds.place({ ...order, act }, signal)
    return { outcome: 'held', detail }
  })
}

/** The document says what is to be released, whatever has become of the objects' keys meanwhile. */
function releaseOne(caseNumber: string): KeepJob['work'] {
  return async ({ recordingId, workspaceIds }, { keeper, requester, dryRun, signal, note }) => {
    for (const workspaceId of workspaceIds) {
      const order = { workspaceId, recordingId, caseNumber }
      const plan = await keeper.holds.planRelease(order, signal)
      if (plan.kind === 'not-held') continue
      const result = { recordingId, workspaceId, isLeft: false }
      if (dryRun) return { ...result, ...describeRelease(plan, 'would be released', 'would stay held') }
      await note('hold-release', order, plan.kind === 'lift' ? 'the last case' : 'other cases keep it held')
      const act = { at: keeper.clock.now(), by: requester.actor, reason: requester.reason }
      const end = await keeper.holds.release({ ...order, act }, signal)
      return { ...result, ...describeRelease(end, 'released', 'stays held') }
    }
    const [workspaceId] = workspaceIds.length === 1 ? workspaceIds : []
    return { recordingId, workspaceId, outcome: 'not held for it', detail: undefined, isLeft: false }
  }
}

function describeRelease(plan: ReleasePlan, released: string, stays: string) {
  if (plan.kind === 'stays') return { outcome: stays, detail: `for ${nameCases(plan.others)}` }
  if (plan.kind === 'lift' && plan.versions.some(({ heldBefore }) => heldBefore))
    return {
      outcome: stays,
      detail:
        'it was held already when this program first held it: whoever did that has to release it (aws s3api put-object-legal-hold)',
    }
  return { outcome: released, detail: undefined }
}

function nameCases(cases: readonly string[]): string {
  return `case ${cases.join(', ')}`
}
