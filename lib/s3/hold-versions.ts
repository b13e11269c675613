import type { HeldVersion } from '../retrieve/hold.ts'
import type { Custody } from './custody.ts'

/** A version to be held. */
export type VersionToHold = Pick<HeldVersion, 'key' | 'versionId'>

/** What the bucket shows of versions; those that are neither are held. */
export interface HoldsShown<Version> {
  readonly unheld: readonly Version[]
  /** Those that are not there any more. */
  readonly missing: readonly Version[]
}

/**
 * Asks the bucket what it shows of each version.
 * @throws StoreError or ConfigurationError if it fails
 */
export async function lookAtHolds<Version extends VersionToHold>(
  custody: Pick<Custody, 'readLegalHold'>,
  versions: readonly Version[],
  signal: AbortSignal,
): Promise<HoldsShown<Version>> {
  const shown = await Promise.all(
    versions.map(({ key, versionId }) => custody.readLegalHold(key, versionId, signal)),
  )
  return {
    unheld: versions.filter((_, index) => shown[index] === false),
    missing: versions.filter((_, index) => shown[index] === undefined),
  }
}

/** What came of holding versions, or of releasing them. */
export interface HoldsSet<Version> {
  /** Those that showed it otherwise: they show it now, or one of `faults` is about them. */
  readonly changed: readonly Version[]
  /** Those that are not there any more. */
  readonly missing: readonly Version[]
  readonly faults: readonly unknown[]
}

/**
 * Holds versions, or releases them, and reads back what was changed. What fails keeps no other waiting.
 * @throws the signal's reason
 */
export async function setHolds<Version extends VersionToHold>(
  custody: Pick<Custody, 'readLegalHold' | 'setLegalHold'>,
  versions: readonly Version[],
  on: boolean,
  signal: AbortSignal,
): Promise<HoldsSet<Version>> {
  const changed: Version[] = []
  const missing: Version[] = []
  const faults: unknown[] = []
  for (const version of versions) {
    const { key, versionId } = version
    try {
      const isHeld = await custody.readLegalHold(key, versionId, signal)
      if (isHeld === undefined) missing.push(version)
      else if (isHeld !== on) {
        changed.push(version)
        await custody.setLegalHold(key, versionId, on, signal)
      }
    } catch (error) {
      signal.throwIfAborted()
      faults.push(error)
    }
  }
  return { changed, missing, faults }
}
