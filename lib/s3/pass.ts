import { isPending, type Ledger } from '../backfill/ledger.ts'
import {
  beginPass,
  isSwept,
  leftBehind,
  type Mark,
  openPass as resumeOrBegin,
  putParts,
  takeNext,
  type Tally,
  tickOff,
} from '../backfill/mark.ts'
import type { Listed } from '../backfill/listed.ts'
import { groupByDay } from '../backfill/listing.ts'
import type { BackfillOrder } from '../backfill/order.ts'
import { inTurn, notePending } from '../backfill/pending.ts'
import { isWithin, splitWindow, type Window, windowNamed } from '../backfill/window.ts'
import type { Ledgers } from './ledgers.ts'

/** One way through the windows of a range. Where it has come to stands in the bucket, and other runs may go along. */
export interface Pass {
  readonly mark: Mark
  /** The next window; undefined when this run can take no more. */
  take(): Promise<Window | undefined>
  /** Puts the parts of a window in its place. */
  split(window: Window): Promise<void>
  tickOff(window: Window, came: Omit<Tally, 'windows'>): Promise<void>
  /** Remembers recordings that were listed far from their time where they belong; that window is swept once more. */
  remember(strays: Iterable<Listed>, now: Date): Promise<void>
  /** Notes whether a window is to be looked at again by later runs. */
  note(ledger: Ledger): Promise<void>
  /** Windows outside of the range that are to be looked at again, in the order of their turn. */
  pendingElsewhere(): readonly Window[]
  /** Notes that a window has had its turn. */
  turnTo(window: Window): Promise<void>
  finish(now: Date): Promise<void>
}

/** Goes on with the pass of the order's name, or begins one. */
export async function openPass(
  order: BackfillOrder,
  ledgers: Ledgers,
  now: Date,
  signal: AbortSignal,
): Promise<Pass> {
  const { workspaceId, name, range, looksOnly } = order
  let mark = beginPass(workspaceId, range, 1, now)
  const change = async (edit: (held: Mark) => Mark): Promise<void> => {
    mark = looksOnly
      ? edit(mark)
      : await ledgers.changeMark(workspaceId, name, (held) => edit(held ?? mark), signal)
  }
  if (!looksOnly)
    mark = await ledgers.changeMark(
      workspaceId,
      name,
      (held) => resumeOrBegin(held, workspaceId, range, order.isScheduled, now),
      signal,
    )
  const held = await ledgers.readPending(workspaceId, signal)
  const pending = new Set(held.windows)
  const ahead: Window[] = []
  const tried = new Set<string>()
  const note: Pass['note'] = async (ledger) => {
    const isOpen = isPending(ledger)
    // That it is pending already may be no longer so: another run may have struck it off meanwhile.
    if (looksOnly || (!isOpen && !pending.has(ledger.window))) return
    await ledgers.changePending(workspaceId, (before) => notePending(before, ledger.window, isOpen), signal)
    if (isOpen) pending.add(ledger.window)
    else pending.delete(ledger.window)
  }
  return {
    get mark() {
      return mark
    },
    async take() {
      let taken = ahead.shift()
      if (taken === undefined)
        await change((before) => {
          const next = takeNext(before)
          taken = next?.window
          return next?.mark ?? before
        })
      // At last what a run has left behind that ended early. If it is still at work, the window is swept twice.
      taken ??= leftBehind(mark).find((window) => !tried.has(window.name))
      if (taken !== undefined) tried.add(taken.name)
      return taken
    },
    async split(window) {
      const parts = splitWindow(window)
      ahead.unshift(...parts)
      await change((before) => putParts(before, window, parts))
    },
    tickOff: (window, came) => change((before) => tickOff(before, window, came)),
    async remember(strays, at) {
      for (const [day, members] of looksOnly ? [] : groupByDay(strays))
        for (const ledger of await ledgers.remember(workspaceId, day, members, at, signal)) {
          await note(ledger)
          const window = windowNamed(ledger.window)
          if (window !== undefined && window.from < mark.next && isWithin(window.from, mark.range))
            ahead.push(window)
        }
    },
    note,
    pendingElsewhere: () => inTurn(held).filter(({ from }) => !isWithin(from, mark.range)),
    turnTo: ({ name: after }) =>
      ledgers.changePending(workspaceId, (before) => ({ ...before, after }), signal),
    // Others may have begun the next pass meanwhile.
    finish: (finishedAt) => change((before) => (isSwept(before) ? { ...before, finishedAt } : before)),
  }
}
