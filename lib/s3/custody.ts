import { GetObjectLegalHoldCommand, PutObjectLegalHoldCommand } from '@aws-sdk/client-s3'
import { isAsStrong, type Lock } from '../archive/retention.ts'
import { ConfigurationError, StoreError } from '../errors.ts'
import { storeFailure } from './failure.ts'
import { ensureLock, headObject, type Place } from './stored.ts'

/** What an extension came to; `before` and `lock` are what the version carried, and what it carries now. */
export interface Extended {
  /** `kept`: it was locked as long, or longer, already. */
  readonly outcome: 'extended' | 'kept'
  readonly before: Lock | undefined
  readonly lock: Lock
}

/**
 * How long a version is kept, and whether it is held. Nothing in here can delete or shorten; whoever only serves
 * recordings is wired without it.
 */
export interface Custody {
  /**
   * Locks a version until then, at least: a longer or stronger lock is left alone, and of each the stronger is kept. The
   * lock is read back.
   * @throws StoreError if the version is not there; ConfigurationError if the bucket does not keep the lock
   */
  extendRetention(
    key: string,
    versionId: string | undefined,
    wanted: Lock,
    signal: AbortSignal,
  ): Promise<Extended>
  /**
   * Places a legal hold on a version, or releases it, and reads it back.
   * @throws StoreError if the version is not there; StoreError or ConfigurationError if the bucket does not show it so
   * afterwards
   */
  setLegalHold(key: string, versionId: string | undefined, on: boolean, signal: AbortSignal): Promise<void>
  /** Whether a version is held now; undefined where it is not there. */
  readLegalHold(key: string, versionId: string | undefined, signal: AbortSignal): Promise<boolean | undefined>
}

/** How S3 says that a version never had a legal hold, and how Ceph's gateway does. */
const NEVER_HELD: ReadonlySet<string> = new Set([
  'NoSuchObjectLockConfiguration',
  'ObjectLockConfigurationNotFoundError',
])

/** Not any 404: what is taken for gone counts as released. */
const GONE: ReadonlySet<string> = new Set(['NoSuchVersion', 'NoSuchKey'])

export function createCustody(place: Place): Custody {
  const target = (key: string, versionId: string | undefined) => ({
    Bucket: place.bucket,
    Key: key,
    ...(versionId !== undefined && { VersionId: versionId }),
  })
  const readLegalHold: Custody['readLegalHold'] = async (key, versionId, signal) => {
    try {
      const { LegalHold } = await place.client.send(new GetObjectLegalHoldCommand(target(key, versionId)), {
        abortSignal: signal,
      })
      return LegalHold?.Status === 'ON'
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Error && NEVER_HELD.has(error.name)) return false
      if (error instanceof Error && GONE.has(error.name)) return undefined
      throw storeFailure('read the legal hold of', key, error)
    }
  }
  return {
    async extendRetention(key, versionId, wanted, signal) {
      try {
        const stored = await headObject(place, key, versionId, signal)
        if (stored === undefined) throw new StoreError(`${key} is not there`)
        const lock = await ensureLock(place, key, { ...stored, versionId }, wanted, signal)
        if (lock === undefined) throw new StoreError(`${key} shows no lock`)
        return { outcome: isAsStrong(stored.lock, wanted) ? 'kept' : 'extended', before: stored.lock, lock }
      } catch (error) {
        signal.throwIfAborted()
        throw storeFailure('extend the retention of', key, error)
      }
    },
    async setLegalHold(key, versionId, on, signal) {
      const command = new PutObjectLegalHoldCommand({
        ...target(key, versionId),
        LegalHold: { Status: on ? 'ON' : 'OFF' },
      })
      try {
        await place.client.send(command, { abortSignal: signal })
      } catch (error) {
        signal.throwIfAborted()
        throw storeFailure(on ? 'place a legal hold on' : 'release the legal hold of', key, error)
      }
      if (((await readLegalHold(key, versionId, signal)) ?? false) !== on)
        throw new ConfigurationError([
          `the bucket accepted that the legal hold of ${key} is ${on ? 'placed' : 'released'}, but does not show it: enable Object Lock on the bucket`,
        ])
    },
    readLegalHold,
  }
}
