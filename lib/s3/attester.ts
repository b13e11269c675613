import { type Lock, lockFor, type RetentionPolicy } from '../archive/retention.ts'
import { confirmAttestation, elsewhereOf, evidenceOf, lostOf, writeAttestation } from '../backfill/attest.ts'
import type { BackfillKeys } from '../backfill/keys.ts'
import { type Ledger, noteElsewhere, noteLost } from '../backfill/ledger.ts'
import type { Window } from '../backfill/window.ts'
import { StoreError } from '../errors.ts'
import { storeFailure } from './failure.ts'
import type { Found, Sidecars } from './sidecars.ts'
import type { Store } from './store.ts'
import { ensureLock, headObject, type Place } from './stored.ts'

/**
 * Attests a window that is settled: reads every sidecar that was not read just now, and writes the document, once, locked as
 * a recording of the window's last moment would be; one that is there already gets the lock that it lacks. If a sidecar is not what it has to be, or puts its recording into
 * another window, the ledger comes back with that.
 * @throws StoreError also if something else lies under the attestation's name
 */
export type Attest = (
  window: Window,
  ledger: Ledger,
  found: ReadonlyMap<string, Found>,
  now: Date,
  signal: AbortSignal,
) => Promise<Ledger>

export function createAttester(options: {
  readonly sidecars: Sidecars
  readonly store: Pick<Store, 'read' | 'writeOnce'>
  readonly place: Place
  readonly keys: BackfillKeys
  readonly retention: RetentionPolicy
  readonly version: string
}): Attest {
  const { sidecars, store, place, keys, retention, version } = options

  /** The version that is confirmed is the one that gets the lock. */
  const adopt = async (
    key: string,
    meant: Parameters<typeof confirmAttestation>[1],
    lock: Lock | undefined,
    signal: AbortSignal,
  ): Promise<void> => {
    const stored = lock && (await headObject(place, key, undefined, signal))
    const isGone = lock !== undefined && stored === undefined
    const text = isGone ? undefined : await store.read(key, signal, stored?.versionId)
    const confirmed = confirmAttestation(text, meant)
    if (!confirmed.ok)
      throw new StoreError(`${key} is taken, and not by this attestation: ${confirmed.reason}`)
    if (stored !== undefined) await ensureLock(place, key, stored, lock, signal)
  }

  return async (window, held, found, now, signal) => {
    const { workspaceId } = held
    const unread = held.archived.filter((id) => found.get(id)?.kind !== 'read')
    const read = new Map([...found, ...(await sidecars.read(workspaceId, unread, signal))])
    const ledger = noteElsewhere(held, elsewhereOf(held.archived, read, window))
    const { archived } = ledger
    const lost = lostOf(archived, read)
    if (lost.size > 0) return noteLost(ledger, lost, now)
    const { text, digest, factsDigest } = writeAttestation({
      workspaceId,
      window,
      evidence: evidenceOf(archived, read),
      exceptions: ledger.open,
      listingsAgreed: ledger.listed.agreed,
      now,
      version,
    })
    const key = keys.attestation(workspaceId, window.name, factsDigest)
    const lock = lockFor(retention, window.to, now)
    // Where the key is taken, the same facts were attested before, perhaps without a lock; or something else lies there.
    if (!(await store.writeOnce(key, text, 'application/json', lock, signal)))
      await adopt(key, { workspaceId, window: window.name, digest }, lock, signal).catch((error: unknown) => {
        signal.throwIfAborted()
        throw storeFailure('lock', key, error)
      })
    return { ...ledger, attestation: { key, digest, at: now } }
  }
}
