import { isDeepStrictEqual } from 'node:util'
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
import { ConfigurationError, describeError, StoreError } from '../errors.ts'
import type { Custody } from './custody.ts'
import type { Documents } from './documents.ts'
import { lookAtHolds, setHolds, type VersionToHold } from './hold-versions.ts'

/** A recording's document of holds; one that cannot be read may say anything, so it is always told. */
export type HoldsFound =
  | { readonly kind: 'read'; readonly holds: HoldsOf }
  | { readonly kind: 'unreadable'; readonly key: string; readonly reason: string }

/** Versions that were to be held, or were, and are not there any more. */
interface Missing {
  readonly missing: readonly VersionToHold[]
}

/** What placing a case on a recording would take: `already` if nothing. */
export interface PlacePlan extends Missing {
  readonly kind: 'place' | 'already'
  /** The cases that are open, this one left out. */
  readonly others: readonly string[]
}

/** What releasing a recording from a case comes to. What is missing counts as released. */
export type Release = ReleasePlan & Missing

/** Legal holds: for which cases recordings are held, and the holds themselves. */
export interface Holds {
  /** Says what {@link place} would do, and changes nothing. */
  planPlace(order: PlaceOrder, signal: AbortSignal): Promise<PlacePlan>
  /**
   * Holds a recording for a case: the case first, then each version, read back. What is held already stays so, and what is
   * missing keeps no other waiting.
   * @throws StoreError if somebody releases it from the case meanwhile
   */
  place(order: PlaceOrder & { readonly act: HoldAct }, signal: AbortSignal): Promise<Missing>
  /** Says what {@link release} would do, and changes nothing. */
  planRelease(order: HoldOrder, signal: AbortSignal): Promise<Release>
  /**
   * Releases a recording from a case, and with the last case its versions, read back. Those stay held that were held before
   * this program did it. Whatever fails: where a case is open, it is seen to that all its versions are held, or said that
   * they are not.
   */
  release(order: HoldOrder & { readonly act: HoldAct }, signal: AbortSignal): Promise<Release>
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

  const read = async ({ workspaceId, recordingId }: HoldOrder, signal: AbortSignal): Promise<HoldsOf> => {
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

  /** Adds the case in view of the very document that it is added to: what counts as held before depends on it. */
  const addCase = async (
    { act, versions, ...order }: PlaceOrder & { readonly act: HoldAct },
    signal: AbortSignal,
  ): Promise<HoldsOf> => {
    let seen = await read(order, signal)
    for (;;) {
      const from = seen
      const ours = new Set(from.versions.map(nameVersion))
      const { unheld, missing } = await lookAtHolds(custody, versions, signal)
      const notHeldBefore = new Set([...unheld, ...missing])
      const held = versions.map((each) => ({
        key: each.key,
        versionId: each.versionId,
        heldBefore: !notHeldBefore.has(each) && !ours.has(nameVersion(each)),
      }))
      const isSeen = (found: HoldsOf): boolean => isDeepStrictEqual(found, from)
      const { before, now } = await change(
        order,
        (found) => (isSeen(found) ? placeCase(found, order.caseNumber, act, held) : found),
        signal,
      )
      if (isSeen(before)) return now
      seen = before
    }
  }

  /**
   * Brings the bucket to what the document says: its versions are held while a case is open, else released. Others may
   * change it meanwhile, so it is done only when the document says afterwards what it said before.
   */
  const settle = async (order: HoldOrder, start: HoldsOf, signal: AbortSignal) => {
    // The document may have forgotten meanwhile what this run has placed: nobody else takes it back.
    const placed = new Map<string, HeldVersion>()
    let holds = start
    for (;;) {
      const isOpen = openCases(holds).length > 0
      const known = new Map([...placed, ...holds.versions.map((each) => [nameVersion(each), each] as const)])
      const versions = isOpen ? holds.versions : [...known.values()].filter(({ heldBefore }) => !heldBefore)
      const { changed, missing, faults } = await setHolds(custody, versions, isOpen, signal)
      if (isOpen) for (const each of changed) placed.set(nameVersion(each), each)
      const isReleased = !isOpen && faults.length === 0
      holds = isReleased ? (await change(order, forgetVersions, signal)).now : await read(order, signal)
      const others = openCases(holds).map((each) => each.caseNumber)
      if (isOpen !== others.length > 0) continue
      throwFaults(faults, others)
      return { open: others, changed, missing }
    }
  }

  return {
    async planPlace({ versions, ...order }, signal) {
      const holds = await read(order, signal)
      const open = openCases(holds).map((each) => each.caseNumber)
      const named = new Set(holds.versions.map(nameVersion))
      const added = versions.filter((each) => !named.has(nameVersion(each)))
      const { unheld, missing } = await lookAtHolds(custody, [...holds.versions, ...added], signal)
      const isDone = open.includes(order.caseNumber) && added.length + unheld.length + missing.length === 0
      return {
        kind: isDone ? 'already' : 'place',
        others: open.filter((each) => each !== order.caseNumber),
        missing,
      }
    },
    async place(order, signal) {
      // The case first: a hold without one would be released by nobody; the other way round it is placed by the next run.
      const { open, missing } = await settle(order, await addCase(order, signal), signal)
      if (!open.includes(order.caseNumber))
        throw new StoreError(
          'somebody has released it from the case meanwhile: if it is to be held, run hold place again',
        )
      return { missing }
    },
    async planRelease(order, signal) {
      const holds = await read(order, signal)
      const { unheld, missing } = await lookAtHolds(custody, holds.versions, signal)
      return { ...planRelease(holds, order.caseNumber, unheld.length > 0), missing }
    },
    async release({ act, ...order }, signal) {
      const { caseNumber } = order
      const { before, now } = await change(order, (found) => releaseCase(found, caseNumber, act), signal)
      const plan = planRelease(before, caseNumber, true)
      if (plan.kind === 'not-held') return { ...plan, missing: [] }
      const { open, changed, missing } = await settle(order, now, signal)
      if (open.length === 0) return { kind: 'lift', versions: before.versions, missing }
      if (plan.kind !== 'restore') return { kind: 'stays', others: open, missing }
      return changed.length > 0 ? { kind: 'restore', others: open, missing } : { kind: 'not-held', missing }
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

/** What a person has to mend comes first, and in every case what is not held now for those that are open. */
function throwFaults(faults: readonly unknown[], open: readonly string[]): void {
  if (faults.length === 0) return
  const left = open.length === 0 ? [] : [`until it is run again, not all is held for case ${open.join(', ')}`]
  const refused = faults.find((fault) => fault instanceof ConfigurationError)
  if (refused !== undefined) throw new ConfigurationError([...refused.faults, ...left], { cause: refused })
  const told = faults.map((fault) => (fault instanceof StoreError ? fault.message : describeError(fault)))
  throw new StoreError([...told, ...left].join('; '), { cause: faults[0] })
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
