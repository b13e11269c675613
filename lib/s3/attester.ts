import { lockFor, type RetentionPolicy } from '../archive/retention.ts'
import { evidenceOf, lostOf, writeAttestation } from '../backfill/attest.ts'
import type { BackfillKeys } from '../backfill/keys.ts'
import { type Ledger, noteLost } from '../backfill/ledger.ts'
import type { Window } from '../backfill/window.ts'
import type { Found, Sidecars } from './sidecars.ts'
import type { Store } from './store.ts'

/**
 * Attests a window that is settled: reads every sidecar that was not read just now, and writes the document, once, locked as
 * a recording of the window's last moment would be. If a sidecar is not what it has to be, the ledger comes back with that.
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
  readonly store: Pick<Store, 'writeOnce'>
  readonly keys: BackfillKeys
  readonly retention: RetentionPolicy
  readonly version: string
}): Attest {
  const { sidecars, store, keys, retention, version } = options
  return async (window, ledger, found, now, signal) => {
    const { workspaceId, archived } = ledger
    const unread = archived.filter((id) => found.get(id)?.kind !== 'read')
    const read = new Map([...found, ...(await sidecars.read(workspaceId, unread, signal))])
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
    // Where the key is taken, the same facts were attested before.
    await store.writeOnce(key, text, 'application/json', lockFor(retention, window.to, now), signal)
    return { ...ledger, attestation: { key, digest, at: now } }
  }
}
