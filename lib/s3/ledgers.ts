import type { BackfillKeys } from '../backfill/keys.ts'
import { emptyLedger, type Ledger, readLedger, writeLedger } from '../backfill/ledger.ts'
import { type Mark, readMark, writeMark } from '../backfill/mark.ts'
import { NOTHING_PENDING, type Pending, readPending, writePending } from '../backfill/pending.ts'
import type { Window } from '../backfill/window.ts'
import { StoreError } from '../errors.ts'
import type { Documents, Version } from './documents.ts'

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
  change(
    workspaceId: string,
    window: Window,
    edit: (ledger: Ledger) => Ledger,
    signal: AbortSignal,
  ): Promise<void>
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
  return {
    async read(workspaceId, window, signal) {
      const version = await documents.read(keys.ledger(workspaceId, window.name), signal)
      return { ledger: parseLedger(workspaceId, window, version?.text), version }
    },
    async replace({ version }, ledger, signal) {
      const key = keys.ledger(ledger.workspaceId, ledger.window)
      return (await documents.replace(key, version, writeLedger(ledger), signal)) !== undefined
    },
    change: (workspaceId, window, edit, signal) =>
      documents.change(
        keys.ledger(workspaceId, window.name),
        (text) => writeLedger(edit(parseLedger(workspaceId, window, text))),
        signal,
      ),
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

function refuse(key: string, reason: string): never {
  throw new StoreError(`${key} cannot be read: ${reason}; move it away to begin anew`)
}
