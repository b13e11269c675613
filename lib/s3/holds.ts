import {
  forgetVersions,
  type HeldVersion,
  type HoldAct,
  type Holds as HoldsOf,
  nameVersion,
  noHolds,
  openCases,
  placeCase,
  planRelease,
  readHolds,
  releaseCase,
  type ReleasePlan,
  writeHolds,
} from '../retrieve/hold.ts'
import type { RetrieveKeys } from '../retrieve/keys.ts'
import { StoreError } from '../errors.ts'
import type { Custody } from './custody.ts'
import type { Documents } from './documents.ts'

/** A version to be held. */
export type VersionToHold = Pick<HeldVersion, 'key' | 'versionId'>

/** A recording's document of holds; one that cannot be read may say anything, so it is always told. */
export type HoldsFound =
  | { readonly kind: 'read'; readonly holds: HoldsOf }
  | { readonly kind: 'unreadable'; readonly key: string; readonly reason: string }

/** What placing a case on a recording would take: `already` if nothing. */
export interface PlacePlan {
  readonly kind: 'place' | 'already'
  /** The cases that are open, this one left out. */
  readonly others: readonly string[]
  /** Those that show no hold now. */
  readonly unheld: readonly VersionToHold[]
}

/** Legal holds: for which cases recordings are held, and the holds themselves. */
export interface Holds {
  /** Says what {@link place} would do, and changes nothing. */
  planPlace(order: PlaceOrder, signal: AbortSignal): Promise<PlacePlan>
  /** Holds a recording for a case: the case first, then each version, read back. What is held already stays so. */
  place(order: PlaceOrder & { readonly act: HoldAct }, signal: AbortSignal): Promise<void>
  /** Says what {@link release} would do, and changes nothing. */
  planRelease(order: HoldOrder, signal: AbortSignal): Promise<ReleasePlan>
  /**
   * Releases a recording from a case, and with the last case its versions, read back. Those stay held that were held before
   * this program did it.
   */
  release(order: HoldOrder & { readonly act: HoldAct }, signal: AbortSignal): Promise<ReleasePlan>
  /** The documents of a workspace, by recording id. */
  list(workspaceId: string, signal: AbortSignal): AsyncGenerator<HoldsFound, void, undefined>
}

export interface HoldOrder {
  readonly workspaceId: string
  readonly recordingId: string
  readonly caseNumber: string
}
export interface PlaceOrder extends HoldOrder {
  readonly versions: readonly VersionToHold[]
}

/** @throws StoreError or ConfigurationError from each, if the bucket fails, or a document of holds cannot be read */
export function createHolds(options: {
  readonly documents: Pick<Documents, 'read' | 'change' | 'list'>
  readonly custody: Pick<Custody, 'setLegalHold' | 'readLegalHold'>
  readonly keys: RetrieveKeys
}): Holds {
  const { documents, custody, keys } = options

  const read = async (workspaceId: string, recordingId: string, signal: AbortSignal): Promise<HoldsOf> => {
    const key = keys.hold(workspaceId, recordingId)
    return parse(key, (await documents.read(key, signal))?.text, workspaceId, recordingId)
  }

  /** Changes the document, unless it says so already; resolves to what it said, and what it says now. */
  const change = async (
    { workspaceId, recordingId }: HoldOrder,
    edit: (holds: HoldsOf) => HoldsOf,
    signal: AbortSignal,
  ): Promise<{ readonly before: HoldsOf; readonly now: HoldsOf }> => {
    const key = keys.hold(workspaceId, recordingId)
    let before = noHolds(workspaceId, recordingId)
    let now = before
    await documents.change(
      key,
      (text) => {
        before = parse(key, text, workspaceId, recordingId)
        now = edit(before)
        return text !== undefined && writeHolds(now) === writeHolds(before) ? text : writeHolds(now)
      },
      signal,
    )
    return { before, now }
  }

  const hold = async (versions: readonly VersionToHold[], signal: AbortSignal): Promise<void> => {
    for (const { key, versionId } of versions)
      if (!(await custody.readLegalHold(key, versionId, signal)))
        await custody.setLegalHold(key, versionId, true, signal)
  }

  return {
    async planPlace({ workspaceId, recordingId, caseNumber, versions }, signal) {
      const holds = await read(workspaceId, recordingId, signal)
      const open = openCases(holds).map((each) => each.caseNumber)
      const named = new Set(holds.versions.map(nameVersion))
      const states = await Promise.all(
        versions.map(({ key, versionId }) => custody.readLegalHold(key, versionId, signal)),
      )
      const unheld = versions.filter((_, index) => states[index] === false)
      const isDone =
        open.includes(caseNumber) &&
        unheld.length === 0 &&
        versions.every((each) => named.has(nameVersion(each)))
      return {
        kind: isDone ? 'already' : 'place',
        others: open.filter((each) => each !== caseNumber),
        unheld,
      }
    },
    async place({ act, versions, ...order }, signal) {
      const { workspaceId, recordingId, caseNumber } = order
      const before = await read(workspaceId, recordingId, signal)
      const ours = new Set(before.versions.map(nameVersion))
      const held: HeldVersion[] = []
      for (const { key, versionId } of versions) {
        const isHeld = await custody.readLegalHold(key, versionId, signal)
        held.push({ key, versionId, heldBefore: isHeld && !ours.has(nameVersion({ key, versionId })) })
      }
      // The case first: a hold without one would be released by nobody; the other way round it is placed by the next run.
      const { now } = await change(order, (found) => placeCase(found, caseNumber, act, held), signal)
      await hold(now.versions, signal)
    },
    async planRelease({ workspaceId, recordingId, caseNumber }, signal) {
      return planRelease(await read(workspaceId, recordingId, signal), caseNumber)
    },
    async release({ act, ...order }, signal) {
      const { caseNumber } = order
      const { before } = await change(order, (found) => releaseCase(found, caseNumber, act), signal)
      const plan = planRelease(before, caseNumber)
      if (plan.kind !== 'lift') return plan
      for (const { key, versionId, heldBefore } of plan.versions)
        if (!heldBefore) await custody.setLegalHold(key, versionId, false, signal)
      const { now } = await change(order, forgetVersions, signal)
      // Somebody has held it for another case meanwhile: what was released just now is held again.
      if (openCases(now).length === 0) return plan
      await hold(now.versions, signal)
      return { kind: 'stays', others: openCases(now).map((each) => each.caseNumber) }
    },
    async *list(workspaceId, signal) {
      for await (const key of documents.list(keys.allHolds(workspaceId), signal)) {
        const text = (await documents.read(key, signal))?.text
        if (text === undefined) continue
        const found = readHolds(text)
        if (found.ok) yield { kind: 'read', holds: found.holds }
        else yield { kind: 'unreadable', key, reason: found.reason }
      }
    },
  }
}

function parse(key: string, text: string | undefined, workspaceId: string, recordingId: string): HoldsOf {
  if (text === undefined) return noHolds(workspaceId, recordingId)
  const found = readHolds(text)
  if (!found.ok)
    throw new StoreError(`${key}: ${found.reason}; an earlier version of the object may be whole`)
  if (found.holds.workspaceId !== workspaceId || found.holds.recordingId !== recordingId)
    throw new StoreError(`${key}: the document of holds is of another recording`)
  return found.holds
}
