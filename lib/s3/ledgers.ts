import { remember } from '../backfill/account.ts'
import { lostOf } from '../backfill/attest.ts'
import type { BackfillKeys } from '../backfill/keys.ts'
import { emptyLedger, inherit, type Ledger, noteLost, readLedger, writeLedger } from '../backfill/ledger.ts'
import type { Listed } from '../backfill/listed.ts'
import { type Mark, readMark, writeMark } from '../backfill/mark.ts'
import { NOTHING_PENDING, type Pending, readPending, writePending } from '../backfill/pending.ts'
import { daysOf, isWithin, type Range, splitWindow, type Window } from '../backfill/window.ts'
import { StoreError } from '../errors.ts'
import type { Documents, Version } from './documents.ts'
import type { Found, Sidecars } from './sidecars.ts'

/** A ledger as it stood when it was read. */
export interface HeldLedger {
  readonly ledger: Ledger
  readonly version: Version | undefined
}

/** What backfills keep in the bucket, each write on the condition that nobody else wrote meanwhile. */
export interface Ledgers {
  /** An empty ledger where there is none yet. */
  read(workspaceId: string, window: Window, signal: AbortSignal): Promise<HeldLedger>
  /** False if somebody else has written it since: then nothing was written. */
  replace(held: HeldLedger, ledger: Ledger, signal: AbortSignal): Promise<boolean>
  /**
   * Hands a window's ledger over to its parts; which of them holds what is archived, the sidecars tell. False if somebody
   * else has written it since.
   */
  split(
    held: HeldLedger,
    window: Window,
    sidecars: Pick<Sidecars, 'read'>,
    now: Date,
    signal: AbortSignal,
  ): Promise<boolean>
  /**
   * Remembers recordings in the ledger of the day, or the part of it, that they belong to. Resolves to the ledgers that did
   * not know them.
   */
  remember(
    workspaceId: string,
    window: Window,
    strangers: readonly Listed[],
    now: Date,
    signal: AbortSignal,
  ): Promise<readonly Ledger[]>
  /** The ledgers of a range's days, in their order; in the place of one that was split come those of its parts. */
  walk(workspaceId: string, range: Range, signal: AbortSignal): AsyncGenerator<Ledger, void, undefined>
  readMark(workspaceId: string, name: string, signal: AbortSignal): Promise<Mark | undefined>
  /** Resolves to what stands there now. */
  changeMark(
    workspaceId: string,
    name: string,
    edit: (mark: Mark | undefined) => Mark,
    signal: AbortSignal,
  ): Promise<Mark>
  readPending(workspaceId: string, signal: AbortSignal): Promise<Pending>
  changePending(workspaceId: string, edit: (pending: Pending) => Pending, signal: AbortSignal): Promise<void>
}

/** @throws StoreError from each, also for a document that cannot be read: it is left as it is, for a person to look at */
export function createLedgers(documents: Documents, keys: BackfillKeys): Ledgers {
  const parseLedger = (workspaceId: string, window: Window, text: string | undefined): Ledger => {
    if (text === undefined) return emptyLedger(workspaceId, window)
    const read = readLedger(text)
    return read.ok ? read.ledger : refuse(keys.ledger(workspaceId, window.name), read.reason)
  }
  const parseMark = (workspaceId: string, name: string, text: string): Mark => {
    const read = readMark(text)
    return read.ok ? read.mark : refuse(keys.mark(workspaceId, name), read.reason)
  }
  const parsePending = (workspaceId: string, text: string | undefined): Pending => {
    if (text === undefined) return NOTHING_PENDING
    const read = readPending(text)
    return read.ok ? read.pending : refuse(keys.pending(workspaceId), read.reason)
  }
  const read: Ledgers['read'] = async (workspaceId, window, signal) => {
    const version = await documents.read(keys.ledger(workspaceId, window.name), signal)
    return { ledger: parseLedger(workspaceId, window, version?.text), version }
  }
  const replace: Ledgers['replace'] = async ({ version }, ledger, signal) => {
    const key = keys.ledger(ledger.workspaceId, ledger.window)
    return (await documents.replace(key, version, writeLedger(ledger), signal)) !== undefined
  }
  /** Resolves to what stands there now, and whether that is something else than before. */
  const change = async (
    workspaceId: string,
    window: Window,
    edit: (ledger: Ledger) => Ledger,
    signal: AbortSignal,
  ): Promise<{ readonly ledger: Ledger; readonly isNew: boolean }> => {
    let now = { ledger: emptyLedger(workspaceId, window), isNew: false }
    const write = (text: string | undefined): string => {
      const before = parseLedger(workspaceId, window, text)
      const ledger = edit(before)
      now = { ledger, isNew: ledger !== before }
      return now.isNew || text === undefined ? writeLedger(ledger) : text
    }
    await documents.change(keys.ledger(workspaceId, window.name), write, signal)
    return now
  }
  const rememberIn: Ledgers['remember'] = async (workspaceId, window, strangers, now, signal) => {
    const { ledger, isNew } = await change(
      workspaceId,
      window,
      (before) => (before.split ? before : remember(before, strangers, now)),
      signal,
    )
    if (!ledger.split) return isNew ? [ledger] : []
    const changed: Ledger[] = []
    for (const part of splitWindow(window)) {
      const members = strangers.filter(({ createdAt }) => isWithin(createdAt, part))
      if (members.length > 0) changed.push(...(await rememberIn(workspaceId, part, members, now, signal)))
    }
    return changed
  }
  async function* walkWindow(
    workspaceId: string,
    window: Window,
    signal: AbortSignal,
  ): AsyncGenerator<Ledger, void, undefined> {
    const { ledger } = await read(workspaceId, window, signal)
    if (!ledger.split) yield ledger
    else for (const part of splitWindow(window)) yield* walkWindow(workspaceId, part, signal)
  }
  return {
    read,
    async *walk(workspaceId, range, signal) {
      for (const day of daysOf(range)) yield* walkWindow(workspaceId, day, signal)
    },
    replace,
    async split(held, window, sidecars, now, signal) {
      const { workspaceId, archived } = held.ledger
      const found = await sidecars.read(workspaceId, archived, signal)
      const whole = noteLost(held.ledger, lostOf(archived, found), now)
      for (const part of splitWindow(window)) {
        const edit = inherit(whole, createdAtOf(found), part)
        if (edit !== undefined) await change(workspaceId, part, edit, signal)
      }
      const emptied = {
        ...held.ledger,
        split: true,
        archived: [],
        open: [],
        elsewhere: [],
        attestation: null,
      }
      return await replace(held, emptied, signal)
    },
    remember: rememberIn,
    async readMark(workspaceId, name, signal) {
      const version = await documents.read(keys.mark(workspaceId, name), signal)
      return version === undefined ? undefined : parseMark(workspaceId, name, version.text)
    },
    async changeMark(workspaceId, name, edit, signal) {
      let changed: Mark | undefined
      const write = (text: string | undefined): string => {
        changed = edit(text === undefined ? undefined : parseMark(workspaceId, name, text))
        return writeMark(changed)
      }
      await documents.change(keys.mark(workspaceId, name), write, signal)
      if (changed === undefined) throw new StoreError(`the mark ${name} was not written`)
      return changed
    },
    async readPending(workspaceId, signal) {
      const version = await documents.read(keys.pending(workspaceId), signal)
      return parsePending(workspaceId, version?.text)
    },
    changePending: (workspaceId, edit, signal) =>
      documents.change(
        keys.pending(workspaceId),
        (text) => writePending(edit(parsePending(workspaceId, text))),
        signal,
      ),
  }
}

function createdAtOf(found: ReadonlyMap<string, Found>): ReadonlyMap<string, Date> {
  const told = new Map<string, Date>()
  for (const [id, sidecar] of found)
    if (sidecar.kind === 'read' && sidecar.createdAt !== undefined) told.set(id, sidecar.createdAt)
  return told
}

function refuse(key: string, reason: string): never {
  throw new StoreError(`${key} cannot be read: ${reason}; move it away to begin anew`)
}
