import type { Claim } from '../verify/claim.ts'
import { type Entry, isIrregular, type Listed } from '../verify/entry.ts'
import type { Scope } from '../verify/order.ts'
import { createSample } from '../verify/sample.ts'
import type { Inventory } from './inventory.ts'
import type { Ledgers } from './ledgers.ts'

/** Something to be looked at: what a listing shows, or a recording that is known by its id alone. */
export type Item =
  | Listed
  /** `isArchived`: something must be there. */
  | { readonly kind: 'id'; readonly recordingId: string; readonly isArchived: boolean }

/** Recordings that are to be read. */
export interface Selection {
  /** Undefined where that shows only in the end. */
  readonly total: number | undefined
  readonly items: AsyncIterable<Item> | Iterable<Item>
  /** Tells by the sidecar whether a recording belongs to it; undefined where all do. */
  readonly isWanted?: (claim: Claim) => boolean
  /** A day that no ledger covers, for which everything is looked at. */
  readonly uncovered?: string
}

/** A sample, and what else the listing of everything has shown. */
export interface Drawn {
  /** Recordings that have a sidecar, or had one. */
  readonly population: number
  /** Ids of the sample. */
  readonly chosen: ReadonlySet<string>
  /** The sample, and recordings of which the listing alone shows that something is wrong. */
  readonly entries: readonly Entry[]
}

/** Finds out which recordings are to be read. */
export interface Selector {
  /**
   * Those that are named, or those of some whole UTC days: from the ledgers of the backfill, without looking at a sidecar, where
   * they cover the days; else by the sidecars, all of which must be read for it.
   */
  select(
    workspaceId: string,
    scope: Scope & { kind: 'ids' | 'days' },
    signal: AbortSignal,
  ): Promise<Selection>
  /**
   * Lists everything, and draws a sample of it.
   * @param seeOther takes keys that are none of ours, and irregular recordings beyond the first 10,000
   */
  draw(
    workspaceId: string,
    scope: Scope & { kind: 'sample' },
    seeOther: (listed: Listed) => void,
    signal: AbortSignal,
  ): Promise<Drawn>
}

const MOST_IRREGULAR = 10_000

export function createSelector(inventory: Inventory, ledgers: Pick<Ledgers, 'walk'>): Selector {
  const selectDays = async (
    workspaceId: string,
    range: Scope & { kind: 'days' },
    signal: AbortSignal,
  ): Promise<Selection> => {
    let total = 0
    for await (const ledger of ledgers.walk(workspaceId, range, signal)) {
      if (ledger.split) continue
      if (ledger.sweptAt === null || !ledger.listed.complete)
        return {
          total: undefined,
          items: inventory.walk(workspaceId, undefined, signal),
          isWanted: ({ createdAt }) => createdAt >= range.from && createdAt < range.to,
          uncovered: ledger.window,
        }
      total += ledger.archived.length + ledger.open.length
    }
    async function* items(): AsyncGenerator<Item, void, undefined> {
      for await (const { archived, open } of ledgers.walk(workspaceId, range, signal)) {
        for (const recordingId of archived) yield { kind: 'id', recordingId, isArchived: true }
        for (const { recordingId } of open) yield { kind: 'id', recordingId, isArchived: false }
      }
    }
    return { total, items: items() }
  }

  return {
    async select(workspaceId, scope, signal) {
      if (scope.kind === 'days') return await selectDays(workspaceId, scope, signal)
      const items = scope.ids.map((recordingId): Item => ({ kind: 'id', recordingId, isArchived: true }))
      return { total: items.length, items }
    },
    async draw(workspaceId, { size, seed }, seeOther, signal) {
      const sample = createSample<Entry>(size, seed, ({ recordingId }) => `${workspaceId}/${recordingId}`)
      const irregular = new Map<string, Entry>()
      const see = (listed: Listed): void => {
        if (listed.kind === 'unknown') return seeOther(listed)
        const { entry } = listed
        if (entry.sidecar.versions.length > 0) sample.offer(entry)
        if (!isIrregular(entry)) return
        if (irregular.size < MOST_IRREGULAR) irregular.set(entry.recordingId, entry)
        else seeOther(listed)
      }
      await inventory.scan(workspaceId, see, signal)
      const chosen = new Map(sample.chosen().map((entry) => [entry.recordingId, entry]))
      return {
        population: sample.population(),
        chosen: new Set(chosen.keys()),
        entries: [...new Map([...chosen, ...irregular]).values()],
      }
    },
  }
}
