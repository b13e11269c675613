import { createHash } from 'node:crypto'
import { GetObjectCommand, S3ServiceException } from '@aws-sdk/client-s3'
import type { Lock } from '../archive/retention.ts'
import type { Clock } from '../deadline.ts'
import { DeletedError, StoreError } from '../errors.ts'
import { isAlreadyThere, isMissing, storeFailure } from './failure.ts'
import { ensureLock, headObject, type Place } from './stored.ts'
import { putWhole } from './whole.ts'

/** Documents that are written once and never changed. */
export interface Texts {
  /**
   * The text under a key, of the current version if none is named; undefined when it is not there.
   * @throws DeletedError where a delete marker lies on it
   */
  read(key: string, signal: AbortSignal, versionId?: string): Promise<string | undefined>
  /** Stores a document under a free key. Resolves to false if the key is taken: it stays as it is. */
  writeOnce(
    key: string,
    text: string,
    contentType: string,
    lock: Lock | undefined,
    signal: AbortSignal,
  ): Promise<boolean>
}

/** @throws StoreError or ConfigurationError from each, if the bucket fails */
export function createTexts(place: Place, clock: Clock): Texts {
  const { client, direct, bucket } = place
  return {
    async read(key, signal, versionId) {
      try {
        const query = versionId === undefined ? {} : { versionId }
        const answer = await direct.send({ method: 'GET', key, query }, signal)
        if (answer?.status === 200) return answer.body.toString('utf8')
        if (answer?.headers['x-amz-delete-marker'] === 'true') throw new DeletedError(key)
        if (answer !== undefined && /<Code>NoSuchKey</.test(answer.body.toString('latin1'))) return undefined
        const command = new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId })
        const { Body } = await client.send(command, { abortSignal: signal })
        return (await Body?.transformToString('utf8')) ?? ''
      } catch (error) {
        signal.throwIfAborted()
        if (isUnderMarker(error)) throw new DeletedError(key)
        if (isMissing(error)) return undefined
        throw storeFailure('read', key, error)
      }
    },
    async writeOnce(key, text, contentType, lock, signal) {
      const body = Buffer.from(text)
      const sha256 = createHash('sha256').update(body).digest('hex')
      try {
        const versionId = await putWhole(place, { key, body, sha256, contentType, lock }, clock, signal)
        if (lock !== undefined) {
          const stored = await headObject(place, key, versionId, signal)
          if (stored === undefined) throw new StoreError(`${key} is not there although S3 accepted it`)
          await ensureLock(place, key, stored, lock, signal)
        }
        return true
      } catch (error) {
        signal.throwIfAborted()
        if (isAlreadyThere(error)) return false
        throw storeFailure('write', key, error)
      }
    },
  }
}

/** Whether a missing object is missing because a delete marker lies on it. Source: S3 User Guide, "Working with delete markers". */
function isUnderMarker(error: unknown): boolean {
  return error instanceof S3ServiceException && error.$response?.headers['x-amz-delete-marker'] === 'true'
}
